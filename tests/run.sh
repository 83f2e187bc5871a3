#!/bin/sh
# Builds Thimble and runs every test. Says what it installs first, and installs it. usage: tests/run.sh [build folder]
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build}
python=${THIMBLE_PYTHON_ENV:-${XDG_CACHE_HOME:-$HOME/.cache}/thimble/python}/bin/python

"$root/tools/install_dependencies.sh" build test
launcher=$(command -v ccache || true)
cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" -DTHIMBLE_PYTHON="$python"
cmake --build "$build"

# No file may make the compiler crash: mutated models through all of it, under AddressSanitizer and UndefinedBehaviorSanitizer.
cmake -G Ninja -S "$root" -B "$build/sanitized" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" \
  -DTHIMBLE_SANITIZE=ON -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG"
cmake --build "$build/sanitized" --target thimble_fuzz
"$build/sanitized/tests/thimble_fuzz"

ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)"
