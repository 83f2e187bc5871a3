// What takes the space: the arena's memory map and the constants, as data and as text.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "compiler/program.hpp"
#include "passes/plan/plan.hpp"

namespace thimble::compiler {

// One piece of the arena and the layers it is in use for; rings and scratch of a streaming region count as in use for
// all of it.
struct MemoryRow {
  std::string name;  // the model's value, or "scratch of <layer>"
  int64_t offset = 0, bytes = 0;
  int first = 0, last = 0;            // layers; -1: an input, filled before the run; the number of layers: an output
  int32_t ring_rows = 0, height = 0;  // 0 ring rows: whole
  bool at_peak = false;               // in use at peak_layer
};
struct MemoryMap {
  std::vector<MemoryRow> rows;  // by offset, then by first layer
  int64_t arena_bytes = 0;
  int64_t live_peak = 0;    // most bytes in use at once, which is at peak_layer
  int64_t lower_bound = 0;  // no plan of whole tensors can be smaller
  int peak_layer = 0;
  std::vector<std::string> layers;
};
MemoryMap memory_map(const Program& program, const Plan& plan, bool keep_input);
std::string to_string(const MemoryMap& map);  // what is in use at the peak, the largest first, then the rest by offset

// On how many channels of integer layers the numbers are ONNX Runtime's. Empty without integer layers.
std::string exactness(const Program&);

std::string number_text(const std::optional<int64_t>&);  // "-" where it is not known

std::string flash_table(const Program& program);  // the constant arrays, the largest first
int64_t constant_bytes(const Program& program);   // weights and tables

}  // namespace thimble::compiler
