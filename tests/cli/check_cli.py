"""The command line: exit codes, messages, JSON, files.

usage: check_cli.py THIMBLE
"""
import filecmp
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import numpy_helper

THIMBLE = os.path.abspath(sys.argv.pop(1))
MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models")
KWS = os.path.join(MODELS, "kws_int8", "model.onnx")
HAND = os.path.join(MODELS, "hand_keypoints_float", "model.onnx")


def thimble(*arguments, **more):
    return subprocess.run([THIMBLE, *arguments], capture_output=True, text=True, **more)


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def fails(self, status, message, *arguments):
        run = thimble(*arguments)
        self.assertEqual(run.returncode, status, run.stderr)
        self.assertIn(message, run.stderr)

    def test_faults_of_the_command_line_exit_with_1(self):
        self.fails(1, "'cortex-m9' is not a target", "compile", KWS, "--target", "cortex-m9")
        self.fails(1, "--dim: 'batch' is not of the form NAME=VALUE", "compile", KWS, "--dim", "batch")
        self.fails(1, "--dim: '-3' is not a positive number", "compile", KWS, "--dim", "batch=-3")
        self.fails(1, "no-such-file.onnx", "compile", "no-such-file.onnx")
        self.fails(1, "command line:", "compile")
        self.fails(1, "command line:", "nonsense")
        self.fails(1, "run works on this machine, not on cortex-m4", "run", KWS, "--target", "cortex-m4", "--data", ".")
        self.fails(1, "no data was given", "run", KWS)
        self.fails(1, "the model has no input 'other'", "run", KWS, "--input", "other=x.npy")
        self.fails(1, "no-such-pass", "compile", KWS, "--dump-after", "no-such-pass", "-o", self.path("b"))

    def test_help_and_version_exit_with_0(self):
        for command in ("compile", "inspect", "verify", "bench", "run", "targets", "ops"):
            run = thimble(command, "-h")
            self.assertEqual(run.returncode, 0)
            self.assertIn("thimble " + command, run.stdout)
        self.assertRegex(thimble("--version").stdout, r"^thimble \d+\.\d+\.\d+")

    def test_limits_exit_with_2_and_say_what_takes_the_space(self):
        arena = json.loads(thimble("compile", KWS, "--target", "cortex-m4", "--json", "-o", self.path("b")).stdout)["arena_bytes"]
        self.assertEqual(thimble("compile", KWS, "--target", "cortex-m4", "--ram", str(arena), "-o", self.path("b")).returncode, 0)
        bundle = self.path("none")
        run = thimble("compile", KWS, "--target", "cortex-m4", "--ram", str(arena - 1), "-o", bundle)
        self.assertEqual(run.returncode, 2)
        self.assertIn(f"the arena takes {arena} bytes, --ram allows {arena - 1}", run.stderr)
        self.assertIn("offset", run.stderr)
        self.assertFalse(os.path.exists(bundle))
        run = thimble("compile", KWS, "--target", "cortex-m4", "--flash", "1000", "-o", bundle)
        self.assertEqual(run.returncode, 2)
        self.assertIn("--flash allows 1000", run.stderr)

    def test_the_same_model_gives_the_same_bytes(self):
        shutil.copy(KWS, self.path("copy.onnx"))
        for folder, model, environment in (("a", KWS, {}), ("b", self.path("copy.onnx"), {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo"})):
            run = thimble("compile", model, "--target", "cortex-m4", "--name", "kws", "-o", self.path(folder), env={**os.environ, **environment})
            self.assertEqual(run.returncode, 0, run.stderr)
        names = [os.path.relpath(os.path.join(d, f), self.path("a")) for d, _, files in os.walk(self.path("a")) for f in files]
        self.assertEqual(filecmp.cmpfiles(self.path("a"), self.path("b"), names, shallow=False)[1:], ([], []))
        for name in names:
            text = open(self.path("a", name)).read()
            self.assertNotIn(self.folder, text)

    def test_the_self_test_passes_with_every_other_option_on(self):
        main = """#include "m_selftest.hpp"
            static int calls;
            extern "C" void m_after_layer(int32_t) { ++calls; }
            static m::Arena arena;
            int main() {
              m::Model model(arena);
              return m::self_test(model) && calls == sizeof m::layer_names / sizeof m::layer_names[0] ? 0 : 1;
            }"""
        for i, model in enumerate((KWS, HAND)):
            bundle = self.path(str(i))
            run = thimble("compile", model, "--name", "m", "-o", bundle, "--self-test", "--hook", "--arena", "external",
                          "--weights-section", ".weights", "--specialise", "all", "--keep-input")
            self.assertEqual(run.returncode, 0, run.stderr)
            with open(os.path.join(bundle, "main.cpp"), "w") as file:
                file.write(main)
            subprocess.run("g++ -std=c++17 -O1 -Wall -Wextra -Wpedantic -Werror -fsanitize=address,undefined -I. *.cpp -o program && ./program",
                           shell=True, check=True, cwd=bundle)

    def test_the_depfile_names_what_was_read(self):
        thimble("compile", KWS, "--name", "kws", "-o", self.path("b"), "--depfile", self.path("kws.d"))
        rule = open(self.path("kws.d")).read()
        self.assertTrue(rule.startswith(self.path("b") + "/kws.cpp:"))
        self.assertIn(KWS, rule)

    def test_a_bundle_that_cannot_be_written_is_an_error(self):
        open(self.path("file"), "w").close()
        self.fails(1, self.path("file"), "compile", KWS, "-o", self.path("file"))

    def test_json_has_the_promised_fields(self):
        inspected = json.loads(thimble("inspect", KWS, "--json").stdout)
        self.assertLessEqual({"nodes", "macs", "weight_bytes", "arena_bytes"}, inspected.keys())
        self.assertLessEqual({"name", "op", "macs", "weight_bytes", "supported"}, inspected["nodes"][0].keys())
        self.assertEqual(inspected["macs"], 2656768)
        verified = json.loads(thimble("verify", HAND, "--json").stdout)
        self.assertLessEqual({"model", "target", "counter", "data_sets", "outputs_total", "outputs_equal", "max_abs_error", "instructions", "flash", "ram"}, verified.keys())
        self.assertLessEqual({"arena", "state", "stack"}, verified["ram"].keys())
        self.assertGreaterEqual(len(json.loads(thimble("targets", "--json").stdout)), 5)
        self.assertGreaterEqual(len(json.loads(thimble("ops", "--json").stdout)), 35)

    def test_bench_names_each_figure_that_is_not_the_tables(self):
        table = self.path("figures.md")
        bench = ["bench", HAND, "--target", "cortex-m4"]
        run = thimble(*bench, "--markdown")
        self.assertEqual(run.returncode, 0)
        with open(table, "w") as out:
            out.write(run.stdout)
        self.assertEqual(thimble(*bench, "--check", table).returncode, 0)
        row = next(line for line in run.stdout.splitlines() if line.startswith("| hand_keypoints_float"))
        instructions = row.split("|")[3].strip()
        with open(table, "w") as out:
            out.write(run.stdout.replace(instructions, "1"))
        changed = thimble(*bench, "--check", table)
        self.assertEqual(changed.returncode, 2)
        self.assertIn(f"hand_keypoints_float on cortex-m4: instructions was 1, is {instructions}", changed.stdout)
        elsewhere = thimble(*bench[:-1], "cortex-m33", "--check", table)
        self.assertEqual(elsewhere.returncode, 2)
        self.assertIn("hand_keypoints_float on cortex-m33: not in", elsewhere.stdout)

    def test_without_the_plugin_instructions_are_counted_by_icount(self):
        model = os.path.join(MODELS, "ad_int8", "model.onnx")
        for target, tools in (("cortex-m4", ("arm-none-eabi-gcc", "arm-none-eabi-g++", "qemu-system-arm")),
                              ("rv32imc", ("riscv64-unknown-elf-gcc", "riscv64-unknown-elf-g++", "qemu-system-riscv32"))):
            tools_only = self.path(target)
            os.mkdir(tools_only)
            for tool in tools:
                os.symlink(shutil.which(tool), os.path.join(tools_only, tool))
            exact = json.loads(thimble("verify", model, "--target", target, "--json").stdout)
            ticks = json.loads(thimble("verify", model, "--target", target, "--json", env={"PATH": tools_only}).stdout)
            self.assertEqual(exact["counter"], "QEMU plugin")
            self.assertEqual(ticks["counter"], "QEMU -icount, timer ticks")
            self.assertAlmostEqual(ticks["instructions"] / exact["instructions"], 1, delta=0.01)

    def test_what_onnx_says_comes_without_the_place_in_its_sources(self):
        node = onnx.helper.make_node("AffineGrid", ["theta", "size"], ["grid"])
        value = lambda name, kind, shape: onnx.helper.make_tensor_value_info(name, kind, shape)
        size = numpy_helper.from_array(np.array([1, 2, 3, 4], np.int64), "size")
        graph = onnx.helper.make_graph([node], "g", [value("theta", 1, [1, 2, 3])], [value("grid", 1, [1, 3, 4, 2])], [size])
        onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)]), self.path("grid.onnx"))
        self.fails(1, "grid.onnx: a function of ONNX cannot be inlined: Type unknown", "compile", self.path("grid.onnx"), "-o", self.path("b"))

    def test_verify_exits_with_2_when_a_value_differs(self):
        shutil.copytree(os.path.join(MODELS, "hand_keypoints_float"), self.path("m"))
        output = self.path("m", "test_data_set_0", "output_0.pb")
        values = numpy_helper.to_array(onnx.load_tensor(output)).copy()
        values.flat[0] += 0.01
        onnx.save_tensor(numpy_helper.from_array(values), output)
        run = thimble("verify", self.path("m", "model.onnx"))
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn("DIFFERENCES FOUND", run.stdout)

    def test_run_reads_and_writes_npy_and_pb(self):
        data = os.path.join(MODELS, "hand_keypoints_float", "test_data_set_0")
        expected = numpy_helper.to_array(onnx.load_tensor(os.path.join(data, "output_0.pb")))
        self.assertEqual(thimble("run", HAND, "--data", data, "--out", self.path("pb")).returncode, 0)
        np.testing.assert_allclose(numpy_helper.to_array(onnx.load_tensor(self.path("pb", "output_0.pb"))), expected, rtol=1e-4, atol=1e-6)
        np.save(self.path("x.npy"), numpy_helper.to_array(onnx.load_tensor(os.path.join(data, "input_0.pb"))))
        for more in ([], ["--interpreter"]):
            run = thimble("run", HAND, "--input", "input_1=" + self.path("x.npy"), "--npy", "--out", self.path("npy"), *more)
            self.assertEqual(run.returncode, 0, run.stderr)
            np.testing.assert_allclose(np.load(self.path("npy", "Identity.npy")), expected, rtol=1e-4, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
