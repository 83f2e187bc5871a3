"""Runs models through `thimble verify` on one target, on the data sets beside them.

usage: check_outputs.py THIMBLE TARGET MODEL...      (folders beside this file)
The outputs of integer models must be equal to the byte; floats stay within verify's tolerance.
"""
import json
import os
import subprocess
import sys


def main():
    thimble, target, models = sys.argv[1], sys.argv[2], sys.argv[3:]
    failed = False
    for name in models:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name, "model.onnx")
        run = subprocess.run([thimble, "verify", path, "--target", target, "--timeout", "600", "--json"], capture_output=True, text=True)
        if run.returncode not in (0, 2):
            print(f"{name} on {target}: {run.stderr}")
            failed = True
            continue
        figures = json.loads(run.stdout)
        equal = figures["outputs_equal"] == figures["outputs_total"]
        failed |= not figures["passed"] or not equal
        flash, ram = figures["flash"], figures["ram"]
        print(f"{name} on {target}: {figures['outputs_equal']} of {figures['outputs_total']} outputs of {figures['data_sets']} data sets equal, largest difference "
              f"{figures['max_abs_error']:g}; {figures['instructions']} instructions, flash {flash['code']} + {flash['weights']}, RAM {ram['arena']} + {ram['stack']}")
    sys.exit(1 if failed else 0)


main()
