#!/bin/sh
# Builds the DSP kernels' grid for a core with the DSP extension and runs it in QEMU. usage: dsp_kernels.sh SOURCE_DIR BUILD_DIR
set -eu
source=$1
build=$2
mkdir -p "$build"
boards=$source/targets/boards
core="-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -mthumb -O2 -ffunction-sections -fdata-sections"
warnings="-Wall -Wextra -Wpedantic -Werror"
for c in cortex-m/startup semihost_files; do
  arm-none-eabi-gcc $core -I"$boards" -c "$boards/$c.c" -o "$build/$(basename $c).o"
done
arm-none-eabi-g++ $core $warnings -std=c++17 -fno-exceptions -fno-rtti -fno-threadsafe-statics -I"$source" -I"$source/runtime" \
  -I"$boards" -c "$source/tests/qemu/dsp_kernels.cpp" -o "$build/dsp_kernels.o"
arm-none-eabi-g++ $core -nostartfiles -L"$boards" -T "$boards/cortex-m/mps2.ld" -Wl,--gc-sections,--no-warn-rwx-segments \
  "$build"/*.o -o "$build/dsp_kernels.elf"
exec timeout 300 qemu-system-arm -machine mps2-an386 -display none -monitor none -serial none -nic none \
  -chardev stdio,id=console -semihosting-config enable=on,target=native,chardev=console -kernel "$build/dsp_kernels.elf" </dev/null
