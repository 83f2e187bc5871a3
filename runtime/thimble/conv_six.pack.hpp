// Dense int8 convolutions for cores without SIMD but with registers enough for six pixels and two channels.
#pragma once
#include <stdint.h>

#include "thimble/conv.pack.hpp"

namespace thimble {

// A word holds value a of one pixel and b of the next as a + 65536*b, so that one multiply makes two products. Over a
// group of values, t = sum of w*(a + 65536*b) has the sum of w*b in its upper half exactly once 32768 is added,
// provided that the sum of w*a lies in [-32768, 32767]. Values are at least -128: a sum of |w| of six_bound or less
// will do. A single weight always does, so that any weights can be cut into groups.
constexpr int32_t six_bound = 255;
// The kernel's code is unrolled this often.
constexpr int32_t six_longest_group = 12;

// Constants of conv2d_six and pointwise_six: a dense convolution of two or more output channels.
template <class Shape>
struct ConvSix : Shape {
  using ShapeType = Shape;
  const int8_t* weights;    // pack_conv_six()
  const int32_t* channels;  // pack_six_channels()
};

// What the kernels compute: the common form of requantize(), for pairs of channels.
template <class Shape>
constexpr bool conv_six_takes(const Shape& s) {
  return s.group_in_channels == s.in_channels && s.out_channels >= 2 && s.left_shift == 0 && s.ties_to_even == 0;
}

// What conv2d_six_three computes as well, with fewer instructions: kernels three wide.
template <class Shape>
constexpr bool has_six_columns(const Shape& s) {
  return s.kernel_width == 3 && s.stride_x == 1 && s.dilation_x == 1;
}

template <class Shape>
constexpr int32_t six_panel_bytes(const Shape& s) {
  return 3 * 4 * conv_depth(s);
}
// conv2d_six: two tables of row offsets, and the panel of words. conv2d_six_three: a pixel of padding as well.
template <class Shape>
constexpr int32_t conv2d_six_scratch_bytes(const Shape& s) {
  return 2 * window_scratch_bytes(s) + six_panel_bytes(s);
}
template <class Shape>
constexpr int32_t conv2d_six_three_scratch_bytes(const Shape& s) {
  return conv2d_six_scratch_bytes(s) + (s.in_channels + 3) / 4 * 4;
}

// Pairs of channels: 0 and 1, 2 and 3 ...; an odd last channel is paired with the one before, which is computed twice.
constexpr int32_t six_pairs(int32_t out_channels) {
  return (out_channels + 1) / 2;
}
constexpr int32_t six_first_channel(int32_t pair, int32_t out_channels) {
  return 2 * pair + 2 <= out_channels ? 2 * pair : out_channels - 2;
}

constexpr int32_t six_magnitude(int32_t w) {
  return w < 0 ? -w : w;
}
// Length of the longest legal group that starts with value k of the two channels' weights `a` and `b`.
constexpr int32_t six_group(const int8_t* a, const int8_t* b, int32_t k, int32_t depth) {
  int32_t length = 0;
  for (int32_t of_a = 0, of_b = 0; k < depth && length < six_longest_group; ++k, ++length) {
    of_a += six_magnitude(a[k]);
    of_b += six_magnitude(b[k]);
    if (of_a > six_bound || of_b > six_bound) break;
  }
  return length;
}

// From pack_conv()'s order, pair by pair: groups of values, each a byte 2*length and the weights of both channels value
// by value; then a byte 0. Gives the bytes; writes none where `packed` is null.
template <class Shape>
constexpr int32_t pack_conv_six(const Shape& s, const int8_t* weights, int8_t* packed) {
  const int32_t depth = conv_depth(s);
  int32_t bytes = 0;
  const auto put = [&](int32_t value) {
    if (packed != nullptr) packed[bytes] = int8_t(value);
    ++bytes;
  };
  for (int32_t pair = 0; pair < six_pairs(s.out_channels); ++pair) {
    const int8_t* const a = weights + six_first_channel(pair, s.out_channels) * depth;
    const int8_t* const b = a + depth;
    for (int32_t k = 0; k < depth;) {
      const int32_t length = six_group(a, b, k, depth);
      put(2 * length);
      for (const int32_t end = k + length; k < end; ++k) {
        put(a[k]);
        put(b[k]);
      }
    }
    put(0);
  }
  return bytes;
}

// For each pair of channels its first, then bias and multiplier of both.
constexpr int32_t six_channel_words = 5;
constexpr void pack_six_channels(int32_t out_channels, const int32_t* bias, const int32_t* multipliers,
                                 int32_t* packed) {
  for (int32_t pair = 0; pair < six_pairs(out_channels); ++pair) {
    const int32_t m = six_first_channel(pair, out_channels);
    *packed++ = m;
    for (int32_t i = 0; i < 2; ++i) {
      *packed++ = bias[m + i];
      *packed++ = multipliers[m + i];
    }
  }
}

}  // namespace thimble
