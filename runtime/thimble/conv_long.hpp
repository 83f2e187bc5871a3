// Dense int8 convolutions over bands of rows, six pixels at a time in three words, their sums in 64 bits.
#pragma once
#include <stdint.h>

#include "thimble/arch/v7m_long.hpp"
#include "thimble/conv_long.pack.hpp"
#include "thimble/six_bands.hpp"

namespace thimble {

template <class Shape>
inline LongPixels long_stage(const ConvLong<Shape>& c) {
  LongPixels p{};
  p.skipped_code = long_skipped_code(conv_depth(c));
  p.weights = c.weights;
  p.channels_end = c.channels + 2 * c.out_channels;
  p.offset = c.offset;
  p.shift = c.shift;
  return p;
}

// The product saturates to int8; a narrower range is cut out behind it.
inline void clamp_pixels(int8_t* const* to, int32_t channels, int32_t low, int32_t high) {
  for (int32_t i = 0; i < 6; ++i)
    for (int8_t *q = to[i], *const end = q + channels; q != end; ++q)
      *q = int8_t(*q < low ? low : *q > high ? high : *q);
}

template <class Shape>
inline void long_products(const ConvLong<Shape>& c, LongPixels& pixels) {
  pixels.panel_end = pixels.panel + 3 * conv_depth(c);
  pixels.channels_left = -c.out_channels;
  long_pixels(pixels, c.out_channels);
  if (c.low > -128 || c.high < 127) clamp_pixels(pixels.to, c.out_channels, c.low, c.high);
}

// Dense, any kernel, dilation, stride and pads. Scratch: conv2d_six_scratch_bytes().
template <class Shape>
__attribute__((noinline)) void conv2d_long(const ConvLong<Shape>& c, const RowView& in, const RowRing& out, int32_t y0,
                                           int32_t y1, void* scratch) {
  LongPixels pixels = long_stage(c);
  six_conv2d(c, pixels, in, out, y0, y1, scratch, [&] { long_products(c, pixels); });
}

// Dense, has_six_columns(). Scratch: conv2d_six_three_scratch_bytes().
template <class Shape>
__attribute__((noinline)) void conv2d_long_three(const ConvLong<Shape>& c, const RowView& in, const RowRing& out,
                                                 int32_t y0, int32_t y1, void* scratch) {
  LongPixels pixels = long_stage(c);
  six_conv2d_three(c, pixels, in, out, y0, y1, scratch, [&] { long_products(c, pixels); });
}

// Dense, 1x1, stride 1, no pads: is_pointwise(). Exact in place when out_channels <= in_channels. Scratch:
// six_panel_bytes().
template <class Shape>
__attribute__((noinline)) void pointwise_long(const ConvLong<Shape>& c, const RowView& in, const RowRing& out,
                                              int32_t y0, int32_t y1, void* scratch) {
  LongPixels pixels = long_stage(c);
  six_pointwise(c, pixels, in, out, y0, y1, scratch, [&] { long_products(c, pixels); });
}

}  // namespace thimble
