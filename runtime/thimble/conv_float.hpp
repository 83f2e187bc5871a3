// Float convolutions over bands of rows, NHWC: any geometry, depthwise, and pointwise.
#pragma once
#include <stdint.h>

#include "thimble/arch/float_products.hpp"
#include "thimble/conv_float.pack.hpp"
#include "thimble/conv_window.hpp"
#include "thimble/depthwise_rows.hpp"
#include "thimble/math.hpp"
#include "thimble/rows.hpp"
#include "thimble/runs.hpp"
#include "thimble/stack.hpp"

namespace thimble {

inline float clamp_float(float v, float low, float high) {
  return v < low ? low : v > high ? high : v;
}

// The values under the kernel of one pixel, or of two neighbours whose windows lie inside the image: `rows` runs of
// pixels. A run is one piece of memory when the convolution is dense and not dilated.
struct FloatWindow {
  int32_t pixels;
  const uint8_t* base;     // of the first column inside the image, in the row at offset 0
  const int32_t* offsets;  // of the rows under the kernel, in bytes
  const Taps& rows;        // inside the image
  int32_t column;          // the first inside the image
  int32_t pieces, piece;   // pieces of memory in a run, and their elements
  int32_t step;            // elements from one piece to the next
};

template <class Shape>
inline FloatWindow float_window(const Shape& s, const RowView& in, const int32_t* offsets, const Taps& rows,
                                int32_t pixels, int32_t x) {
  const int32_t left = x * s.stride_x - s.pad_left;
  const Taps columns = taps_inside(left, s.dilation_x, s.kernel_width, s.in_width);
  const int32_t n = columns.last - columns.first, at = (left + columns.first * s.dilation_x) * s.in_channels;
  const bool one_piece = s.group_in_channels == s.in_channels && s.dilation_x == 1;
  const uint8_t* const base = in.base + 4 * at;
  if (one_piece) return {pixels, base, offsets, rows, columns.first, 1, n * s.in_channels, 0};
  return {pixels, base, offsets, rows, columns.first, n, s.group_in_channels, s.dilation_x * s.in_channels};
}

// Clamps `Count` results where they lie. A ReLU is done on bits: the FPU's comparison takes four instructions each.
template <int32_t Count>
inline void clamp_floats(float low, float high, float* results) {
  constexpr uint32_t infinity = 0x7f800000, minus = 0x80000000;
  const uint32_t low_bits = bits_of(low);
  const bool open_above = bits_of(high) == infinity;
  if (open_above && low_bits == 0) {
#pragma GCC unroll 8
    for (int32_t i = 0; i < Count; ++i) {
      const int32_t bits = int32_t(bits_of(results[i]));
      results[i] = float_of(uint32_t(bits & ~(bits >> 31)));
    }
  } else if (!open_above || low_bits != (infinity | minus)) {
#pragma GCC unroll 1
    for (int32_t i = 0; i < Count; ++i) results[i] = clamp_float(results[i], low, high);
  }
}

__attribute__((always_inline)) inline void sums_of_pixels(int32_t pixels, const FloatPixel& one, const FloatPixel& two,
                                                          const float* weights, int32_t n) {
  if (pixels == 2)
    four_sums_of_2(one, two, weights, n);
  else
    four_sums(one.start, one.values, weights, n, one.sums);
}

// All output channels of one pixel or two of a dense convolution, from the `depth` values under the kernel in the order
// of the weights. The second pixel's lie `apart` elements behind.
template <class Shape>
inline void pixels_of_runs(const ConvFloat<Shape>& c, int32_t pixels, const float* values, int32_t apart, int32_t depth,
                           float* to) {
  const float *w = c.weights, *bias = c.bias;
  const int32_t out_channels = c.out_channels;
  int32_t left = out_channels;
  for (; left >= 4; left -= 4, w += 4 * depth, bias += 4, to += 4) {
    float* const next = to + out_channels;
    sums_of_pixels(pixels, {bias, values, to}, {bias, values + apart, next}, w, depth);
    clamp_floats<4>(c.low, c.high, to);
    if (pixels == 2) clamp_floats<4>(c.low, c.high, next);
  }
  for (; left > 0; --left, w += depth, ++bias, ++to)
    for (int32_t p = 0; p < pixels; ++p) {
      float s = *bias;
      for (int32_t i = 0; i < depth; ++i) s += values[p * apart + i] * w[i];
      to[p * out_channels] = clamp_float(s, c.low, c.high);
    }
}

// Four output channels of the window's pixels; `channel` is the group's first input channel. The result's place holds
// the sums from one run to the next.
template <class Shape>
inline void four_channels(const ConvFloat<Shape>& c, const FloatWindow& win, int32_t channel, const float* weights,
                          const float* bias, float* to) {
  const int32_t pixels = win.pixels, apart = c.stride_x * c.in_channels;
  float* const next = to + c.out_channels;
  for (int32_t k = 0; k < 4; ++k) to[k] = bias[k];
  if (pixels == 2)
    for (int32_t k = 0; k < 4; ++k) next[k] = bias[k];
  const int32_t row = 4 * c.kernel_width * c.group_in_channels, piece = win.piece, pieces = win.pieces;
  const float* w_row = weights + win.rows.first * row + 4 * win.column * c.group_in_channels;
  const uint8_t* const base = win.base + 4 * channel;
  const int32_t* const end = win.offsets + win.rows.last;
  for (const int32_t* offset = win.offsets + win.rows.first; offset < end; ++offset, w_row += row) {
    const float *a = reinterpret_cast<const float*>(base + *offset), *w = w_row;
    for (int32_t i = 0; i < pieces; ++i, a += win.step, w += 4 * piece)
      sums_of_pixels(pixels, {to, a, to}, {next, a + apart, next}, w, piece);
  }
  clamp_floats<4>(c.low, c.high, to);
  if (pixels == 2) clamp_floats<4>(c.low, c.high, next);
}

// The same for one output channel. Not inlined, for the sake of its caller's stack.
template <class Shape>
__attribute__((noinline)) void one_channel(const ConvFloat<Shape>& c, const FloatWindow& win, int32_t channel,
                                           const float* weights, float bias, float* to) {
  const int32_t pixels = win.pixels, apart = c.stride_x * c.in_channels;
  float s = bias, t = bias;
  for (int32_t ky = win.rows.first; ky < win.rows.last; ++ky) {
    const float* w = weights + (ky * c.kernel_width + win.column) * c.group_in_channels;
    const float* a = reinterpret_cast<const float*>(win.base + win.offsets[ky]) + channel;
    for (int32_t piece = 0; piece < win.pieces; ++piece, a += win.step)
      for (int32_t i = 0; i < win.piece; ++i, ++w) {
        s += a[i] * *w;
        if (pixels == 2) t += a[apart + i] * *w;
      }
  }
  to[0] = clamp_float(s, c.low, c.high);
  if (pixels == 2) to[c.out_channels] = clamp_float(t, c.low, c.high);
}

// Inlined for the sake of the stack.
template <class Shape>
__attribute__((always_inline)) inline void channels_of_window(const ConvFloat<Shape>& c, const FloatWindow& win,
                                                              float* to) {
  const int32_t depth = c.kernel_height * c.kernel_width * c.group_in_channels;
  const float *w = c.weights, *bias = c.bias;
  for (int32_t channel = 0; channel < c.in_channels; channel += c.group_in_channels) {
    forget_reads();
    int32_t left = c.group_out_channels;
    for (; left >= float_block; left -= float_block, w += float_block * depth, bias += float_block, to += float_block)
      four_channels(c, win, channel, w, bias, to);
    for (; left > 0; --left, w += depth, ++bias, ++to) one_channel(c, win, channel, w, *bias, to);
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
      forget_reads();
      const int32_t pixels = x >= interior.first && x + 1 < interior.last ? 2 : 1;
      channels_of_window(c, float_window(c, in, offsets, rows, pixels, x), to);
      x += pixels;
      to += pixels * c.out_channels;
    }
  }
}

