// Dense int8 convolutions over bands of rows, six pixels at a time in the halves of three words, channel by channel.
#pragma once
#include <stdint.h>

#include "thimble/arch/v6m_single.hpp"
#include "thimble/arch/v6m_store.hpp"
#include "thimble/conv_single.pack.hpp"
#include "thimble/six_bands.hpp"

namespace thimble {

struct SinglePixels {
  static constexpr int32_t unit = 65536;
  const int32_t* panel;  // for each value of the window three words: of the pixels 0 and 1, 2 and 3, 4 and 5
  int8_t* to[6];         // results of the pixels; the same place twice where there are less than six
};

// All channels of a panel. Out of line: else the frame of whoever calls a specialised form grows.
template <class Shape>
__attribute__((noinline)) void single_products(const ConvSingle<Shape>& c, const OutputStage& stage,
                                               const SinglePixels& pixels) {
  const int8_t* w = c.weights;
  const int32_t* channel = c.channels;
  for (int32_t m = 0; m < c.out_channels; ++m, channel += single_channel_words) {
    int32_t sums[6];
    w = single_sums(pixels.panel, w, channel, sums);
    store_pixels(sums, sums + 6, channel[2], stage, pixels.to, m);
  }
}

// Dense, any kernel, dilation, stride and pads. Scratch: conv2d_six_scratch_bytes().
template <class Shape>
void conv2d_single(const ConvSingle<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                   void* scratch) {
  const OutputStage stage = output_stage(c);
  SinglePixels pixels{};
  six_conv2d(c, pixels, in, out, y0, y1, scratch, [&] { single_products(c, stage, pixels); });
}

// Dense, 1x1, stride 1, no pads: is_pointwise(). Exact in place when out_channels <= in_channels. Scratch:
// six_panel_bytes().
template <class Shape>
void pointwise_single(const ConvSingle<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                      void* scratch) {
  const OutputStage stage = output_stage(c);
  SinglePixels pixels{};
  six_pointwise(c, pixels, in, out, y0, y1, scratch, [&] { single_products(c, stage, pixels); });
}

}  // namespace thimble
