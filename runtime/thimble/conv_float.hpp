// Float convolutions over bands of rows, NHWC: any geometry, depthwise, and pointwise.
#pragma once
#include <stdint.h>

#include "thimble/conv_float.pack.hpp"
#include "thimble/conv_window.hpp"
#include "thimble/depthwise_rows.hpp"
#include "thimble/rows.hpp"

namespace thimble {

inline float clamp_float(float v, float low, float high) {
  return v < low ? low : v > high ? high : v;
}

// The values under the kernel of one pixel: `rows` runs of pixels that lie inside the image. A run is one piece of
// memory when the convolution is dense and not dilated.
struct FloatWindow {
  const uint8_t* base;
  const int32_t* offsets;  // of the rows under the kernel, in bytes
  Taps rows, columns;      // inside the image
  int32_t first;           // element of the row that column columns.first reads
  int32_t pieces, piece;   // pieces of memory in a run, and their elements
  int32_t step;            // elements from one piece to the next
};

template <class Shape>
inline FloatWindow float_window(const Shape& s, const RowView& in, const int32_t* offsets, Taps rows, int32_t x) {
  const int32_t left = x * s.stride_x - s.pad_left;
  const Taps columns = taps_inside(left, s.dilation_x, s.kernel_width, s.in_width);
  const int32_t n = columns.last - columns.first, at = (left + columns.first * s.dilation_x) * s.in_channels;
  const bool one_piece = s.group_in_channels == s.in_channels && s.dilation_x == 1;
  if (one_piece) return {in.base, offsets, rows, columns, at, 1, n * s.in_channels, 0};
  return {in.base, offsets, rows, columns, at, n, s.group_in_channels, s.dilation_x * s.in_channels};
}

// `Block` output channels (float_block or 1) of one pixel; `channel` is the group's first input channel. A value costs
// one load, and a load and a product for each channel.
template <int32_t Block, class Shape>
inline void float_products(const ConvFloat<Shape>& c, const FloatWindow& win, int32_t channel, const float* weights,
                           const float* bias, float* to) {
  float sum[Block];
  for (int32_t b = 0; b < Block; ++b) sum[b] = bias[b];
  for (int32_t ky = win.rows.first; ky < win.rows.last; ++ky) {
    const float* w = weights + (ky * c.kernel_width + win.columns.first) * c.group_in_channels * Block;
    const float* a = reinterpret_cast<const float*>(win.base + win.offsets[ky]) + win.first + channel;
    for (int32_t p = 0; p < win.pieces; ++p, a += win.step) {
      for (int32_t i = 0; i < win.piece; ++i, w += Block)
        for (int32_t b = 0; b < Block; ++b) sum[b] += a[i] * w[b];
    }
  }
  for (int32_t b = 0; b < Block; ++b) to[b] = clamp_float(sum[b], c.low, c.high);
}

template <class Shape>
inline void float_pixel(const ConvFloat<Shape>& c, const FloatWindow& win, float* to) {
  const int32_t depth = c.kernel_height * c.kernel_width * c.group_in_channels;
  const float *w = c.weights, *bias = c.bias;
  for (int32_t channel = 0; channel < c.in_channels; channel += c.group_in_channels) {
    int32_t left = c.group_out_channels;
    for (; left >= float_block; left -= float_block, w += float_block * depth, bias += float_block, to += float_block)
      float_products<float_block>(c, win, channel, w, bias, to);
    for (; left > 0; --left, w += depth, ++bias, ++to) float_products<1>(c, win, channel, w, bias, to);
  }
}

// Any groups, dilation, stride and pads. Scratch: window_scratch_bytes().
template <class Shape>
void conv2d_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                void* scratch) {
  int32_t* const offsets = static_cast<int32_t*>(scratch);
  for (int32_t y = y0; y < y1; ++y) {
    const Taps rows = rows_under(c, in, y, offsets);
    float* to = reinterpret_cast<float*>(out.row(y));
    for (int32_t x = 0; x < c.out_width; ++x, to += c.out_channels)
      float_pixel(c, float_window(c, in, offsets, rows, x), to);
  }
}

// Dense, 1x1, stride 1, no pads: is_pointwise().
template <class Shape>
void pointwise_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const int32_t offset = 0;
  for (int32_t y = y0; y < y1; ++y) {
    float* to = reinterpret_cast<float*>(out.row(y));
    FloatWindow win{in.row(y), &offset, {0, 1}, {0, 1}, 0, 1, c.in_channels, 0};
    for (int32_t x = 0; x < c.out_width; ++x, to += c.out_channels, win.first += c.in_channels) float_pixel(c, win, to);
  }
}

// One channel of depthwise_f32(): where its sums start, and how they are stored.
struct DepthwiseFloatChannel {
  float bias, low, high;
  float finish(float sum) const { return clamp_float(sum, low, high); }
};

// One input channel for each output channel, any kernel and multiplier. Scratch: window_scratch_bytes().
template <class Shape>
void depthwise_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                   void* scratch) {
  const auto channel = [&](int32_t m) { return DepthwiseFloatChannel{c.bias[m], c.low, c.high}; };
  depthwise_rows<float, float>(c, c.weights, 0.0f, channel, in, out, y0, y1, static_cast<int32_t*>(scratch));
}

}  // namespace thimble
