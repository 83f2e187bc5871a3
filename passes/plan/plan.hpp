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
  // Rows made at a time, rounded up to the kernels' steps. 0: one, or two where a kernel computes pixels in pairs and
  // the width is odd.
  int band_rows = 0;
};

// One storage in the arena: a buffer that is no view. Values that are made and read inside a region only are rings:
// row y lies at offset + (y mod ring_rows) * row_bytes. Planes that a region makes, ring or whole, are theirs from its
// start, so that borders may be written there, once; planes made outside regions are theirs from their layer on.
struct Placement {
  int buffer = -1;  // storage buffer
  int64_t offset = 0;
  int64_t bytes = 0;      // a ring's rows and the tail bytes for a ring
  int32_t ring_rows = 0;  // 0: whole
};

struct Plan {
  std::vector<Region> regions;           // disjoint, ascending
  std::vector<Placement> buffers;        // one for each storage buffer that lives in the arena
  std::vector<int64_t> scratch_offsets;  // per layer; -1 without scratch
  int64_t arena_bytes = 0;
  int64_t lower_bound = 0;  // no plan of whole tensors in this order can be smaller
  int64_t live_peak = 0;    // most bytes in use at once with these regions: where arena_bytes equals it, no packing is
                            // better
  int peak_layer = 0;       // the layer at which they are
  const Placement* of(int storage) const {
    for (const auto& p : buffers)
      if (p.buffer == storage) return &p;
    return nullptr;
  }
};

struct PlanOptions {
  bool keep_input = false;                                  // the inputs stay as they were after a run
  std::vector<std::pair<std::string, std::string>> stream;  // first and last layer of each region, by name or index
  int band_rows = 0;                                        // of every region, see Region
};

// Throws Error where a region of the options cannot stream, naming the layer and the reason.
Plan plan(const Program&, const Target&, const PlanOptions&);
// Runs the plan on a shadow of the arena in which every byte carries the row it belongs to, and throws InternalError
// where a kernel would read a byte that is not what the program means, where an overlap is not in the kernels'
// contracts, or where a buffer is missing or misplaced. Shares no code with the planner; the order inside a region is
// schedule()'s, which the generated code follows too.
void check_plan(const Program&, const Plan&, const Target&, const PlanOptions&);

}  // namespace thimble::compiler
