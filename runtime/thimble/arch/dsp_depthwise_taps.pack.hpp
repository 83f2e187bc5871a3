// Depthwise convolution from planes, of kernels 2 to 8 columns wide, for cores with the DSP extension: constants, when
// it may be used, packing.
#pragma once
#include <stdint.h>

#include "thimble/arch/dsp_depthwise.pack.hpp"
#include "thimble/band.pack.hpp"
#include "thimble/planes.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// One output channel for each input channel, no dilation. The stride along x is in the kernel's name, the kernel's
// width in that of the constants.
struct DepthwiseTapsShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, channels;
  int32_t out_width;
  int32_t kernel_height;
  int32_t stride_y;
  int32_t pad_top, pad_left;
  int32_t border;  // of the planes, no less than the padding on the left and on the right
  int32_t in_zero_point;
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

template <int32_t width, class Shape>
struct DepthwiseTaps : Shape {
  static constexpr int32_t kernel_width = width;
  const int8_t* weights;     // [channels][kernel_height][kernel_width], and one byte more
  const int32_t* channels2;  // the bias and the multiplier of each channel
};
template <class Shape>
using DepthwiseTaps2 = DepthwiseTaps<2, Shape>;
template <class Shape>
using DepthwiseTaps3 = DepthwiseTaps<3, Shape>;
template <class Shape>
using DepthwiseTaps4 = DepthwiseTaps<4, Shape>;
template <class Shape>
using DepthwiseTaps5 = DepthwiseTaps<5, Shape>;
template <class Shape>
using DepthwiseTaps6 = DepthwiseTaps<6, Shape>;
template <class Shape>
using DepthwiseTaps7 = DepthwiseTaps<7, Shape>;
template <class Shape>
using DepthwiseTaps8 = DepthwiseTaps<8, Shape>;
constexpr int32_t fewest_taps = 2, most_taps = 8;

// Outputs come in fours. A narrower row is computed as if it had four: what that reads behind the last row has to lie
// in the tail, which has three bytes more than a row's padding needs. At stride 2 the last output reads a byte too
// many.
constexpr bool depthwise_taps_fit(int32_t kernel_width, int32_t stride_x, int32_t out_width) {
  return kernel_width >= fewest_taps && kernel_width <= most_taps &&
         (stride_x == 1 || (stride_x == 2 && out_width >= 3));
}

// bias has the input's zero point folded in.
constexpr void pack_depthwise_taps_channels(int32_t channels, const int32_t* bias, const int32_t* multipliers,
                                            int32_t* packed) {
  for (int32_t c = 0; c < channels; ++c) {
    *packed++ = bias[c];
    *packed++ = multipliers[c];
  }
}

}  // namespace thimble
