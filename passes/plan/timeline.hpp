// One run of a program as the sequence of its kernel calls, and how many rows each ring must hold for it.
#pragma once
#include <cstdint>
#include <vector>

#include "passes/plan/plan.hpp"

namespace thimble::compiler {

// A kernel call for output rows [y0, y1); a layer that is not banded has y0 = 0, y1 = 1.
struct Call {
  int layer;
  int32_t y0, y1;
};

struct RowRange {
  int32_t first, end;
  bool empty() const { return first >= end; }
};

struct Timeline {
  std::vector<Call> calls;
  std::vector<int32_t> ring_rows;  // by buffer: rows of its ring, 0 for a value that is whole
  std::vector<RowRange> span;      // by region: its calls, [first, end)
  std::vector<int> body;           // by layer: the layer whose rows its loop makes, -1 outside the regions
};

Timeline timeline(const Program& program, const std::vector<Region>& regions);

// Rows of an operand of this height that output rows [y0, y1) read.
RowRange rows_read(const BandContract& contract, int32_t y0, int32_t y1, int32_t operand_height);

}  // namespace thimble::compiler
