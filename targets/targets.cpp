// The table of targets.
#include "targets/targets.hpp"

#include <algorithm>
#include <array>

namespace thimble::compiler {

namespace {

#define ARM_FLAGS " -mthumb -O2 -ffunction-sections -fdata-sections"
#define ARM_LIBRARIES "-nostdlib -lc -lgcc"  // no C++ library: Debian installs none with the compiler

constexpr std::array<Target, 8> table = {{
    {.name = "host",
     .core = "the machine that runs thimble: x86-64 or AArch64, native",
     .cost_family = "host",
     .features = {.fpu = true, .long_multiply = true, .unaligned_loads = true},
     .alignment = 8,
     .compiler = "g++",
     .flags = "-O2 -ffunction-sections -fdata-sections",
     .toolchain_file = "",
     .board = "host",
     .linker_script = "",
     .libraries = "",
     .qemu = ""},
    {.name = "cortex-m0plus",
     .core = "ARMv6-M",
     .cost_family = "armv6m",
     .features = {.thumb1 = true},
     .alignment = 4,
     .compiler = "arm-none-eabi-g++",
     .flags = "-mcpu=cortex-m0plus -mfloat-abi=soft" ARM_FLAGS,
     .toolchain_file = "cortex-m0plus.cmake",
     .board = "cortex-m",
     .linker_script = "mps2.ld",
     .libraries = ARM_LIBRARIES,
     .instructions_per_tick = 40,  // 25 MHz
     .extra_cycles = ExtraCycles{{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1}},
     .qemu = "qemu-system-arm -machine mps2-an385"},
    {.name = "cortex-m3",
     .core = "ARMv7-M",
     .cost_family = "armv7m",
     .features = {.armv7m = true, .long_multiply = true, .unaligned_loads = true},
     .alignment = 4,
     .compiler = "arm-none-eabi-g++",
     .flags = "-mcpu=cortex-m3 -mfloat-abi=soft" ARM_FLAGS,
     .toolchain_file = "cortex-m3.cmake",
     .board = "cortex-m",
     .linker_script = "mps2.ld",
     .libraries = ARM_LIBRARIES,
     .instructions_per_tick = 40,  // 25 MHz
     .extra_cycles = ExtraCycles{{1, 0, 0, 1, 1, 3, 5, -1, 0, 0, 0, 2}},
     .qemu = "qemu-system-arm -machine mps2-an385"},
    {.name = "cortex-m4",
     .core = "ARMv7E-M with FPU and DSP",
     .cost_family = "armv7em",
     .features = {.dsp = true, .fpu = true, .long_multiply = true, .unaligned_loads = true},
     .alignment = 4,
     .compiler = "arm-none-eabi-g++",
     .flags = "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard" ARM_FLAGS,
     .toolchain_file = "cortex-m4.cmake",
     .board = "cortex-m",
     .linker_script = "mps2.ld",
     .libraries = ARM_LIBRARIES,
     .instructions_per_tick = 40,  // 25 MHz
     .extra_cycles = ExtraCycles{{1, 0, 0, 1, 0, 0, 5, -1, 0, 0, 0, 2}},
     .qemu = "qemu-system-arm -machine mps2-an386"},
    {.name = "cortex-m7",
     .core = "ARMv7E-M with FPU and DSP",
     .cost_family = "armv7em",
     .features = {.dsp = true, .fpu = true, .long_multiply = true, .unaligned_loads = true},
     .alignment = 4,
     .compiler = "arm-none-eabi-g++",
     .flags = "-mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard" ARM_FLAGS,
     .toolchain_file = "cortex-m7.cmake",
     .board = "cortex-m",
     .linker_script = "mps2.ld",
     .libraries = ARM_LIBRARIES,
     .instructions_per_tick = 40,  // 25 MHz
     .qemu = "qemu-system-arm -machine mps2-an500"},
    {.name = "cortex-m33",
     .core = "ARMv8-M with FPU and DSP",
     .cost_family = "armv7em",
     .features = {.dsp = true, .fpu = true, .long_multiply = true, .unaligned_loads = true},
     .alignment = 4,
     .compiler = "arm-none-eabi-g++",
     .flags = "-mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard" ARM_FLAGS,
     .toolchain_file = "cortex-m33.cmake",
     .board = "cortex-m",
     .linker_script = "mps2-an505.ld",
     .libraries = ARM_LIBRARIES,
     .instructions_per_tick = 50,  // 20 MHz
     .extra_cycles = ExtraCycles{{1, 0, 0, 1, 0, 0, 5, -1, 0, 0, 0, 2}},
     .qemu = "qemu-system-arm -machine mps2-an505"},  // the first core of mps2-an521 has neither FPU nor DSP there
    {.name = "cortex-m55",
     .core = "ARMv8.1-M with FPU, DSP and Helium",
     .cost_family = "helium",
     .features = {.dsp = true, .mve = true, .fpu = true, .long_multiply = true, .unaligned_loads = true},
     .alignment = 8,
     .compiler = "arm-none-eabi-g++",
     .flags = "-mcpu=cortex-m55 -mfloat-abi=hard" ARM_FLAGS,
     .toolchain_file = "cortex-m55.cmake",
     .board = "cortex-m",
     .linker_script = "mps3-an547.ld",
     .libraries = ARM_LIBRARIES,
     .instructions_per_tick = 31.25,  // 32 MHz
     .extra_cycles = ExtraCycles{{1, 0, 0, 1, 0, 0, 5, -1, 1, 0, -1, 2}},
     .qemu = "qemu-system-arm -machine mps3-an547"},
    {.name = "rv32imc",
     .core = "RISC-V RV32IMC",
     .cost_family = "riscv",
     .features = {.rv32 = true, .long_multiply = true},
     .alignment = 4,
     .compiler = "riscv64-unknown-elf-g++",
     .flags = "-march=rv32imc -mabi=ilp32 -ffreestanding -O2 -ffunction-sections -fdata-sections",
     .toolchain_file = "rv32imc.cmake",
     .board = "riscv",
     .linker_script = "virt.ld",
     .libraries = "-nostdlib -lgcc",
     .instructions_per_tick = 1,
     .extra_cycles = ExtraCycles{{1, 1, 0, 0, 0, 0, 32, 0, 0, 0, 0, 2}},
     .qemu = "qemu-system-riscv32 -machine virt -bios none"},
}};

}  // namespace

std::span<const Target> targets() {
  return table;
}

const Target* find_target(std::string_view name) {
  const auto it = std::find_if(table.begin(), table.end(), [&](const Target& t) { return t.name == name; });
  return it == table.end() ? nullptr : &*it;
}

}  // namespace thimble::compiler
