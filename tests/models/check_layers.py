"""Compares every layer of the models with ONNX Runtime, each layer fed with ONNX Runtime's own tensors.

usage: check_layers.py THIMBLE TARGET MODEL...      (folders beside this file)
Of the quantized values of all the models together at most 1 in 100,000 may differ, each by one step; floats stay within verify's tolerance.
"""
import json
import os
import subprocess
import sys
import tempfile

import onnx

import oracle


def check(thimble, target, model_folder, data_set, folder):
    path = os.path.join(model_folder, "model.onnx")
    inputs = oracle.read_inputs(onnx.load(path), data_set)
    oracle.write_tensors(path, inputs, folder)
    command = [thimble, "verify", path, "--target", target, "--data", data_set, "--layers", "--reference", folder, "--json"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 2):
        sys.exit(f"{' '.join(command)}\n{run.stdout}{run.stderr}")
    return json.loads(run.stdout)


def main():
    thimble, target, models = sys.argv[1], sys.argv[2], sys.argv[3:]
    failed, all_compared, all_different = False, 0, 0
    for model in models:
        model_folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), model)
        compared = different = layers = 0
        largest = 0.0
        for name in sorted(os.listdir(model_folder)):
            if not name.startswith("test_data_set_"):
                continue
            with tempfile.TemporaryDirectory() as folder:
                figures = check(thimble, target, model_folder, os.path.join(model_folder, name), folder)
            for layer in figures["layers"]:
                layers += layer["compared"] > 0
                compared += layer["compared"]
                different += layer["compared"] - layer["equal"]
                largest = max(largest, layer["max_abs_error"] if layer["compared"] else 0)
        failed |= compared == 0 or (model.endswith("_int8") and largest > 1)
        all_compared, all_different = all_compared + compared, all_different + different
        print(f"{model} on {target}: {layers} layers, {compared} values, {different} differ, by at most {largest:g}")
    print(f"all on {target}: {all_different} of {all_compared} differ")
    sys.exit(1 if failed or all_different * 100000 > all_compared else 0)


main()
