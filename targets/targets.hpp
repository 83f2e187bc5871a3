// Cores that Thimble compiles for: one row of facts each. Decisions ask for features, never for a name.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace thimble::compiler {

struct Features {
  bool dsp = false;              // ARMv7E-M DSP: SMLAD, SXTB16, SMMLA, SSAT
  bool armv7m = false;           // ARMv7-M without the DSP extension: MLA, SMLAL, SSAT
  bool mve = false;              // Helium
  bool rv32 = false;             // RISC-V: RV32IMC
  bool thumb1 = false;           // Thumb of 16 bits only, eight registers for most of it: ARMv6-M
  bool fpu = false;              // single-precision hardware
  bool long_multiply = false;    // 32x32 -> 64 in hardware (ARMv6-M has none)
  bool unaligned_loads = false;  // 32-bit loads at any address
};

// Kinds of instructions that take some cores more than a cycle, in the order of `enum kind` in
// boards/icount_plugin.c: load; load directly behind a load or store; store; each word but the first of those that move
// several; multiply and add; multiply to 64 bits; divide; IT; Helium; Helium beside Helium of the other kind (memory,
// arithmetic); end of a hardware loop; branch taken.
constexpr size_t instruction_kinds = 12;
using InstructionKinds = std::array<int64_t, instruction_kinds>;
using ExtraCycles = std::array<double, instruction_kinds>;

struct Target {
  std::string_view name;  // "cortex-m4"
  std::string_view core;  // "ARMv7E-M with FPU and DSP"
  // Cores of one family run the same kernels in about as many instructions: rows of compiler/cost_table.inc.
  std::string_view cost_family;
  Features features;
  int alignment = 4;                // bytes, of the arena and of the buffers in it
  std::string_view compiler;        // "arm-none-eabi-g++"; the host's row names "g++"
  std::string_view flags;           // flags of the core, and the optimisation level that figures are given for
  std::string_view toolchain_file;  // under cmake/toolchains/, empty for the host
  std::string_view board;           // folder under targets/boards/: startup code, semihosting, count.h
  std::string_view linker_script;   // in that folder; empty for the host
  std::string_view libraries;       // linker arguments at the end
  double instructions_per_tick =
      0;  // of the board's timer under QEMU's -icount shift=0, where an instruction takes 1 ns
  // Cycles beyond one that an instruction of each kind takes from memory without wait states; absent: no simple model
  // comes near the core.
  std::optional<ExtraCycles> extra_cycles = {};
  std::string_view qemu;  // QEMU command up to the machine: "qemu-system-arm -machine mps2-an386"
};

std::span<const Target> targets();
const Target* find_target(std::string_view name);  // null when unknown

}  // namespace thimble::compiler
