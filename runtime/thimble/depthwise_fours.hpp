// Depthwise int8 convolutions over bands of rows, NHWC, any kernel: channel by channel for four pixels at a time, whose
// values are found through a table of places.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32_fours.hpp"
#include "thimble/arch/v6m_fours.hpp"
#include "thimble/arch/v7m_fours.hpp"
#include "thimble/conv_window.hpp"
#include "thimble/depthwise_fours.pack.hpp"

namespace thimble {

// Writes `count` places, `step` bytes apart, to every fourth word. Gives the place behind.
inline int32_t* put_places(int32_t* table, int32_t count, int32_t place, int32_t step) {
  for (int32_t* const end = table + 4 * count; table != end; table += 4, place += step) *table = place;
  return table;
}

// Where the positions of the kernel at output column x lie, bytes from the first row; those beside the image lie at
// `beside`. `offsets` of the rows `inside` are those of rows_under().
template <class Shape>
inline void fours_places(const Shape& s, const int32_t* offsets, Taps inside, int32_t x, int32_t beside,
                         int32_t* table) {
  const int32_t left = x * s.stride_x - s.pad_left, step = s.dilation_x * s.in_channels;
  const Taps columns = taps_inside(left, s.dilation_x, s.kernel_width, s.in_width);
  const int32_t first = left * s.in_channels + columns.first * step;
  table = put_places(table, inside.first * s.kernel_width, beside, 0);
  for (int32_t ky = inside.first; ky < inside.last; ++ky) {
    table = put_places(table, columns.first, beside, 0);
    table = put_places(table, columns.count(), offsets[ky] + first, step);
    table = put_places(table, s.kernel_width - columns.last, beside, 0);
  }
  put_places(table, (s.kernel_height - inside.last) * s.kernel_width, beside, 0);
}

// All channels of four pixels.
template <class Shape>
inline void fours_channels(const Conv2d<Shape>& c, Fours& fours) {
  const int32_t taps = c.kernel_height * c.kernel_width;
  fours.weights = c.weights;
  fours.channels = c.channels;
  for (int32_t copy = 0; copy < c.group_out_channels; ++copy) {
    four_pixels(fours);
    fours.weights += taps;
    fours.channels += 2;
    for (int8_t*& to : fours.to) ++to;
  }
}

// depthwise_fours_takes(). Scratch: depthwise_fours_scratch_bytes().
template <class Shape>
__attribute__((noinline)) void depthwise_fours(const Conv2d<Shape>& c, const RowView& in, const RowRing& out,
                                               int32_t y0, int32_t y1, void* scratch) {
  const int32_t taps = c.kernel_height * c.kernel_width;
  int32_t* const offsets = static_cast<int32_t*>(scratch);
  int32_t* const table = offsets + c.kernel_height;
  int8_t* const padding = reinterpret_cast<int8_t*>(table + 4 * taps);
  for (int32_t i = 0; i < c.in_channels; ++i) padding[i] = int8_t(c.in_zero_point);
  Fours fours{};
  fours.table = table;
  fours.skipped_code = fours_skipped_code(taps);
  fours.table_end = table + 4 * taps;
  fours.base = reinterpret_cast<const int8_t*>(in.base);
  fours.base_end = fours.base + c.in_channels;
  fours.weights_skip = (c.group_out_channels - 1) * taps;
  fours.channels_step = c.group_out_channels * 8;
  fours.offset = c.offset;
  fours.shift = c.shift;
  fours.low = c.low;
  fours.high = c.high;
  fours.out_step = c.group_out_channels;
  fours.pad = c.in_zero_point;
  const int32_t beside = fours_beside(fours.base, padding);
  int32_t y = y0 - 1, x = c.out_width - 1;
  Taps inside{0, 0};
  int8_t* to = nullptr;
  for (int32_t left = (y1 - y0) * c.out_width; left > 0; left -= 4) {
    for (int32_t i = 0; i < 4; ++i) {
      if (i < left) {
        to += c.out_channels;
        if (++x == c.out_width) {
          x = 0;
          inside = rows_under(c, in, ++y, offsets);
          to = reinterpret_cast<int8_t*>(out.row(y));
        }
      }
      fours_places(c, offsets, inside, x, beside, table + i);
      fours.to[i] = to;
    }
    fours_channels(c, fours);
  }
}

}  // namespace thimble
