// Bands of rows as runs: stretches of rows that lie one behind the other, for kernels that compute element by element.
#pragma once
#include "thimble/rows.hpp"

namespace thimble {

// Rows from y on, at most `limit`, before the ring starts over.
template <class Byte>
int32_t rows_in_run(const Rows<Byte>& rows, int32_t y, int32_t limit) {
  const int32_t left = rows.ring_rows - int32_t(uint32_t(y) % uint32_t(rows.ring_rows));
  return left < limit ? left : limit;
}

// Calls f(rows, first row of out, first row of in...) for runs that together are rows [y0, y1).
template <class F, class... In>
void for_each_run(int32_t y0, int32_t y1, F f, const RowRing& out, const In&... in) {
  while (y0 < y1) {
    int32_t rows = rows_in_run(out, y0, y1 - y0);
    ((rows = rows_in_run(in, y0, rows)), ...);
    f(rows, out.row(y0), in.row(y0)...);
    y0 += rows;
  }
}

}  // namespace thimble
