"""Constant-channel elimination on VWW: what it saves, and that every channel that remains equals ONNX Runtime's.

usage: check_channels.py THIMBLE
Thimble's tensors of the layers, made one from the other with portable kernels, must be a choice of ONNX Runtime's channels, in order.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np
import onnx

import oracle

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vww_int8")
MODEL = os.path.join(FOLDER, "model.onnx")


def command(*arguments):
    run = subprocess.run(arguments, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(arguments)}\n{run.stdout}{run.stderr}")
    return run.stdout


def layer_outputs(path):
    """The records of layers.bin: int32 layer, int32 bytes, the bytes."""
    data, at, outputs = open(path, "rb").read(), 0, []
    while at < len(data):
        _, size = struct.unpack_from("<ii", data, at)
        outputs.append(np.frombuffer(data, np.int8, size, at + 8))
        at += 8 + size
    return outputs


def is_choice_of(ours, theirs):
    """Whether the columns of `ours` are columns of `theirs`, in order."""
    at = 0
    for column in ours.T:
        while at < theirs.shape[1] and not np.array_equal(column, theirs[:, at]):
            at += 1
        if at == theirs.shape[1]:
            return False
        at += 1
    return True


def main():
    thimble = sys.argv[1]
    model = onnx.load(MODEL)
    names = [n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear"]
    failed, values = False, 0
    with tempfile.TemporaryDirectory() as folder:
        notes = json.loads(command(thimble, "compile", MODEL, "-o", os.path.join(folder, "bundle"), "--json"))["notes"]
        macs, weights = map(int, re.search(r"MACs \d+ to (\d+), weights \d+ to (\d+) bytes", "\n".join(notes)).groups())
        failed |= macs > 3750000 or weights > 30 * 1024
        for data_set in ("test_data_set_0", "test_data_set_1"):
            data, reference, kept = os.path.join(FOLDER, data_set), os.path.join(folder, "r" + data_set), os.path.join(folder, data_set)
            oracle.write_tensors(MODEL, oracle.read_inputs(model, data), reference)
            command(thimble, "verify", MODEL, "--portable", "--data", data, "--layers", "--keep", kept)
            outputs = layer_outputs(os.path.join(kept, "layers", "layers.bin"))
            failed |= len(outputs) != len(names)
            for ours, name in zip(outputs, names):
                theirs = np.load(os.path.join(reference, oracle.file_name(name)))
                pixels = theirs.shape[2] * theirs.shape[3] if theirs.ndim == 4 else 1
                theirs = theirs.reshape(-1, pixels).T
                values += ours.size
                if not is_choice_of(ours.reshape(pixels, -1), theirs):
                    failed = True
                    print(f"{data_set}: the channels of {name} are not ONNX Runtime's")
    print(f"{macs} MACs, {weights} bytes of weights; {values} values of {len(names)} tensors are ONNX Runtime's")
    sys.exit(1 if failed else 0)


main()
