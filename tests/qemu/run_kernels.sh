#!/bin/sh
# Builds a grid of kernel cases for a core and runs it in QEMU.
# usage: run_kernels.sh GRID SOURCE_DIR BUILD_DIR MACHINE LINKER_SCRIPT CORE_FLAG...   GRID: dsp_kernels, mve_kernels ... of this folder
set -eu
grid=$1
source=$2
build=$3
machine=$4
script=$5
shift 5
mkdir -p "$build"
boards=$source/targets/boards
core="$* -mthumb -O2 -ffunction-sections -fdata-sections"
for c in cortex-m/startup semihost_files; do
  arm-none-eabi-gcc $core -I"$boards" -c "$boards/$c.c" -o "$build/$(basename $c).o"
done
arm-none-eabi-g++ $core -Wall -Wextra -Wpedantic -Werror -std=c++17 -fno-exceptions -fno-rtti -fno-threadsafe-statics \
  -I"$source" -I"$source/runtime" -I"$boards" -c "$source/tests/qemu/$grid.cpp" -o "$build/$grid.o"
arm-none-eabi-g++ $core -nostartfiles -nostdlib -L"$boards" -T "$boards/cortex-m/$script" -Wl,--gc-sections,--no-warn-rwx-segments \
  "$build/startup.o" "$build/semihost_files.o" "$build/$grid.o" -lc -lgcc -o "$build/$grid.elf"
exec timeout 300 qemu-system-arm -machine "$machine" -display none -monitor none -serial none -nic none \
  -chardev stdio,id=console -semihosting-config enable=on,target=native,chardev=console -kernel "$build/$grid.elf" </dev/null
