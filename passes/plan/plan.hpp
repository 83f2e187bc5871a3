// Where everything lies in the arena, and in which order it is made. Made by the planner, judged by check_plan.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/program.hpp"

namespace thimble::compiler {

struct Target;

// A streaming region: layers first..last (indices, inclusive) run row by row. Inner buffers shrink to rings.
struct Region {
  int first, last;
  int band_rows = 1;  // rows made at a time
};

// One storage in the arena: a buffer that is no view, or the scratch of a layer.
struct Placement {
  int buffer = -1;  // storage buffer; -1: scratch
  int64_t offset = 0;
  int64_t bytes = 0;      // a ring's bytes for a ring
  int32_t ring_rows = 0;  // 0: whole
};

struct Plan {
  std::vector<Region> regions;           // disjoint, ascending
  std::vector<Placement> buffers;        // one for each storage buffer that lives in the arena
  std::vector<int64_t> scratch_offsets;  // per layer; -1 without scratch
  int64_t arena_bytes = 0;
  int64_t lower_bound = 0;  // no plan of whole tensors in this order can be smaller
  const Placement* of(int storage) const {
    for (const auto& p : buffers)
      if (p.buffer == storage) return &p;
    return nullptr;
  }
};

struct PlanOptions {
  bool keep_input = false;                                  // the inputs stay as they were after a run
  std::vector<std::pair<std::string, std::string>> stream;  // first and last layer of each region, by name
};

Plan plan(const Program&, const Target&, const PlanOptions&);
// Re-derives lifetimes from the program alone and throws InternalError on any overlap that the kernels' contracts do
// not allow, a misplaced or missing buffer, or a ring too small. Shares no code with the planner.
void check_plan(const Program&, const Plan&, const Target&, const PlanOptions&);

}  // namespace thimble::compiler
