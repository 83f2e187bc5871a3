#!/usr/bin/env python3
"""Measures the kernels and writes compiler/cost_table.inc, what `thimble` estimates a layer's cost from.

usage: fit_costs.py THIMBLE [--jobs N] [--keep FILE] [--measured FILE]
Run by hand, with Python and numpy, when kernels have changed: builds and runs the models of tests/models for one core of each family, with every
layer's alternatives, shared and specialised, then fits the instructions of each kernel to counts of its layers, and the bytes of its body to the
code of whole models. Build thimble again afterwards: the table is compiled into it. --keep stores the measurements, --measured fits stored ones.
Rows of kernels that none of the models has stay as they are: they were measured by hand, on models made for it.
"""
import argparse
import concurrent.futures
import glob
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
CALL = 40  # bytes, as compiler/cost.cpp has them for a call
TYPICAL_BODY = 600  # bytes, where measurements do not tell
COUNTS = 10  # Counts of compiler/cost.hpp: MACs, gathered, reads, results, pixels, lines, edges, rows, calls, weights
PREFERRED = [0, 3, 2, 1, 4, 5, 7, 8, 6, 9]  # counts that explain a kernel which too few layers were measured of
MOST_COUNTS = 5  # of one kernel
MATTERS = 0.05  # share of its model's instructions from which a layer's estimate has to be near


def families(thimble):
    """One target of each family that has a board."""
    chosen = {}
    for target in json.loads(subprocess.run([thimble, "targets", "--json"], check=True, capture_output=True, text=True).stdout):
        if target["qemu"]:
            chosen.setdefault(target["cost_family"], target)
    return chosen


def sections_of(path, compiler):
    """Bytes of the sections of an object that end up in flash, and which other sections each refers to. A function is a section of its own."""
    objdump = compiler[: -len("g++")] + "objdump"
    sizes, refers, current = {}, {}, None
    for line in subprocess.run([objdump, "-h", "-w", path], capture_output=True, text=True).stdout.splitlines():
        m = re.match(r"\s*\d+ (\.(?:text|rodata)\S*)\s+([0-9a-f]+)", line)
        if m:
            sizes[m.group(1)] = sizes.get(m.group(1), 0) + int(m.group(2), 16)
    by_symbol = {name.split(".", 2)[2]: name for name in sizes if name.count(".") >= 2}
    for line in subprocess.run([objdump, "-r", "-w", path], capture_output=True, text=True).stdout.splitlines():
        head = re.match(r"RELOCATION RECORDS FOR \[(.*)\]:", line)
        if head:
            current = head.group(1)
            continue
        m = re.match(r"[0-9a-f]+ \S+\s+([^\s+-]+)", line)
        if m and current:
            name = m.group(1)
            refers.setdefault(current, set()).add(name if name in sizes else by_symbol.get(name))
    return sizes, refers


def reached(root, refers):
    found, open_ones = set(), [root]
    while open_ones:
        section = open_ones.pop()
        if section and section not in found:
            found.add(section)
            open_ones += refers.get(section, ())
    return found


def bodies_in(work, compiler):
    """Bytes of each kernel as it lies in a model's object: with all it calls where it is shared, of the copies' mean where it is specialised. Copies
    that the compiler put into the run's own function have equal shares of it."""
    sizes, refers = sections_of(os.path.join(work, "model.cpp.o"), compiler)
    with open(os.path.join(work, "bundle", "model.cpp"), encoding="utf-8") as text:
        source = text.read()
    shapes = dict(re.findall(r"constexpr thimble::\w+<shapes::(?!Common)(\w+)> (\w+) =", source))  # one layer of each
    kernels = {layer: kernel for kernel, layer in re.findall(r"thimble::(\w+)\(\s*layers::(\w+)", source)}
    run = next((size for name, size in sizes.items() if "9Inference3runEv" in name), 0)
    mangled = {k: f"_ZN7thimble{len(k)}{k}" for k in kernels.values()}
    specialised = {}
    inlined = []
    for shape, layer in shapes.items():
        kernel = kernels[layer]
        own = [s for s in sizes if f"6shapes{len(shape)}{shape}E" in s and s.startswith(".text")]
        specialised.setdefault(kernel, []).append(sum(sizes[s] for s in own))
        if not any(f".text.{mangled[kernel]}IN" in s for s in own):
            inlined.append(kernel)
    for kernel in inlined:
        specialised[kernel][0] += max(0, run - CALL * len(kernels)) / len(inlined)
    bodies = [[kernel, True, float(np.mean(copies))] for kernel, copies in specialised.items()]
    for kernel in set(kernels.values()):
        roots = [s for s in sizes if f".text.{mangled[kernel]}" in s and ("6shapes" not in s or re.search(r"6shapes\d+Common", s))]
        if roots:
            code = set().union(*(reached(r, refers) for r in roots))
            bodies.append([kernel, False, float(sum(sizes[s] for s in code if s in sizes and "6tables" not in s))])
    return bodies


