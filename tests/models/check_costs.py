"""Estimated instructions against counted ones: whole models, and the layers that matter, on every board.

usage: check_costs.py THIMBLE MODEL...      (folders beside this file)
When kernels have changed, tools/fit_costs.py measures them anew.
"""
import json
import os
import subprocess
import sys

ALLOWED = 0.15  # of what is measured
MATTERS = 0.05  # a layer with this share of its model's instructions
OPTIONS = [[], ["--optimize", "size"]]


def main():
    thimble, models = sys.argv[1], sys.argv[2:]
    paths = [os.path.join(os.path.dirname(os.path.abspath(__file__)), m, "model.onnx") for m in models]
    failed = measured = 0
    for options in OPTIONS:
        run = subprocess.run([thimble, "bench", *paths, "--layers", "--json", "--jobs", "2", *options], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(run.stderr)
        for row in json.loads(run.stdout):
            if "layers" not in row:
                continue
            where = f"{row['model']} on {row['target']}{' ' if options else ''}{' '.join(options)}"
            parts = [(where, row["instructions"], row["estimated"]["instructions"])]
            parts += [(f"{where}, {l['kernel']}{' specialised' if l['specialised'] else ''} of {l['layer'].split(';')[0]}", l["instructions"], l["estimated"])
                      for l in row["layers"] if l["instructions"] > MATTERS * row["instructions"]]
            for name, counted, estimated in parts:
                measured += 1
                if abs(estimated - counted) > ALLOWED * counted:
                    failed += 1
                    print(f"{name}: {counted} instructions, {estimated} estimated: {100 * (estimated / counted - 1):+.0f} %")
            code = row["flash"]["code"]
            print(f"{where}: instructions {100 * (row['estimated']['instructions'] / row['instructions'] - 1):+.1f} %, "
                  f"code {100 * (row['estimated']['code'] / code - 1):+.1f} % of {code} bytes")
    print(f"{failed} of {measured} estimates are further from what was counted than {100 * ALLOWED:.0f} %")
    sys.exit(1 if failed or not measured else 0)


main()
