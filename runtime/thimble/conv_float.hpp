// Float convolutions over bands of rows, NHWC: any geometry, depthwise, and pointwise.
#pragma once
#include <stdint.h>

#include "thimble/arch/float_products.hpp"
#include "thimble/conv_float.pack.hpp"
#include "thimble/conv_window.hpp"
#include "thimble/depthwise_rows.hpp"
#include "thimble/rows.hpp"
#include "thimble/runs.hpp"

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

// Clamps `Count` results where they lie. A ReLU is done on bits: the FPU's comparison takes four instructions each.
template <int32_t Count>
inline void clamp_floats(float low, float high, float* results) {
  const bool open_above = high == __builtin_inff();
  if (open_above && low == 0.0f) {
#pragma GCC unroll 8
    for (int32_t i = 0; i < Count; ++i) {
      int32_t bits;
      __builtin_memcpy(&bits, results + i, 4);
      bits &= ~(bits >> 31);
      __builtin_memcpy(results + i, &bits, 4);
    }
  } else if (!open_above || low != -__builtin_inff()) {
#pragma GCC unroll 1
    for (int32_t i = 0; i < Count; ++i) results[i] = clamp_float(results[i], low, high);
  }
}

// Four output channels of one pixel or two, whose values lie `apart` elements from each other; `channel` is the group's
// first input channel. The result's place holds the sums from one run to the next.
template <int32_t Pixels, class Shape>
inline void four_channels(const ConvFloat<Shape>& c, const FloatWindow& win, int32_t apart, int32_t channel,
                          const float* weights, const float* bias, float* to) {
  float* const next = to + c.out_channels;
  const float *start = bias, *start_2 = bias;
  const auto run = [&](const float* a, const float* w, int32_t n) {
    if constexpr (Pixels == 2)
      four_sums_of_2({start, a, to}, {start_2, a + apart, next}, w, n);
    else
      four_sums(start, a, w, n, to);
    start = to;
    start_2 = next;
  };
  const int32_t row = 4 * c.kernel_width * c.group_in_channels, piece = win.piece, pieces = win.pieces;
  const float* w_row = weights + win.rows.first * row + 4 * win.columns.first * c.group_in_channels;
  const uint8_t* const base = win.base + 4 * (win.first + channel);
  const int32_t* const end = win.offsets + win.rows.last;
  for (const int32_t* offset = win.offsets + win.rows.first; offset < end; ++offset, w_row += row) {
    const float *a = reinterpret_cast<const float*>(base + *offset), *w = w_row;
    for (int32_t i = 0; i < pieces; ++i, a += win.step, w += 4 * piece) run(a, w, piece);
  }
  if (start == bias) run(bias, weights, 0);
  clamp_floats<4>(c.low, c.high, to);
  if constexpr (Pixels == 2) clamp_floats<4>(c.low, c.high, next);
}

// The same for one output channel.
template <int32_t Pixels, class Shape>
inline void one_channel(const ConvFloat<Shape>& c, const FloatWindow& win, int32_t apart, int32_t channel,
                        const float* weights, float bias, float* to) {
  float s = bias, t = bias;
  for (int32_t ky = win.rows.first; ky < win.rows.last; ++ky) {
    const float* w = weights + (ky * c.kernel_width + win.columns.first) * c.group_in_channels;
    const float* a = reinterpret_cast<const float*>(win.base + win.offsets[ky]) + win.first + channel;
    for (int32_t piece = 0; piece < win.pieces; ++piece, a += win.step)
      for (int32_t i = 0; i < win.piece; ++i, ++w) {
        s += a[i] * *w;
        if constexpr (Pixels == 2) t += a[apart + i] * *w;
      }
  }
  to[0] = clamp_float(s, c.low, c.high);
  if constexpr (Pixels == 2) to[c.out_channels] = clamp_float(t, c.low, c.high);
}

