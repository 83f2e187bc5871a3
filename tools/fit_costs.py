#!/usr/bin/env python3
"""Measures the kernels and writes compiler/cost_table.inc, what `thimble` estimates a layer's cost from.

usage: fit_costs.py THIMBLE [--jobs N] [--keep FILE] [--measured FILE]
Run by hand, with Python and numpy, when kernels have changed: builds and runs the models of tests/models for one core of each family, with every
layer's alternatives, shared and specialised, then fits the instructions of each kernel to counts of its layers, and the bytes of its body to the
code of whole models. Build thimble again afterwards: the table is compiled into it. --keep stores the measurements, --measured fits stored ones.
"""
import argparse
import concurrent.futures
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = os.path.join(ROOT, "tests", "models")
INTEGER = ["kws_int8", "vww_int8", "ic_int8", "ad_int8", "sww_int8", "mnist_resnet_int8"]
FLOAT = ["kws_float", "ad_float", "mnist_float", "hand_keypoints_float", "ic_float"]
SLOW_FLOAT = {"ic_float"}  # left out where floats are computed by a library
TYPICAL_BODY = 600  # bytes, where measurements do not tell
COUNTS = 7  # Counts of compiler/cost.hpp: MACs, gathered, reads, results, pixels, rows, calls
PREFERRED = [0, 3, 2, 1, 4, 5, 6]  # counts that explain a kernel which too few layers were measured of


def families(thimble):
    """One target of each family that has a board."""
    chosen = {}
    for target in json.loads(subprocess.run([thimble, "targets", "--json"], check=True, capture_output=True, text=True).stdout):
        if target["qemu"]:
            chosen.setdefault(target["cost_family"], target)
    return chosen


def symbol_sizes(objects, compiler):
    """Bytes of the functions in a model's object by demangled name."""
    nm = compiler[: -len("g++")] + "nm"
    out = subprocess.run([nm, "-C", "--print-size", objects], capture_output=True, text=True).stdout
    sizes = {}
    for line in out.splitlines():
        m = re.match(r"\S+ (\S+) [tTwW] (.*)", line)
        if m:
            sizes[m.group(2)] = int(m.group(1), 16)
    return sizes


def measure(thimble, target, model, specialise, alternative):
    """What `verify` says of a model whose layers all have one form."""
    folder = tempfile.mkdtemp(prefix="thimble-fit-")
    try:
        path = os.path.join(MODELS, model)
        run = subprocess.run([thimble, "verify", os.path.join(path, "model.onnx"), "--target", target["name"], "--layers", "--json", "--specialise",
                              specialise, "--alternative", str(alternative), "--keep", os.path.join(folder, "work"), "--reference", folder,
                              "--data", os.path.join(path, "test_data_set_0"), "--timeout", "900"], capture_output=True, text=True)
        if run.returncode not in (0, 2):
            return {"error": f"{model} on {target['name']}: {run.stderr}"}
        figures = json.loads(run.stdout)
        figures["symbols"] = symbol_sizes(os.path.join(folder, "work", "model", "model.cpp.o"), target["compiler"])
        return figures
    finally:
        shutil.rmtree(folder)


def measure_all(thimble, jobs):
    """All forms of all models."""
    chosen = families(thimble)
    pending = []
    for family, target in chosen.items():
        for model in INTEGER + [f for f in FLOAT if target["features"]["fpu"] or f not in SLOW_FLOAT]:
            pending += [(family, target, model, form, 0) for form in ("none", "all")]
    results = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        while pending:
            print(f"measuring {len(pending)} builds", file=sys.stderr)
            figures = list(pool.map(lambda p: measure(thimble, *p[1:]), pending))
            following = []
            for p, f in zip(pending, figures):
                if "error" in f:
                    print(f["error"], file=sys.stderr)
                    continue
                f["family"], f["model"] = p[0], p[2]
                results.append(f)
                if p[4] + 1 < max(l["alternatives"] for l in f["layers"]):
                    following.append(p[:4] + (p[4] + 1,))
            pending = following
    return results


