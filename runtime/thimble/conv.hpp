// Portable int8 convolutions over bands of rows, NHWC: any geometry, depthwise, and pointwise.
#pragma once
#include <stdint.h>

#include "thimble/conv.pack.hpp"
#include "thimble/conv_window.hpp"
#include "thimble/depthwise_rows.hpp"
#include "thimble/requantize.hpp"
#include "thimble/rows.hpp"

namespace thimble {

// sum + a . w over n values.
inline int32_t dot(const int8_t* a, const int8_t* w, int32_t n, int32_t sum) {
  for (; n >= 4; n -= 4, a += 4, w += 4) sum += a[0] * w[0] + a[1] * w[1] + a[2] * w[2] + a[3] * w[3];
  for (; n > 0; --n) sum += *a++ * *w++;
  return sum;
}

// All output channels of one pixel, whose values under the kernel lie in `values` group by group. Gives the place
// behind the pixel.
template <class Shape>
inline int8_t* conv_pixel(const Conv2d<Shape>& c, Requantizer stored, const int8_t* values, int8_t* to) {
  const int32_t depth = conv_depth(c);
  const int8_t* w = c.weights;
  const int32_t* channel = c.channels;
  const int8_t* const end = to + c.out_channels;
  for (; to != end; values += depth)
    for (const int8_t* const group = to + c.group_out_channels; to != group; w += depth, channel += 2)
      *to++ = int8_t(stored(dot(values, w, depth, channel[0]), channel[1]));
  return to;
}

// Values in the order of a kernel, as bytes.
struct ByteValues {
  int8_t* to;
  void put(int32_t value) { *to++ = int8_t(value); }
};

template <class Values>
inline void copy_values(const int8_t* from, int32_t n, Values& values) {
  for (; n > 0; --n) values.put(*from++);
}
template <class Values>
inline void fill_values(int32_t value, int32_t n, Values& values) {
  for (; n > 0; --n) values.put(value);
}

// Puts the values under the kernel at output column x, padding included: [group][kernel_height][kernel_width]
// [group_in_channels]. `offsets` of the rows `inside` are those of rows_under().
template <class Shape, class Values>
inline void gather_window(const Shape& s, const RowView& in, const int32_t* offsets, Taps inside, int32_t x,
                          Values values) {
  const int8_t* const base = reinterpret_cast<const int8_t*>(in.base);
  const int32_t left = x * s.stride_x - s.pad_left;
  if (s.group_in_channels == s.in_channels && s.dilation_x == 1) {
    // What is inside of a kernel row is one run of bytes.
    const Taps columns = taps_inside(left, 1, s.kernel_width, s.in_width);
    const int32_t before = columns.first * s.in_channels, run = columns.count() * s.in_channels;
    const int32_t all = s.kernel_width * s.in_channels;
    for (int32_t ky = 0; ky < s.kernel_height; ++ky) {
      const bool row_inside = ky >= inside.first && ky < inside.last;
      fill_values(s.in_zero_point, row_inside ? before : all, values);
      if (!row_inside) continue;
      copy_values(base + offsets[ky] + left * s.in_channels + before, run, values);
      fill_values(s.in_zero_point, all - before - run, values);
    }
    return;
  }
  for (int32_t first = 0; first < s.in_channels; first += s.group_in_channels)
    for (int32_t ky = 0; ky < s.kernel_height; ++ky) {
      const bool row_inside = ky >= inside.first && ky < inside.last;
      for (int32_t kx = 0, ix = left; kx < s.kernel_width; ++kx, ix += s.dilation_x)
        if (row_inside && ix >= 0 && ix < s.in_width)
          copy_values(base + offsets[ky] + ix * s.in_channels + first, s.group_in_channels, values);
        else
          fill_values(s.in_zero_point, s.group_in_channels, values);
    }
}

// Any groups, dilation, stride and pads. Scratch: conv2d_scratch_bytes().
template <class Shape>
void conv2d(const Conv2d<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
  const OutputStage stage = output_stage(c);
  int32_t* const offsets = static_cast<int32_t*>(scratch);
  int8_t* const values = reinterpret_cast<int8_t*>(offsets + c.kernel_height);
  for (int32_t y = y0; y < y1; ++y) {
    const Taps inside = rows_under(c, in, y, offsets);
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y));
    for (int32_t x = 0; x < c.out_width; ++x) {
      gather_window(c, in, offsets, inside, x, ByteValues{values});
      to = conv_pixel(c, Requantizer(stage), values, to);
    }
  }
}

// Dense, 1x1, stride 1, no pads: is_pointwise().
template <class Shape>
void pointwise(const Conv2d<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const OutputStage stage = output_stage(c);
  for (int32_t y = y0; y < y1; ++y) {
    const int8_t* from = reinterpret_cast<const int8_t*>(in.row(y));
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y));
    for (int32_t x = 0; x < c.out_width; ++x, from += c.in_channels) to = conv_pixel(c, Requantizer(stage), from, to);
  }
}

// One channel of depthwise(): where its sums start, and how they are stored.
struct DepthwiseChannel {
  int32_t bias, multiplier;
  Requantizer stored;
  int8_t finish(int32_t sum) const { return int8_t(stored(sum, multiplier)); }
  bool finishes_fast() const { return !stored.rare(); }
  int8_t finish_fast(int32_t sum) const { return int8_t(stored.common(sum, multiplier)); }
};

// One input channel for each output channel, any kernel and multiplier. Scratch: window_scratch_bytes().
template <class Shape>
void depthwise(const Conv2d<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
  const OutputStage stage = output_stage(c);
  const Requantizer stored(stage);
  const auto channel = [&](int32_t m) { return DepthwiseChannel{c.channels[2 * m], c.channels[2 * m + 1], stored}; };
  depthwise_rows<int8_t, int32_t>(c, c.weights, c.in_zero_point, channel, in, out, y0, y1,
                                  static_cast<int32_t*>(scratch));
}

}  // namespace thimble