inline float* append_zeros(int32_t count, float* to) {
  for (float* const end = to + count; to != end;) *to++ = 0.0f;
  return to;
}

// The values under the kernel of pixel x in the order of the weights, zeros beside the image. Gives the end.
template <class Shape>
inline float* gather_window(const Shape& s, const RowView& in, const int32_t* offsets, Taps rows, int32_t x,
                            float* to) {
  const int32_t left = x * s.stride_x - s.pad_left, run = s.kernel_width * s.in_channels;
  const Taps columns = taps_inside(left, 1, s.kernel_width, s.in_width);
  const int32_t before = columns.first * s.in_channels, count = columns.count() * s.in_channels;
  const int32_t at = left * s.in_channels + before;
  to = append_zeros(rows.first * run, to);
  for (int32_t ky = rows.first; ky < rows.last; ++ky) {
    to = append_zeros(before, to);
    const float* from = reinterpret_cast<const float*>(in.base + offsets[ky]) + at;
    for (float* const end = to + count; to != end;) *to++ = *from++;
    to = append_zeros(run - before - count, to);
  }
  return append_zeros((s.kernel_height - rows.last) * run, to);
}

// Dense and not dilated along the width, of few values under the kernel: gathers_floats(). They are gathered once for
// all output channels, in five instructions each; so products run through whole windows, and pixels at the edges cost
// no more. Scratch: float_panel_scratch_bytes().
template <class Shape>
void conv2d_panel_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                      void* scratch) {
  int32_t* const offsets = static_cast<int32_t*>(scratch);
  float* const panel = reinterpret_cast<float*>(offsets + c.kernel_height);
  const int32_t depth = c.kernel_height * c.kernel_width * c.in_channels;
  for (int32_t y = y0; y < y1; ++y) {
    const Taps rows = rows_under(c, in, y, offsets);
    float* to = reinterpret_cast<float*>(out.row(y));
    for (int32_t x = 0; x < c.out_width; x += 2, to += 2 * c.out_channels) {
      const int32_t pixels = min(2, c.out_width - x);
      float* const second = gather_window(c, in, offsets, rows, x, panel);
      if (pixels == 2) gather_window(c, in, offsets, rows, x + 1, second);
      pixels_of_runs(c, pixels, panel, depth, depth, to);
    }
  }
}

