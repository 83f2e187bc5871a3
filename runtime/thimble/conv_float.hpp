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

// `Block` output channels (float_block or 1) of `Pixels` pixels, whose values lie `apart` elements from each other;
// `channel` is the group's first input channel. Two pixels and four channels cost six loads for eight products.
template <int32_t Block, int32_t Pixels, class Shape>
inline void float_products(const ConvFloat<Shape>& c, const FloatWindow& win, int32_t apart, int32_t channel,
                           const float* weights, const float* bias, float* to) {
  float sum[Pixels][Block];
#pragma GCC unroll 2
  for (int32_t p = 0; p < Pixels; ++p)
#pragma GCC unroll 4
    for (int32_t b = 0; b < Block; ++b) sum[p][b] = bias[b];
  for (int32_t ky = win.rows.first; ky < win.rows.last; ++ky) {
    const float* w = weights + (ky * c.kernel_width + win.columns.first) * c.group_in_channels * Block;
    const float* a = reinterpret_cast<const float*>(win.base + win.offsets[ky]) + win.first + channel;
    for (int32_t piece = 0; piece < win.pieces; ++piece, a += win.step) {
      const float* value = a;
      for (const float* const end = a + win.piece; value != end; ++value, w += Block)
#pragma GCC unroll 2
        for (int32_t p = 0; p < Pixels; ++p) {
          const float v = value[p * apart];
#pragma GCC unroll 4
          for (int32_t b = 0; b < Block; ++b) sum[p][b] += v * w[b];
        }
    }
  }
#pragma GCC unroll 2
  for (int32_t p = 0; p < Pixels; ++p)
#pragma GCC unroll 4
    for (int32_t b = 0; b < Block; ++b) to[p * c.out_channels + b] = clamp_float(sum[p][b], c.low, c.high);
}

// All output channels of `Pixels` neighbours.
template <int32_t Pixels, class Shape>
inline void float_pixels(const ConvFloat<Shape>& c, const FloatWindow& win, float* to) {
  const int32_t depth = c.kernel_height * c.kernel_width * c.group_in_channels, apart = c.stride_x * c.in_channels;
  const float *w = c.weights, *bias = c.bias;
  for (int32_t channel = 0; channel < c.in_channels; channel += c.group_in_channels) {
    int32_t left = c.group_out_channels;
    for (; left >= float_block; left -= float_block, w += float_block * depth, bias += float_block, to += float_block)
      float_products<float_block, Pixels>(c, win, apart, channel, w, bias, to);
    for (; left > 0; --left, w += depth, ++bias, ++to) float_products<1, Pixels>(c, win, apart, channel, w, bias, to);
  }
}

// Any groups, dilation, stride and pads. Scratch: window_scratch_bytes().
template <class Shape>
void conv2d_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                void* scratch) {
  int32_t* const offsets = static_cast<int32_t*>(scratch);
  const Taps interior = interior_columns(c);
  for (int32_t y = y0; y < y1; ++y) {
    const Taps rows = rows_under(c, in, y, offsets);
    float* to = reinterpret_cast<float*>(out.row(y));
    for (int32_t x = 0; x < c.out_width;) {
      const FloatWindow win = float_window(c, in, offsets, rows, x);
      const int32_t pixels = x >= interior.first && x + 1 < interior.last ? 2 : 1;
      if (pixels == 2)
        float_pixels<2>(c, win, to);
      else
        float_pixels<1>(c, win, to);
      x += pixels;
      to += pixels * c.out_channels;
    }
  }
}

// Dense, 1x1, stride 1, no pads: is_pointwise().
template <class Shape>
void pointwise_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const int32_t offset = 0;
  for (int32_t y = y0; y < y1; ++y) {
    float* to = reinterpret_cast<float*>(out.row(y));
    FloatWindow win{in.row(y), &offset, {0, 1}, {0, 1}, 0, 1, c.in_channels, 0};
    int32_t left = c.out_width;
    for (; left >= 2; left -= 2, to += 2 * c.out_channels, win.first += 2 * c.in_channels) float_pixels<2>(c, win, to);
    if (left > 0) float_pixels<1>(c, win, to);
  }
}

// One channel of depthwise_f32(): where its sums start, and how they are stored.
struct DepthwiseFloatChannel {
  float bias, low, high;
  float finish(float sum) const { return clamp_float(sum, low, high); }
  bool finishes_fast() const { return true; }
  float finish_fast(float sum) const { return finish(sum); }
};

// One input channel for each output channel, any kernel and multiplier. Scratch: window_scratch_bytes().
template <class Shape>
void depthwise_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                   void* scratch) {
  const auto channel = [&](int32_t m) { return DepthwiseFloatChannel{c.bias[m], c.low, c.high}; };
  depthwise_rows<float, float>(c, c.weights, 0.0f, channel, in, out, y0, y1, static_cast<int32_t*>(scratch));
}

}  // namespace thimble
