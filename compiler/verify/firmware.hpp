// Builds a bundle with a test main into a program for the host or a board, measures its size and runs it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/verify/cycles.hpp"
#include "targets/targets.hpp"

namespace thimble::compiler {

struct FirmwareSizes {
  int64_t code = 0;     // bytes of flash that are not weights: code, tables, constants
  int64_t weights = 0;  // bytes of weights as they lie in flash
};

struct Firmware {
  std::string folder;   // where it was built: the program, its files
  std::string program;  // path of the executable
  FirmwareSizes sizes;
  std::string toolchain;  // compiler version and flags, for the figures
};

// Compiles every .cpp of `bundle_folder` and `main_cpp` for `target` in `work_folder`. `extra_flags` come last
// (sanitizers). Throws Error with the compiler's first lines when it does not build or the compiler is missing.
Firmware build_firmware(const Target& target, const std::string& bundle_folder, const std::string& main_cpp,
                        const std::string& work_folder, const std::vector<std::string>& extra_flags = {});

struct RunResult {
  std::string output;                           // what the program printed
  std::vector<InstructionCounts> instructions;  // of each counted region; empty on the host
  std::string counter;                          // "QEMU plugin", "QEMU -icount" or "none"
};

// Runs it, in its folder. Throws Error when it ends with another status than 0 or takes longer than `seconds`.
RunResult run_firmware(const Target& target, const Firmware& firmware, int seconds);

// The value of "name=123" in what a program printed.
std::optional<int64_t> printed_number(const std::string& output, const std::string& name);

}  // namespace thimble::compiler