// All output channels of `Pixels` neighbours.
template <int32_t Pixels, class Shape>
inline void float_pixels(const ConvFloat<Shape>& c, const FloatWindow& win, float* to) {
  const int32_t depth = c.kernel_height * c.kernel_width * c.group_in_channels, apart = c.stride_x * c.in_channels;
  const float *w = c.weights, *bias = c.bias;
  for (int32_t channel = 0; channel < c.in_channels; channel += c.group_in_channels) {
    int32_t left = c.group_out_channels;
    for (; left >= float_block; left -= float_block, w += float_block * depth, bias += float_block, to += float_block)
      four_channels<Pixels>(c, win, apart, channel, w, bias, to);
    for (; left > 0; --left, w += depth, ++bias, ++to) one_channel<Pixels>(c, win, apart, channel, w, *bias, to);
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

// Dense, 1x1, stride 1, no pads: is_pointwise(). Rows that lie one behind the other are one.
template <class Shape>
void pointwise_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const auto run = [&](int32_t rows, uint8_t* result, const uint8_t* from) {
    const int32_t offset = 0;
    float* to = reinterpret_cast<float*>(result);
    FloatWindow win{from, &offset, {0, 1}, {0, 1}, 0, 1, c.in_channels, 0};
    int32_t left = rows * c.out_width;
    for (; left >= 2; left -= 2, to += 2 * c.out_channels, win.first += 2 * c.in_channels) float_pixels<2>(c, win, to);
    if (left > 0) float_pixels<1>(c, win, to);
  };
  for_each_run(y0, y1, run, out, in);
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

// All channels of one pixel of depthwise_eights_f32(). A product costs 1.6 instructions, a result 5 more.
template <class Shape>
inline void depthwise_pixel(const ConvFloat<Shape>& c, const FloatWindow& win, float* to) {
  constexpr int32_t block = depthwise_float_block;
  const int32_t taps = c.kernel_height * c.kernel_width, count = win.columns.count(), step = win.step;
  const int32_t last = count > 0 ? win.rows.last : win.rows.first;
  const uint8_t* const base = win.base + 4 * win.first;
  const float* weights = c.weights;
  int32_t m = 0;
  for (; m + block <= c.out_channels; m += block) {
    const float* bias = c.bias + m;
    const float *start = bias, *w = weights + (win.rows.first * c.kernel_width + win.columns.first) * block;
    for (int32_t ky = win.rows.first; ky < last; ++ky, w += c.kernel_width * block, start = to + m)
      eight_taps(start, reinterpret_cast<const float*>(base + win.offsets[ky]) + m, step, w, count, to + m);
    if (start == bias)
      for (int32_t k = 0; k < block; ++k) to[m + k] = bias[k];
    weights += taps * block;
    clamp_floats<block>(c.low, c.high, to + m);
  }
  for (; m < c.out_channels; ++m, weights += taps) {
    float s = c.bias[m];
    for (int32_t ky = win.rows.first; ky < win.rows.last; ++ky) {
      const float* a = reinterpret_cast<const float*>(win.base + win.offsets[ky]) + win.first + m;
      const float* w = weights + ky * c.kernel_width + win.columns.first;
      for (int32_t kx = 0; kx < count; ++kx) s += a[kx * win.step] * w[kx];
    }
    to[m] = clamp_float(s, c.low, c.high);
  }
}

// One input channel for each output channel, multiplier 1: eight channels side by side. Scratch:
// window_scratch_bytes().
template <class Shape>
void depthwise_eights_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                          void* scratch) {
  int32_t* const offsets = static_cast<int32_t*>(scratch);
  const Taps interior = interior_columns(c);
  for (int32_t y = y0; y < y1; ++y) {
    const Taps rows = rows_under(c, in, y, offsets);
    float* to = reinterpret_cast<float*>(out.row(y));
    for (int32_t x = 0; x < c.out_width; ++x, to += c.out_channels) {
      const int32_t left = x * c.stride_x - c.pad_left;
      const bool inside = x >= interior.first && x < interior.last;
      const Taps columns =
          inside ? Taps{0, c.kernel_width} : taps_inside(left, c.dilation_x, c.kernel_width, c.in_width);
      depthwise_pixel(c,
                      {in.base, offsets, rows, columns, (left + columns.first * c.dilation_x) * c.in_channels, 0, 0,
                       c.dilation_x * c.in_channels},
                      to);
    }
  }
}

}  // namespace thimble
