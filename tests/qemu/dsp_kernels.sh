#!/bin/sh
# Builds the DSP kernels' grid for a core and runs it in QEMU. usage: dsp_kernels.sh SOURCE_DIR BUILD_DIR MACHINE CORE_FLAG...
set -eu
source=$1
build=$2
machine=$3
shift 3
mkdir -p "$build"
boards=$source/targets/boards
core="$* -mthumb -O2 -ffunction-sections -fdata-sections"
for c in cortex-m/startup semihost_files; do
  arm-none-eabi-gcc $core -I"$boards" -c "$boards/$c.c" -o "$build/$(basename $c).o"
done
arm-none-eabi-g++ $core -Wall -Wextra -Wpedantic -Werror -std=c++17 -fno-exceptions -fno-rtti -fno-threadsafe-statics \
  -I"$source" -I"$source/runtime" -I"$boards" -c "$source/tests/qemu/dsp_kernels.cpp" -o "$build/dsp_kernels.o"
arm-none-eabi-g++ $core -nostartfiles -L"$boards" -T "$boards/cortex-m/mps2.ld" -Wl,--gc-sections,--no-warn-rwx-segments \
  "$build/startup.o" "$build/semihost_files.o" "$build/dsp_kernels.o" -o "$build/dsp_kernels.elf"
exec timeout 300 qemu-system-arm -machine "$machine" -display none -monitor none -serial none -nic none \
  -chardev stdio,id=console -semihosting-config enable=on,target=native,chardev=console -kernel "$build/dsp_kernels.elf" </dev/null
