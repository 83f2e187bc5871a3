"""Installs Thimble and builds the sample's firmware against it: it is rebuilt exactly when the model changes, and hears the recorded words.

usage: check_package.py BUILD_FOLDER SOURCE_ROOT
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import onnx


def command(*arguments):
    run = subprocess.run(arguments, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(arguments)}\n{run.stdout[-3000:]}{run.stderr[-3000:]}")
    return run.stdout


def main():
    build_folder, root = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        prefix, build = os.path.join(folder, "installed"), os.path.join(folder, "build")
        command("cmake", "--install", build_folder, "--prefix", prefix)
        sample = shutil.copytree(os.path.join(root, "samples", "keyword_spotting"), os.path.join(folder, "sample"))
        toolchain = os.path.join(prefix, "share", "thimble", "toolchains", "cortex-m4.cmake")
        command("cmake", "-G", "Ninja", "-S", os.path.join(sample, "firmware"), "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
                f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", "-DCMAKE_BUILD_TYPE=Release")
        if "Compiling ../kws.onnx" not in command("cmake", "--build", build):
            sys.exit("the first build did not compile the model")
        if "no work to do" not in command("cmake", "--build", build):
            sys.exit("a second build had something to do although nothing changed")
        path = os.path.join(sample, "kws.onnx")
        model = onnx.load(path)
        model.producer_version = "changed"
        onnx.save(model, path)
        again = command("cmake", "--build", build)
        if "Compiling ../kws.onnx" not in again or "Linking CXX executable firmware" not in again:
            sys.exit(f"the firmware was not rebuilt when the model changed:\n{again}")
        if "no work to do" not in command("cmake", "--build", build):
            sys.exit("the build after a change did not come to rest")
        symbols = command("arm-none-eabi-nm", "--undefined-only", os.path.join(build, "CMakeFiles/firmware.dir/thimble/kws/kws.cpp.obj"))
        foreign = {line.split()[-1] for line in symbols.splitlines()} - {"memcpy", "memset"}
        foreign = {name for name in foreign if not name.startswith("_ZN3kws")}
        if foreign:
            sys.exit(f"the generated code calls {foreign}")
        heard = command("env", f"THIMBLE_PREFIX={prefix}", os.path.join(root, "samples", "keyword_spotting", "run.sh"), os.path.join(folder, "run"))
        if "\nright=20\nof=24\n" not in heard or not re.search(r"\ninstructions of one inference: [1-9]\d{6} \(exact", heard):
            sys.exit(f"the sample printed\n{heard}")
    print("installed, built, rebuilt when the model changed and only then; no symbol of the C library but memcpy and memset")


main()
