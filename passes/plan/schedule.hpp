// In which order a streaming region makes its rows. The planner sizes rings by it, and the code generator writes it.
#pragma once
#include <cstdint>
#include <vector>

#include "passes/plan/plan.hpp"

namespace thimble::compiler {

// Layers that run one after the other on the same rows of a band, as the body of one loop: the last of them makes the
// rows that others read, the ones before it make bands that only a later one in the body reads (depthwise before
// pointwise, a convolution before its residual add).
struct Producer {
  std::vector<int> layers;  // indices into Program::layers, ascending
  int32_t band_rows = 1;    // rows made at a time: a multiple of `step`
  int32_t step = 1;         // bands end at a multiple of it, or at the height
  bool drives = false;      // the region's last
};

// Producers of the region in the order of their last layers; the last one drives:
//   for each band [y, y1) of the driver's rows, run its body;
//   body: for each layer, for each operand in order that another producer makes: make(operand, rows_needed(...)), then
//   call the kernel for [y, y1);
//   make(value, end): while fewer than `end` rows are made, run the body of its producer for the next band. It ends at
//   `end`, rounded up to the step, or at the height at the latest: rows made too early would need room.
// When the driver is done, values that layers behind the region or the model's outputs read are made to their height.
std::vector<Producer> schedule(const Program& program, const Region& region);

// Where the band that begins at `row` ends when rows up to `end` are asked for.
int32_t band_end(const Producer& producer, int32_t row, int32_t end, int32_t height);

// Rows [0, result) of an operand of this height must be there before a layer makes output rows up to `end`.
int32_t rows_needed(const BandContract& contract, int32_t end, int32_t operand_height);

}  // namespace thimble::compiler
