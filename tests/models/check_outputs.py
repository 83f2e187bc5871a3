"""Runs models through `thimble verify` on one target, on the data sets beside them.

usage: check_outputs.py THIMBLE TARGET [--hashes FILE] MODEL...      (folders beside this file)
The outputs of integer models must be the host's to the byte, and ONNX Runtime's but for what KNOWN names; floats stay within verify's tolerance.
A run on the host writes the hashes of its outputs to FILE; a run of integer models on another target compares its own with them.
"""
import argparse
import json
import os
import subprocess
import sys

# Output values that differ from ONNX Runtime's, over all data sets. One sum of ic_int8 lies so near a tie that ONNX Runtime's float32 product
# rounds it the other way, and the step that it makes grows to 6 of 256 in the softmax of one data set.
KNOWN = {"ic_int8": 3}


def verify(thimble, target, name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name, "model.onnx")
    run = subprocess.run([thimble, "verify", path, "--target", target, "--timeout", "600", "--json"], capture_output=True, text=True)
    if run.returncode not in (0, 2):
        sys.exit(f"{name} on {target}: {run.stderr}")
    return json.loads(run.stdout)


def read_hashes(path):
    try:
        with open(path) as file:
            return json.load(file)
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}. Run the same test on the host first.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("thimble")
    parser.add_argument("target")
    parser.add_argument("--hashes")
    parser.add_argument("models", nargs="+")
    arguments = parser.parse_args()
    thimble, target = arguments.thimble, arguments.target
    hashes = read_hashes(arguments.hashes) if arguments.hashes and target != "host" else {}
    failed = False
    for name in arguments.models:
        figures = verify(thimble, target, name)
        different = figures["outputs_total"] - figures["outputs_equal"]
        if name.endswith("_int8"):
            found = figures["outputs_sha256"]
            expected = hashes.setdefault(name, found) if target == "host" else hashes.get(name)
            good = different == KNOWN.get(name, 0) and found == expected
        else:
            good = figures["passed"] and different == 0
        failed |= not good
        flash, ram = figures["flash"], figures["ram"]
        print(f"{name} on {target}: {'good' if good else 'BAD'}, {different} of {figures['outputs_total']} outputs of {figures['data_sets']} data sets differ, by at most "
              f"{figures['max_abs_error']:g}; {figures['instructions']} instructions, flash {flash['code']} + {flash['weights']}, RAM {ram['arena']} + {ram['stack']}")
    if arguments.hashes and target == "host":
        with open(arguments.hashes, "w") as file:
            json.dump(hashes, file)
    sys.exit(1 if failed else 0)


main()
