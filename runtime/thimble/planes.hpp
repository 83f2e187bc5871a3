// Rows of planes: the layout between a convolution and the depthwise convolution that reads it.
#pragma once
#include "thimble/rows.hpp"

namespace thimble {

// A row of planes is [channel][1 + width] int8: a border byte, then the pixels. The border of the next plane is the
// right border too; behind the last row of a buffer or ring lie plane_tail_bytes more. Producers write pixels only.
constexpr int32_t plane_tail_bytes = 4;

// Writes the borders of a buffer or ring of planes: the zero point, before the first of its rows is made. They stay
// valid as long as nothing else uses the place.
inline void plane_borders(const RowRing& planes, int32_t width, int32_t zero_point) {
  uint8_t* const end = planes.base + planes.row_bytes * planes.ring_rows;
  for (uint8_t* p = planes.base; p != end; p += width + 1) *p = uint8_t(zero_point);
  for (int32_t i = 0; i < plane_tail_bytes; ++i) end[i] = uint8_t(zero_point);
}

}  // namespace thimble
