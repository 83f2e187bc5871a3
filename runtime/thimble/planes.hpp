// Rows of planes: the layout between a convolution and the depthwise convolution that reads it.
#pragma once
#include "thimble/planes.pack.hpp"
#include "thimble/rows.hpp"

namespace thimble {

// Writes the borders of a buffer or ring of planes: the zero point, before the first of its rows is made. They stay
// valid as long as nothing else uses the place.
template <int32_t border = 1>
inline void plane_borders(const RowRing& planes, int32_t width, int32_t zero_point) {
  uint8_t* const end = planes.base + planes.row_bytes * planes.ring_rows;
  for (uint8_t* p = planes.base; p != end; p += width + border)
    for (int32_t i = 0; i < border; ++i) p[i] = uint8_t(zero_point);
  for (int32_t i = 0; i < plane_tail_bytes(border); ++i) end[i] = uint8_t(zero_point);
}

}  // namespace thimble