// Dense, 1x1, stride 1, no pads: is_pointwise(). Rows that lie one behind the other are one.
template <class Shape>
void pointwise_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const auto run = [&](int32_t rows, uint8_t* result, const uint8_t* from) {
    const float* values = reinterpret_cast<const float*>(from);
    float* to = reinterpret_cast<float*>(result);
    for (int32_t left = rows * c.out_width; left > 0; left -= 2, to += 2 * c.out_channels, values += 2 * c.in_channels)
      pixels_of_runs(c, min(2, left), values, c.in_channels, c.in_channels, to);
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
__attribute__((noinline)) void depthwise_f32(const ConvFloat<Shape>& c, const RowView& in, const RowRing& out,
                                             int32_t y0, int32_t y1, void* scratch) {
  const auto channel = [&](int32_t m) { return DepthwiseFloatChannel{c.bias[m], c.low, c.high}; };
  depthwise_rows<float, float>(c, c.weights, 0.0f, channel, in, out, y0, y1, static_cast<int32_t*>(scratch));
}

// All channels of one pixel of depthwise_eights_f32(). A product costs 1.6 instructions, a result 5 more.
template <class Shape>
inline void depthwise_pixel(const ConvFloat<Shape>& c, const FloatWindow& win, float* to) {
  constexpr int32_t block = depthwise_float_block;
  const int32_t taps = c.kernel_height * c.kernel_width, count = win.pieces, step = win.step;
  const int32_t last = count > 0 ? win.rows.last : win.rows.first;
  const float* weights = c.weights;
  int32_t m = 0;
  for (; m + block <= c.out_channels; m += block) {
    const float* bias = c.bias + m;
    const float *start = bias, *w = weights + (win.rows.first * c.kernel_width + win.column) * block;
    for (int32_t ky = win.rows.first; ky < last; ++ky, w += c.kernel_width * block, start = to + m)
      eight_taps(start, reinterpret_cast<const float*>(win.base + win.offsets[ky]) + m, step, w, count, to + m);
    if (start == bias)
      for (int32_t k = 0; k < block; ++k) to[m + k] = bias[k];
    weights += taps * block;
    clamp_floats<block>(c.low, c.high, to + m);
  }
  for (; m < c.out_channels; ++m, weights += taps) {
    float s = c.bias[m];
    for (int32_t ky = win.rows.first; ky < win.rows.last; ++ky) {
      const float* a = reinterpret_cast<const float*>(win.base + win.offsets[ky]) + m;
      const float* w = weights + ky * c.kernel_width + win.column;
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
                      {1, in.base + 4 * (left + columns.first * c.dilation_x) * c.in_channels, offsets, rows,
                       columns.first, columns.count(), 1, c.dilation_x * c.in_channels},
                      to);
    }
  }
}

}  // namespace thimble
