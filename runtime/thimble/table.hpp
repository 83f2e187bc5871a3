// Any function of one stored byte.
#pragma once
#include "thimble/runs.hpp"
#include "thimble/table.pack.hpp"

namespace thimble {

// Load, look up, store: three instructions an element and a quarter of the loop.
inline void table(const Table& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const uint8_t* const values = layer.values;
  const int32_t row_elements = layer.row_elements;
  for_each_run(
      y0, y1,
      [=](int32_t rows, uint8_t* q, const uint8_t* x) {
        const int32_t count = rows * row_elements;
        for (const uint8_t* const end = x + (count & ~3); x != end; x += 4, q += 4) {
          q[0] = values[x[0]];
          q[1] = values[x[1]];
          q[2] = values[x[2]];
          q[3] = values[x[3]];
        }
        for (const uint8_t* const end = x + (count & 3); x != end;) *q++ = values[*x++];
      },
      out, in);
}

}  // namespace thimble
