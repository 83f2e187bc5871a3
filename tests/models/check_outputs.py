"""Runs models through `thimble verify` on one target, on the data sets beside them.

usage: check_outputs.py THIMBLE TARGET MODEL...      (folders beside this file)
The outputs of integer models must be the host's to the byte, and ONNX Runtime's but for what KNOWN names; floats stay within verify's tolerance.
"""
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


def main():
    thimble, target, models = sys.argv[1], sys.argv[2], sys.argv[3:]
    failed = False
    for name in models:
        figures = verify(thimble, target, name)
        different = figures["outputs_total"] - figures["outputs_equal"]
        if name.endswith("_int8"):
            good = different == KNOWN.get(name, 0) and figures["outputs_sha256"] == verify(thimble, "host", name)["outputs_sha256"]
        else:
            good = figures["passed"] and different == 0
        failed |= not good
        flash, ram = figures["flash"], figures["ram"]
        print(f"{name} on {target}: {'good' if good else 'BAD'}, {different} of {figures['outputs_total']} outputs of {figures['data_sets']} data sets differ, by at most "
              f"{figures['max_abs_error']:g}; {figures['instructions']} instructions, flash {flash['code']} + {flash['weights']}, RAM {ram['arena']} + {ram['stack']}")
    sys.exit(1 if failed else 0)


main()
