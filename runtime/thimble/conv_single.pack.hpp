// Dense int8 convolutions for cores without SIMD and with few registers: six pixels at a time, channel by channel.
#pragma once
#include <stdint.h>

#include "thimble/conv_six.pack.hpp"

namespace thimble {

// Words, groups and their bound are conv_six's, for one channel instead of two: all weights can be cut into groups.

// Constants of conv2d_single and pointwise_single: any dense convolution.
template <class Shape>
struct ConvSingle : Shape {
  using ShapeType = Shape;
  const int8_t* weights;    // pack_conv_single()
  const int32_t* channels;  // pack_single_channels()
};

// Length of the longest legal group that starts with value k of a channel's weights.
constexpr int32_t single_group(const int8_t* weights, int32_t k, int32_t depth) {
  return six_group(weights, weights, k, depth);
}

// From pack_conv()'s order, channel by channel: groups, each a byte with its length and the weights; then a byte 0.
// Gives the bytes; writes none where `packed` is null.
template <class Shape>
constexpr int32_t pack_conv_single(const Shape& s, const int8_t* weights, int8_t* packed) {
  const int32_t depth = conv_depth(s);
  int32_t bytes = 0;
  const auto put = [&](int32_t value) {
    if (packed != nullptr) packed[bytes] = int8_t(value);
    ++bytes;
  };
  for (int32_t m = 0; m < s.out_channels; ++m, weights += depth) {
    for (int32_t k = 0; k < depth;) {
      const int32_t length = single_group(weights, k, depth);
      put(length);
      for (const int32_t end = k + length; k < end; ++k) put(weights[k]);
    }
    put(0);
  }
  return bytes;
}

// For each channel where the sum of all t starts, where that of their upper halves starts, and the multiplier. Each t
// starts at 32768, which the first takes off again.
constexpr int32_t single_channel_words = 3;
template <class Shape>
constexpr void pack_single_channels(const Shape& s, const int8_t* weights, const int32_t* bias,
                                    const int32_t* multipliers, int32_t* packed) {
  const int32_t depth = conv_depth(s);
  for (int32_t m = 0; m < s.out_channels; ++m, weights += depth) {
    uint32_t groups = 0;
    for (int32_t k = 0; k < depth; ++groups) k += single_group(weights, k, depth);
    *packed++ = int32_t(uint32_t(bias[m]) * 65537u - groups * 32768u);
    *packed++ = bias[m];
    *packed++ = multipliers[m];
  }
}

}  // namespace thimble
