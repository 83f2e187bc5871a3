// Any function of one stored byte.
#pragma once
#include "thimble/runs.hpp"
#include "thimble/table.pack.hpp"

namespace thimble {

// Load, look up, store: three instructions an element and the loop.
inline void table(const Table& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const uint8_t* const values = layer.values;
  const int32_t row_elements = layer.row_elements;
  for_each_run(
      y0, y1,
      [=](int32_t rows, uint8_t* q, const uint8_t* x) {
        for (const uint8_t* const end = x + rows * row_elements; x != end;) *q++ = values[*x++];
      },
      out, in);
}

}  // namespace thimble
