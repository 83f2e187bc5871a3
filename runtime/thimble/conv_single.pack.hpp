// Dense int8 convolutions for cores without SIMD and with few registers: six pixels at a time, channel by channel.
#pragma once
#include <stdint.h>

#include "thimble/conv.pack.hpp"

namespace thimble {

// A word holds value a of one pixel and b of the next as a + 65536*b, so that one multiply makes two products. Over a
// group of values, t = 32768 + sum of w*(a + 65536*b) has the sum of w*b in its upper half exactly, provided that the
// sum of w*a lies in [-32768, 32767]. Values are at least -128: a sum of |w| of single_bound or less will do. One
// weight alone always does, so that any weights can be cut into groups.
constexpr int32_t single_bound = 255;
// The kernel's code is unrolled this often.
constexpr int32_t single_longest_group = 12;
// Pixels side by side, in words of two.
constexpr int32_t single_words = 3;

// Constants of conv2d_single and pointwise_single: any dense convolution.
template <class Shape>
struct ConvSingle : Shape {
  using ShapeType = Shape;
  const int8_t* weights;    // pack_conv_single()
  const int32_t* channels;  // pack_single_channels()
};

template <class Shape>
constexpr int32_t single_panel_bytes(const Shape& s) {
  return single_words * 4 * conv_depth(s);
}
// conv2d_single: two tables of row offsets, and the panel of words.
template <class Shape>
constexpr int32_t conv2d_single_scratch_bytes(const Shape& s) {
  return 2 * window_scratch_bytes(s) + single_panel_bytes(s);
}

// Length of the longest legal group that starts with value k of a channel's weights.
constexpr int32_t single_group(const int8_t* weights, int32_t k, int32_t depth) {
  int32_t length = 0;
  for (int32_t sum = 0; k < depth && length < single_longest_group; ++k, ++length) {
    sum += weights[k] < 0 ? -weights[k] : weights[k];
    if (sum > single_bound) break;
  }
  return length;
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
