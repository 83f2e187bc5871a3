// Dense int8 convolutions over bands of rows, six pixels at a time in the halves of three words.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32_six.hpp"
#include "thimble/conv_six.pack.hpp"
#include "thimble/six_bands.hpp"

namespace thimble {

template <class Shape>
inline SixPixels six_stage(const ConvSix<Shape>& c) {
  SixPixels p{};
  p.weights = c.weights;
  p.channels_end = c.channels + six_pairs(c.out_channels) * six_channel_words;
  p.offset = c.offset;
  p.shift = c.shift;
  p.low = c.low;
  p.high = c.high;
  return p;
}

template <class Shape>
inline void six_products(const ConvSix<Shape>& c, SixPixels& pixels) {
  pixels.channels = c.channels;
  six_pixels(pixels);
}

// Dense, any kernel, dilation, stride and pads. Scratch: conv2d_six_scratch_bytes().
template <class Shape>
void conv2d_six(const ConvSix<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
  SixPixels pixels = six_stage(c);
  six_conv2d(c, pixels, in, out, y0, y1, scratch, [&] { six_products(c, pixels); });
}

// Dense, has_six_columns(). Scratch: conv2d_six_three_scratch_bytes().
template <class Shape>
void conv2d_six_three(const ConvSix<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                      void* scratch) {
  SixPixels pixels = six_stage(c);
  six_conv2d_three(c, pixels, in, out, y0, y1, scratch, [&] { six_products(c, pixels); });
}

// Dense, 1x1, stride 1, no pads: is_pointwise(). Exact in place when out_channels <= in_channels. Scratch:
// six_panel_bytes().
template <class Shape>
void pointwise_six(const ConvSix<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                   void* scratch) {
  SixPixels pixels = six_stage(c);
  six_pointwise(c, pixels, in, out, y0, y1, scratch, [&] { six_products(c, pixels); });
}

}  // namespace thimble
