// Depthwise convolution from NHWC, of any kernel, for cores with the DSP extension: constants and packing.
#pragma once
#include <stdint.h>

#include "thimble/band.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// One output channel for each input channel; dilation is 1 along x.
struct DepthwiseNhwcDspShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, channels;
  int32_t out_width;
  int32_t kernel_height, kernel_width;
  int32_t stride_y, stride_x;
  int32_t pad_top, pad_left;
  int32_t dilation_y;
  int32_t in_zero_point;
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

template <class Shape>
struct DepthwiseNhwcDsp : Shape {
  using ShapeType = Shape;
  const int32_t* weights;    // pack_depthwise_nhwc_dsp
  const int32_t* channels4;  // four biases, then four multipliers, for each four channels
};

template <class Shape>
constexpr int32_t depthwise_nhwc_words(const Shape& s) {
  return (s.channels + 3) / 4 * s.kernel_height * s.kernel_width;
}
template <class Shape>
constexpr int32_t depthwise_nhwc_channel_words(const Shape& s) {
  return (s.channels + 3) / 4 * 8;
}

// Where each tap reads: for the pixels of a row inside the image, and for one at an edge.
template <class Shape>
constexpr int32_t depthwise_nhwc_scratch_bytes(const Shape& s) {
  return 2 * s.kernel_height * s.kernel_width * 4;
}

// [groups of four channels][taps] words: byte c of a word is channel c's weight. Channels that do not exist are 0.
// weights: [channels][kernel_height][kernel_width].
template <class Shape>
constexpr void pack_depthwise_nhwc_dsp(const Shape& s, const int8_t* weights, int32_t* packed) {
  const int32_t taps = s.kernel_height * s.kernel_width;
  for (int32_t c = 0; c < s.channels; c += 4)
    for (int32_t t = 0; t < taps; ++t) {
      uint32_t word = 0;
      for (int32_t k = 0; k < 4 && c + k < s.channels; ++k)
        word |= (uint32_t(weights[(c + k) * taps + t]) & 0xff) << (8 * k);
      *packed++ = int32_t(word);
    }
}

template <class Shape>
constexpr void pack_depthwise_nhwc_channels(const Shape& s, const int32_t* bias, const int32_t* multipliers,
                                            int32_t* packed) {
  for (int32_t c = 0; c < s.channels; c += 4)
    for (int32_t k = 0; k < 8; ++k) {
      const int32_t channel = c + k % 4;
      *packed++ = channel >= s.channels ? 0 : k < 4 ? bias[channel] : multipliers[channel];
    }
}

}  // namespace thimble
