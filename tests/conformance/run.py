"""Runs the table of cases in one executor and compares with ONNX Runtime.

usage: run.py THIMBLE SOURCE_ROOT EXECUTOR [CASE...]
EXECUTOR: interpreter, host (generated code under AddressSanitizer and UndefinedBehaviorSanitizer), or a target (in QEMU).
Floats may differ by 1e-3 relative and 1e-5 of the output's scale, int8 by one step in one value of 100,000 of all cases together.
"""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

import build
import cases

SANITIZERS = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]


def command(arguments, **more):
    run = subprocess.run(arguments, capture_output=True, text=True, **more)
    if run.returncode:
        sys.exit(f"{' '.join(arguments)}\n{run.stdout[-3000:]}{run.stderr[-3000:]}")
    return run.stdout


class Prepared:
    """A case with its model on disk, its inputs, and ONNX Runtime's output."""

    def __init__(self, case, folder):
        builder = build.Builder(case)
        model = builder.build()
        self.case, self.name, self.folder = case, "case_" + case.name, os.path.join(folder, case.name)
        self.inputs = builder.data()
        os.makedirs(os.path.join(self.folder, "data"))
        self.path = os.path.join(self.folder, "model.onnx")
        onnx.save(model, self.path)
        for i, (name, value) in enumerate(self.inputs.items()):
            onnx.save_tensor(numpy_helper.from_array(value, name), os.path.join(self.folder, "data", f"input_{i}.pb"))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self.expected = session.run(None, self.inputs)[0]


def interpreted(thimble, prepared):
    results = []
    for p in prepared:
        command([thimble, "run", p.path, "--interpreter", "--data", os.path.join(p.folder, "data"), "--out", os.path.join(p.folder, "out")])
        results.append(numpy_helper.to_array(onnx.load_tensor(os.path.join(p.folder, "out", "output_0.pb"))))
    return results


def accessors(count):
    return ["input"] if count == 1 else [f"input_x{i}" for i in range(count)]


def unit_text(p):
    """One translation unit a case: the bundle's sources, and a function that feeds and reads the model."""
    lines = [f'#include "{p.name}.cpp"', f'#include "{p.name}_weights.cpp"', '#include "board.h"', f"static {p.name}::Model model;",
             f"void run_{p.name}(board_file in, board_file out) {{"]
    lines += [f"  board_read(in, model.{a}(), sizeof model.{a}());" for a in accessors(len(p.inputs))]
    lines += ["  model.run();", "  board_write(out, model.output(), sizeof model.output());", "}", ""]
    return "\n".join(lines)


def main_text(prepared):
    lines = ['#include "board.h"'] + [f"void run_{p.name}(board_file, board_file);" for p in prepared]
    lines += ["int main() {", '  const board_file in = board_open_read("inputs.bin"), out = board_open_write("outputs.bin");']
    return "\n".join(lines + [f"  run_{p.name}(in, out);" for p in prepared] + ["  board_close(out);", "  return 0;", "}", ""])


def generated(thimble, root, target, prepared, folder, more_flags=()):
    """Builds all cases into one program and runs it."""
    facts = next(t for t in json.loads(command([thimble, "targets", "--json"])) if t["name"] == target)
    boards = os.path.join(root, "targets", "boards")
    board = os.path.join(boards, facts["board"])
    flags = facts["flags"].split() + list(more_flags)
    cpp = [facts["compiler"], *flags, "-std=c++17", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror"]
    c = [facts["compiler"][:-2] + "cc", *flags]
    jobs, objects = [], []

    def compile_later(compiler, source, includes):
        objects.append(os.path.join(folder, f"{len(objects)}.o"))
        jobs.append([*compiler, *[f"-I{i}" for i in includes], "-c", source, "-o", objects[-1]])

    for p in prepared:
        bundle = os.path.join(p.folder, "bundle")
        command([thimble, "compile", p.path, "--target", target, "--name", p.name, "-o", bundle])
        unit = os.path.join(p.folder, "unit.cpp")
        open(unit, "w").write(unit_text(p))
        compile_later(cpp, unit, [bundle, boards])
    main_cpp = os.path.join(folder, "main.cpp")
    open(main_cpp, "w").write(main_text(prepared))
    compile_later(cpp, main_cpp, [boards])
    sources = [os.path.join(board, f) for f in sorted(os.listdir(board)) if f.endswith(".c")]
    for source in sources + ([] if target == "host" else [os.path.join(boards, "semihost_files.c")]):
        compile_later(c, source, [board, boards])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(command, jobs))
    program = os.path.join(folder, "program")
    link = [] if target == "host" else ["-nostartfiles", f"-L{board}", f"-L{boards}", f"-T{facts['linker_script']}", "-Wl,--gc-sections"]
    command([facts["compiler"], *flags, *objects, *link, *facts["libraries"].split(), "-o", program])
    with open(os.path.join(folder, "inputs.bin"), "wb") as f:
        for p in prepared:
            for value in p.inputs.values():
                f.write(value.tobytes())
    run = [program]
    if target != "host":
        run = facts["qemu"].split() + ["-display", "none", "-chardev", "stdio,id=semihost", "-monitor", "none", "-serial", "none", "-nic", "none",
                                       "-semihosting-config", "enable=on,target=native,chardev=semihost", "-kernel", program]
    command(run, cwd=folder, stdin=subprocess.DEVNULL, timeout=600)
    data, at, results = open(os.path.join(folder, "outputs.bin"), "rb").read(), 0, []
    for p in prepared:
        results.append(np.frombuffer(data, p.expected.dtype, p.expected.size, at).reshape(p.expected.shape))
        at += p.expected.nbytes
    assert at == len(data), f"outputs.bin has {len(data)} bytes, {at} were expected"
    return results


def main():
    thimble, root, executor, wanted = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    with tempfile.TemporaryDirectory() as folder:
        prepared = [Prepared(c, folder) for c in cases.CASES if not wanted or c.name in wanted]
        results = interpreted(thimble, prepared) if executor == "interpreter" else generated(thimble, root, executor, prepared, folder, SANITIZERS if executor == "host" else [])
    failed = integers = different = 0
    for p, made in zip(prepared, results):
        expected = p.expected
        if made.shape != expected.shape:
            failed += 1
            print(f"{p.name}: shape {made.shape}, ONNX Runtime has {expected.shape}")
        elif expected.dtype == np.float32:
            limit = 1e-3 * np.abs(expected) + 1e-5 * np.abs(expected).max(initial=0)
            if not np.all(np.abs(made - expected) <= limit):
                failed += 1
                print(f"{p.name}: off by {np.abs(made - expected).max():g}")
        else:
            steps = np.abs(made.astype(int) - expected.astype(int))
            integers += steps.size
            different += int((steps > 0).sum())
            if steps.max(initial=0) > (1 if expected.dtype == np.int8 else 0):
                failed += 1
            if steps.any():
                print(f"{p.name}: {int((steps > 0).sum())} of {steps.size} values differ, by at most {steps.max()}")
    print(f"{executor}: {len(prepared)} cases, {failed} failed; {different} of {integers} integers differ")
    sys.exit(1 if failed or different * 100000 > integers else 0)


if __name__ == "__main__":
    main()
