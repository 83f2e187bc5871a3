"""ONNX's own node tests, which Thimble's authors did not write, through the interpreter and through generated code on the host.

usage: backend.py THIMBLE SOURCE_ROOT [NAME...]
Each model must be computed as ONNX says, or refused with exit code 1; which are computed is written down in backend_cases.txt. What a model reads at run time and Thimble
wants constant (shapes, axes, weights) is made an initializer.
"""
import concurrent.futures
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
from onnx import numpy_helper

import run

warnings.simplefilter("ignore")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402  (it warns as it is imported)

# Results that are random, left open by the definition, or rounded to bfloat16 at every step (Thimble computes in float32).
LEFT_OUT = ("test_bernoulli", "test_dropout", "test_training_dropout", "test_constantofshape_int_shape_zero",
            "test_celu_bfloat16")


def narrow(array):
    """Floats of other widths are float32 in Thimble."""
    return array if array.dtype.kind in "iub" else array.astype(np.float32)


class Prepared:
    """A node test on disk: inputs are called x0, x1 ...; `constant` says which become initializers."""

    def __init__(self, test, folder, constant):
        self.name, self.folder = "case_" + test.name, os.path.join(folder, test.name)
        os.makedirs(os.path.join(self.folder, "data"), exist_ok=True)
        inputs, outputs = test.data_sets[0]
        model = onnx.ModelProto()
        model.CopyFrom(test.model)
        graph = model.graph
        new_names = {value.name: f"x{i}" for i, value in enumerate(graph.input)}
        for node in graph.node:
            for i, name in enumerate(node.input):
                node.input[i] = new_names.get(name, name)
        self.inputs = {}
        for i, (value, data) in enumerate(zip(graph.input, inputs)):
            value.name = new_names[value.name]
            if constant(i, data):
                graph.initializer.append(numpy_helper.from_array(data, value.name))
            else:
                onnx.save_tensor(numpy_helper.from_array(narrow(data), value.name), os.path.join(self.folder, "data", f"input_{len(self.inputs)}.pb"))
                self.inputs[value.name] = narrow(data)
        self.path = os.path.join(self.folder, "model.onnx")
        self.outputs = [narrow(o) for o in outputs]
        self.expected = self.outputs[0]
        onnx.save(model, self.path)


def attempts(test):
    """The forms in which a test may be computed, the one nearest to the original first."""
    yield lambda i, data: i > 0 and data.dtype.kind in "iub" and data.dtype.itemsize > 1
    yield lambda i, data: i > 0


def prepare(thimble, test, folder):
    """The test in the first form that compiles, or None when all are refused."""
    for constant in attempts(test):
        prepared = Prepared(test, folder, constant)
        bundle = os.path.join(prepared.folder, "bundle")
        made = subprocess.run([thimble, "compile", prepared.path, "--name", prepared.name, "-o", bundle], capture_output=True, text=True)
        if made.returncode == 0:
            return prepared
        if made.returncode != 1 or not made.stderr.strip():
            sys.exit(f"{test.name}: exit code {made.returncode}\n{made.stderr}")
    return None


def agrees(made, expected):
    if made.shape != expected.shape or made.dtype != expected.dtype:
        return False
    if expected.dtype.kind in "iub":
        return bool(np.array_equal(made, expected))
    limit = 1e-3 * np.abs(expected) + 1e-5 * np.abs(expected).max(initial=0)
    with np.errstate(invalid="ignore"):
        return bool(np.all((np.abs(made - expected) <= limit) | (made == expected) | (np.isnan(made) & np.isnan(expected))))


def interpreted(thimble, prepared):
    out = os.path.join(prepared.folder, "out")
    run.command([thimble, "run", prepared.path, "--interpreter", "--data", os.path.join(prepared.folder, "data"), "--out", out])
    made = [numpy_helper.to_array(onnx.load_tensor(os.path.join(out, f"output_{i}.pb"))) for i in range(len(prepared.outputs))]
    return all(agrees(m, e) for m, e in zip(made, prepared.outputs))


def main():
    thimble, root, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    tests = [t for t in collect_testcases(None) if not t.name.startswith(LEFT_OUT) and (not wanted or t.name in wanted)]
    tests = [t for t in tests if all(isinstance(x, np.ndarray) and x.dtype.kind != "O" for side in t.data_sets[0] for x in side)]
    with tempfile.TemporaryDirectory() as folder:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            prepared = [p for p in pool.map(lambda t: prepare(thimble, t, folder), tests) if p]
            wrong = [p.name for p, right in zip(prepared, pool.map(lambda p: interpreted(thimble, p), prepared)) if not right]
        single = [p for p in prepared if len(p.outputs) == 1]
        results = run.generated(thimble, root, "host", single, folder, ["-O0"])
        wrong += [p.name + " (generated code)" for p, made in zip(single, results) if not agrees(made, p.expected)]
    for name in wrong:
        print(f"{name}: not what ONNX says")
    listed = set(open(os.path.join(os.path.dirname(__file__), "backend_cases.txt")).read().split())
    computed = {p.name.removeprefix("case_") for p in prepared}
    for name in sorted((listed if not wanted else listed & set(wanted)) - computed):
        wrong.append(name)
        print(f"{name}: refused, although backend_cases.txt lists it")
    for name in sorted(computed - listed):
        wrong.append(name)
        print(f"{name}: computed, but backend_cases.txt does not list it")
    print(f"{len(tests)} of ONNX's node tests: {len(prepared)} computed ({len(single)} by generated code too), {len(tests) - len(prepared)} refused, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


main()
