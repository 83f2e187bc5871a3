#!/bin/sh
# Builds the grids of the RISC-V kernels and runs them in QEMU.
# usage: run_rv32_kernels.sh SOURCE_DIR BUILD_DIR OPTIMISATION
set -eu
source=$1
build=$2
mkdir -p "$build"
boards=$source/targets/boards
core="-march=rv32imc -mabi=ilp32 -ffreestanding $3 -ffunction-sections -fdata-sections"
for c in riscv/startup riscv/memory semihost_files; do
  riscv64-unknown-elf-gcc $core -I"$boards" -c "$boards/$c.c" -o "$build/$(basename $c).o"
done
riscv64-unknown-elf-g++ $core -Wall -Wextra -Wpedantic -Werror -std=c++17 -fno-exceptions -fno-rtti -fno-threadsafe-statics \
  -I"$source" -I"$source/runtime" -I"$boards" -c "$source/tests/qemu/rv32_kernels.cpp" -o "$build/rv32_kernels.o"
riscv64-unknown-elf-g++ $core -nostartfiles -nostdlib -L"$boards" -T "$boards/riscv/virt.ld" -Wl,--gc-sections,--no-warn-rwx-segments \
  "$build/startup.o" "$build/memory.o" "$build/semihost_files.o" "$build/rv32_kernels.o" -lgcc -o "$build/rv32_kernels.elf"
exec timeout 300 qemu-system-riscv32 -machine virt -bios none -display none -monitor none -serial none \
  -chardev stdio,id=console -semihosting-config enable=on,target=native,chardev=console -kernel "$build/rv32_kernels.elf" </dev/null