def fit_instructions(counts, measured):
    """Coefficients >= 0 of the counts that explain what was measured with the least relative error, by trying every set of them."""
    counts, measured = np.array(counts, float), np.array(measured, float)
    best, best_error = np.zeros(COUNTS), np.inf
    scale = 1 / measured
    layers = len(np.unique(counts, axis=0))
    for size in range(1, min(COUNTS, layers) + 1):
        for chosen in itertools.combinations(PREFERRED, size):
            a = counts[:, chosen] * scale[:, None]
            if np.linalg.matrix_rank(a) < size:
                continue
            x = np.linalg.lstsq(a, np.ones(len(a)), rcond=None)[0]
            if (x < 0).any():
                continue
            error = float(np.sqrt(np.mean((a @ x - 1) ** 2))) + 0.002 * size
            if error < best_error - 1e-6:
                best = np.zeros(COUNTS)
                best[list(chosen)] = x
                best_error = error
    return best, best_error


def fit_bodies(results):
    """Bytes of the frame and of each kernel's body, from the code of whole models; what those leave open stays near the size of the kernel's own
    function."""
    names = sorted({(l["kernel"], l["specialised"]) for f in results for l in f["layers"]})
    column = {name: i + 1 for i, name in enumerate(names)}
    a, b = [], []
    prior = np.full(len(names) + 1, float(TYPICAL_BODY))
    for f in results:
        row = np.zeros(len(names) + 1)
        row[0] = 1
        for i, l in enumerate(f["layers"]):
            if l["body"] == i:
                row[column[(l["kernel"], l["specialised"])]] += 1
        a.append(row)
        b.append(f["flash"]["code"] - f["estimated"]["calls"])
        for symbol, size in f["symbols"].items():
            m = re.match(r"(?:\S+ )*thimble::(\w+)[<(]", symbol)
            if m and (m.group(1), False) in column and "shapes::" not in symbol:
                prior[column[(m.group(1), False)]] = size
    a, b = np.array(a), np.array(b, float)
    pull = 0.05  # of the prior, against one measurement
    normal, right = a.T @ a + pull * np.eye(len(prior)), a.T @ b + pull * prior
    x = prior.copy()
    for _ in range(3000):
        for i in range(len(x)):
            x[i] = max(0.0, x[i] + (right[i] - normal[i] @ x) / normal[i, i])
    error = np.abs(a @ x - b) / np.array([f["flash"]["code"] for f in results])
    return {("", False): x[0], **{n: x[column[n]] for n in names}}, error


def fit(results):
    rows = []
    for family in sorted({f["family"] for f in results}):
        own = [f for f in results if f["family"] == family]
        bodies, body_error = fit_bodies(own)
        samples = {}
        for f in own:
            for l in f["layers"]:
                if l["instructions"] > 0:
                    samples.setdefault((l["kernel"], l["specialised"]), []).append((l["counts"], l["instructions"]))
        rows.append((family, "", False, np.zeros(COUNTS), bodies[("", False)]))
        for name, layers in sorted(samples.items()):
            coefficients, error = fit_instructions([c for c, _ in layers], [n for _, n in layers])
            rows.append((family, *name, coefficients, bodies[name]))
            print(f"{family:8} {name[0]:28} {'specialised' if name[1] else 'shared':11} {len(layers):3} layers, within {100 * error:5.1f} %, "
                  f"{bodies[name]:5.0f} bytes")
        print(f"{family:8} code of {len(own)} builds within {100 * body_error.max():.1f} %, {100 * body_error.mean():.1f} % in the mean")
    return rows


def write_table(rows, path):
    lines = ["// Written by tools/fit_costs.py from measurements, not by hand. A row: family, kernel, specialised, instructions for each of Counts,",
             "// bytes of the body. The kernel without a name is the code around the layers."]
    for family, kernel, specialised, coefficients, body in rows:
        numbers = ", ".join(f"{c:.4g}" for c in coefficients)
        lines.append(f'{{"{family}", "{kernel}", {"true" if specialised else "false"}, {{{numbers}}}, {round(body)}}},')
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("thimble")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep")
    parser.add_argument("--measured")
    options = parser.parse_args()
    if options.measured:
        with open(options.measured, encoding="utf-8") as stored:
            results = json.load(stored)
    else:
        results = measure_all(options.thimble, options.jobs)
    if options.keep:
        with open(options.keep, "w", encoding="utf-8") as stored:
            json.dump(results, stored)
    write_table(fit(results), os.path.join(ROOT, "compiler", "cost_table.inc"))


main()
