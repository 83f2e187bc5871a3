// The rows and columns under a convolution's window, clipped to the image.
#pragma once
#include <stdint.h>

#include "thimble/rows.hpp"
#include "thimble/taps.hpp"

namespace thimble {

// Writes where the input rows under the kernel at output row y lie, in bytes from in.base, and tells which are inside.
template <class Shape>
inline Taps rows_under(const Shape& s, const RowView& in, int32_t y, int32_t* offsets) {
  const int32_t start = y * s.stride_y - s.pad_top;
  const Taps inside = taps_inside(start, s.dilation_y, s.kernel_height, s.in_height);
  for (int32_t ky = inside.first; ky < inside.last; ++ky)
    offsets[ky] = int32_t(in.row(start + ky * s.dilation_y) - in.base);
  return inside;
}

// Output columns [first, last) at which the whole kernel lies inside the image.
template <class Shape>
inline Taps interior_columns(const Shape& s) {
  const int32_t beyond = s.in_width - (s.kernel_width - 1) * s.dilation_x + s.pad_left;
  Taps t{0, s.out_width};
  while (t.first < s.out_width && t.first * s.stride_x < s.pad_left) ++t.first;
  while (t.last > t.first && (t.last - 1) * s.stride_x >= beyond) --t.last;
  return t;
}

}  // namespace thimble
