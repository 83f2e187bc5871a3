// Depthwise 3x3 int8 convolutions over bands of rows, NHWC: each channel walks over as many rows as lie at equal
// distances, its weights in registers.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32_depthwise.hpp"
#include "thimble/arch/v6m_depthwise.hpp"
#include "thimble/arch/v7m_depthwise.hpp"
#include "thimble/depthwise_walk.pack.hpp"
#include "thimble/rows.hpp"

namespace thimble {

// The input rows under the kernel at output row y; a row outside the image is replaced by the one in the middle.
template <class Shape>
inline void walk_at(const Shape& s, const RowView& in, int32_t y, Walk& walk) {
  const int32_t top = y * s.stride_y - s.pad_top;
  walk.above = top < 0 ? 1 : 0;
  walk.below = top + 2 >= s.in_height ? 1 : 0;
  for (int32_t k = 0; k < 3; ++k) {
    const bool outside = (k == 0 && walk.above != 0) || (k == 2 && walk.below != 0);
    walk.row[k] = reinterpret_cast<const int8_t*>(in.row(top + (outside ? 1 : k)));
  }
}

// Whether output row y, the rows under it, and those of the row before lie `step` bytes apart, none outside the image.
template <class Shape>
inline bool walk_goes_on(const Shape& s, const RowView& in, const RowRing& out, int32_t y) {
  const int32_t top = y * s.stride_y - s.pad_top, before = top - s.stride_y;
  if (before < 0 || top + 2 >= s.in_height || out.row(y) != out.row(y - 1) + out.row_bytes) return false;
  for (int32_t k = 0; k < 3; ++k)
    if (in.row(top + k) != in.row(before + k) + s.stride_y * in.row_bytes) return false;
  return true;
}

template <int32_t stride, class Shape>
inline void walk_bands(const Conv2d<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  Walk walk{};
  walk.pixel = c.in_channels;
  walk.offset = c.offset;
  walk.shift = c.shift;
  walk.low = c.low;
  walk.high = c.high;
  walk.pad = c.in_zero_point;
  walk.left = c.pad_left;
  walk.right = walk_pad_right(c) > 0 ? 1 : 0;
  const int32_t inner = c.out_width - walk.right;
  const int32_t columns = 1 - walk.left + (stride == 1 ? 1 + inner : 2 * inner + walk.right);
  walk.inner_bytes = inner * c.in_channels;
  walk.in_skip = c.stride_y * in.row_bytes - columns * c.in_channels;
  walk.out_skip = out.row_bytes - c.out_width * c.in_channels;
  walk.channels_end = c.channels + 2 * c.in_channels;
  for (int32_t y = y0; y < y1; y += walk.rows) {
    walk_at(c, in, y, walk);
    walk.out = reinterpret_cast<int8_t*>(out.row(y));
    walk.weights = c.weights;
    walk.channels = c.channels;
    walk.rows = 1;
    while (y + walk.rows < y1 && walk_goes_on(c, in, out, y + walk.rows)) ++walk.rows;
    walk_rows<stride>(walk);
  }
}

// depthwise_walks(), stride 1 or 2 along a row.
template <class Shape>
void depthwise_walk(const Conv2d<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  walk_bands<1>(c, in, out, y0, y1);
}
template <class Shape>
void depthwise_walk_2(const Conv2d<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  walk_bands<2>(c, in, out, y0, y1);
}

}  // namespace thimble