def measure(thimble, target, model, specialise, alternative):
    """What `verify` says of a model whose layers all have one form, or, without an alternative, those that are chosen; and the bytes of its kernels."""
    form = ["--specialise", specialise] + ([] if alternative is None else ["--alternative", str(alternative)])
    folder = tempfile.mkdtemp(prefix="thimble-fit-")
    try:
        path = os.path.join(MODELS, model)
        run = subprocess.run([thimble, "verify", os.path.join(path, "model.onnx"), "--target", target["name"], "--layers", "--json", *form,
                              "--keep", os.path.join(folder, "work"), "--reference", folder, "--data", os.path.join(path, "test_data_set_0"),
                              "--timeout", "900"], capture_output=True, text=True)
        if run.returncode not in (0, 2):
            return {"error": f"{model} on {target['name']}: {run.stderr}"}
        figures = json.loads(run.stdout)
        if figures["instructions"] is None or any(l["instructions"] < 0 for l in figures["layers"]):
            return {"error": f"{model} on {target['name']}: instructions were not counted"}
        figures["bodies"] = bodies_in(os.path.join(folder, "work", "model"), target["compiler"])
        return figures
    finally:
        shutil.rmtree(folder)


def measure_all(thimble, jobs):
    """All forms of all models. What is chosen mixes forms, which share code: so it is measured too."""
    chosen = families(thimble)
    pending = []
    for family, target in chosen.items():
        for model in INTEGER + [f for f in FLOAT if target["features"]["fpu"] or f not in SLOW_FLOAT]:
            pending += [(family, target, model, form, alternative) for form, alternative in (("none", 0), ("all", 0), ("chosen", None))]
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
                if p[4] is not None and p[4] + 1 < max(l["alternatives"] for l in f["layers"]):
                    following.append(p[:4] + (p[4] + 1,))
            pending = following
    return results


def fit_instructions(counts, measured, matters):
    """Coefficients >= 0 of the counts that explain what was measured, by trying every set of them. The worst relative error counts most."""
    counts, measured = np.array(counts, float), np.array(measured, float)
    importance = np.where(matters, 1.0, 0.3)
    relative = counts / measured[:, None]
    best, best_error = np.zeros(COUNTS), np.inf
    layers = len(np.unique(counts, axis=0))
    for size in range(1, min(MOST_COUNTS, layers) + 1):
        for chosen in itertools.combinations(PREFERRED, size):
            a = relative[:, chosen]
            weight = importance.copy()
            for _ in range(4):  # towards the fourth power of the errors
                x = np.linalg.lstsq(a * weight[:, None], weight, rcond=None)[0]
                errors = importance * np.abs(a @ x - 1)
                weight = importance * (0.1 * errors.max() + errors)
                if errors.max() < 1e-9:
                    break
            if (x < 0).any() or np.linalg.matrix_rank(a) < size:
                continue
            error = float(errors.max() + np.sqrt(np.mean(errors**2))) + 0.004 * size
            if error < best_error - 1e-6:
                best = np.zeros(COUNTS)
                best[list(chosen)] = x
                best_error = error
    return best, np.abs(relative @ best - 1)[matters if matters.any() else slice(None)].max()


