#!/bin/sh
# Builds Thimble and the sample's firmware, and runs the firmware in QEMU. Says what it installs first, and installs it.
# usage: samples/keyword_spotting/run.sh [build folder]     (THIMBLE_PREFIX: an installed Thimble, which is then not built)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${1:-$root/build/keyword_spotting}

"$root/tools/install_dependencies.sh" build firmware
mkdir -p "$build"
prefix=${THIMBLE_PREFIX:-}
if [ -z "$prefix" ]; then
  echo "Building Thimble..."
  prefix=$build/installed
  launcher=$(command -v ccache || true)
  { cmake -G Ninja -S "$root" -B "$build/thimble" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" -DTHIMBLE_TESTS=OFF &&
    cmake --build "$build/thimble" &&
    cmake --install "$build/thimble" --prefix "$prefix"; } >"$build/thimble.log" 2>&1 || { tail -30 "$build/thimble.log"; exit 1; }
fi

echo "Building the firmware for a Cortex-M4..."
cmake -G Ninja -S "$here/firmware" -B "$build/firmware" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_TOOLCHAIN_FILE="$prefix/share/thimble/toolchains/cortex-m4.cmake" >"$build/firmware.log" 2>&1 || { tail -30 "$build/firmware.log"; exit 1; }
cmake --build "$build/firmware"

echo "Running it in QEMU..."
cc -O2 -shared -fPIC -o "$build/icount_plugin.so" "$prefix/share/thimble/boards/icount_plugin.c"
qemu-system-arm -machine mps2-an386 -display none -monitor none -serial none -nic none \
  -chardev stdio,id=semihost -semihosting-config enable=on,target=native,chardev=semihost \
  -plugin "$build/icount_plugin.so,out=$build/counts.txt" -kernel "$build/firmware/firmware" </dev/null 2>"$build/qemu.log"

echo "instructions of one inference: $(sort -n "$build/counts.txt" | tail -1 | cut -d' ' -f1) (exact, by QEMU plugin)"
echo "flash and RAM of the whole firmware:"
arm-none-eabi-size "$build/firmware/firmware"
