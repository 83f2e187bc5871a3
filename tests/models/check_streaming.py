"""The head of VWW row by row: the same bytes as layer by layer, for little more work and far less memory.

usage: check_streaming.py THIMBLE TARGET
"""
import json
import os
import subprocess
import sys

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vww_int8", "model.onnx")
REGION = "0:8"  # the first convolution to the fourth block's pointwise convolution
IMAGE = 96 * 96 * 3
RESULT = {True: 12 * 64 * 13 + 4, False: 12 * 12 * 64}  # bytes of the region's result: planes with borders, or NHWC


def verify(thimble, target, *more):
    run = subprocess.run([thimble, "verify", MODEL, "--target", target, "--json", *more], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"verify {' '.join(more)} on {target}: {run.stdout}{run.stderr}")
    return json.loads(run.stdout)


def main():
    """A row at a time, the default, takes least memory and hardly more instructions than whole layers; two at a time buy some of them back."""
    thimble, target = sys.argv[1:]
    whole, one = verify(thimble, target), verify(thimble, target, "--stream", REGION)
    two = verify(thimble, target, "--stream", REGION, "--band-rows", "2")
    between = one["ram"]["arena"] - IMAGE - RESULT[target == "cortex-m4"]
    print(f"{target}: arena {whole['ram']['arena']} whole, {one['ram']['arena']} by one row, {two['ram']['arena']} by two; by one row {between} between image and result; "
          f"instructions {whole['instructions']} whole, {one['instructions']} by one row, {two['instructions']} by two")
    good = between < 10 * 1024 and one["ram"]["arena"] < two["ram"]["arena"] < whole["ram"]["arena"]
    good = good and whole["outputs_sha256"] == one["outputs_sha256"] == two["outputs_sha256"]
    if whole["instructions"]:
        good = good and two["instructions"] < one["instructions"] <= 1.02 * whole["instructions"]
    sys.exit(0 if good else 1)


main()