def fit_bodies(results):
    """Bytes of the frame, of the library for floats, and of each kernel's body, from the code of whole models. What those leave open stays near what
    the kernel was seen to take by itself."""
    names = [("", False), ("float library", False)] + sorted({(l["kernel"], l["specialised"]) for f in results for l in f["layers"]})
    column = {name: i for i, name in enumerate(names)}
    seen = {}
    for f in results:
        for kernel, specialised, size in f["bodies"]:
            seen.setdefault((kernel, specialised), []).append(size)
    prior = np.array([float(np.mean(seen.get(n, [TYPICAL_BODY]))) for n in names])
    a, b = [], []
    for f in results:
        row = np.zeros(len(names))
        row[0] = 1
        row[1] = f["estimated"]["float_library"]
        for i, l in enumerate(f["layers"]):
            if l["body"] == i:
                row[column[(l["kernel"], l["specialised"])]] += 1
        a.append(row)
        b.append(f["flash"]["code"] - f["estimated"]["calls"])
    a, b = np.array(a), np.array(b, float)
    code = np.array([f["flash"]["code"] for f in results], float)
    weight = (1000 / code)[:, None]  # what counts is the relative error
    pull = np.full(len(prior), 0.02)
    pull[:2] = 0.001  # nothing is known of these
    normal = (a * weight).T @ (a * weight) + np.diag(pull)
    right = (a * weight).T @ (b * weight[:, 0]) + pull * prior
    x = prior.copy()
    for _ in range(3000):
        for i in range(len(x)):
            x[i] = max(0.0, x[i] + (right[i] - normal[i] @ x) / normal[i, i])
    return dict(zip(names, x)), np.abs(a @ x - b) / code


def fit(results):
    rows = []
    for family in sorted({f["family"] for f in results}):
        own = [f for f in results if f["family"] == family]
        bodies, body_error = fit_bodies(own)
        samples = {}
        for f in own:
            for l in f["layers"]:
                if l["instructions"] > 0:
                    matters = l["instructions"] > MATTERS * f["instructions"]
                    samples.setdefault((l["kernel"], l["specialised"]), []).append((l["counts"], l["instructions"], matters))
        rows += [(family, name, False, np.zeros(COUNTS), bodies[(name, False)]) for name in ("", "float library")]
        for name, layers in sorted(samples.items()):
            coefficients, error = fit_instructions([l[0] for l in layers], [l[1] for l in layers], np.array([l[2] for l in layers]))
            rows.append((family, *name, coefficients, bodies[name]))
            print(f"{family:8} {name[0]:28} {'specialised' if name[1] else 'shared':11} {len(layers):3} layers, within {100 * error:5.1f} %, "
                  f"{bodies[name]:5.0f} bytes")
        for f, e in zip(own, body_error):
            if e > 0.1:
                print(f"{family:8} {f['model']}, {'specialised' if any(l['specialised'] for l in f['layers']) else 'shared'}: code off by {100 * e:.0f} %")
        print(f"{family:8} code of {len(own)} builds within {100 * body_error.max():.1f} %, {100 * body_error.mean():.1f} % in the mean")
    return rows


def kept_rows(path, rows):
    """The table's rows of kernels that were not measured and still exist."""
    fitted = {(family, kernel) for family, kernel, *_ in rows}
    kernels = set()
    for header in glob.glob(os.path.join(ROOT, "runtime", "thimble", "**", "*.hpp"), recursive=True):
        with open(header, encoding="utf-8") as text:
            kernels |= set(re.findall(r"\bvoid (\w+)\(", text.read()))
    kept = []
    with open(path, encoding="utf-8") as table:
        for family, kernel, specialised, numbers, body in re.findall(r'^{"(\w+)", "(\w+)", (\w+), {(.*)}, (\d+)},$', table.read(), re.MULTILINE):
            if (family, kernel) not in fitted and kernel in kernels:
                kept.append((family, kernel, specialised == "true", [float(n) for n in numbers.split(", ")], int(body)))
    return kept


def write_table(rows, path):
    lines = ["// Written by tools/fit_costs.py from measurements, not by hand, but for kernels that its models do not have. A row: family, kernel,",
             "// specialised, instructions for each of Counts, bytes of the body. The kernel without a name is the code around the layers; the float",
             "// library is there where a core has no FPU."]
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
    path = os.path.join(ROOT, "compiler", "cost_table.inc")
    rows = fit(results)
    write_table(sorted(rows + kept_rows(path, rows), key=lambda row: row[0]), path)


main()
