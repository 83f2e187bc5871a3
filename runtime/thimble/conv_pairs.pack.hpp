// Dense int8 convolutions for cores without SIMD: two pixels share a word, so that one multiply makes two products.
#pragma once
#include <stdint.h>

#include "thimble/conv.pack.hpp"

namespace thimble {

// Constants of conv2d_pairs and pointwise_pairs: a dense convolution whose weights pass weights_pair(). Weights lie as
// pack_conv_pairs() says; channels as in Conv2d.
template <class Shape>
struct ConvPairs : Shape {
  using ShapeType = Shape;
  const int8_t* weights;
  const int32_t* channels;
};

// Output channels computed side by side. Four keep 15 numbers in registers, two 9.
constexpr int32_t pair_block = 4;

// Values under the kernel, rounded up to whole steps of two.
template <class Shape>
constexpr int32_t pair_depth(const Shape& s) {
  return (conv_depth(s) + 1) / 2 * 2;
}

// A word holds value a of one pixel and b of the next as a + 65536*b. With weights v and w of two taps,
// t = v*(a + 65536*b) + w*(c + 65536*d) + 32768 has v*b + w*d in its upper half exactly, provided that v*a + w*c lies
// in
// [-32768, 32767]. Values are at least -128, so the sum of |v| and |w| may be 255: only -128 twice is too much.
// `weights` in pack_conv()'s order.
constexpr bool weights_pair(const int8_t* weights, int32_t out_channels, int32_t depth) {
  for (int32_t m = 0; m < out_channels; ++m, weights += depth)
    for (int32_t k = 0; k + 1 < depth; k += 2)
      if (weights[k] == -128 && weights[k + 1] == -128) return false;
  return true;
}

// conv2d_pairs: two tables of row offsets, and the panel of words.
template <class Shape>
constexpr int32_t conv2d_pairs_scratch_bytes(const Shape& s) {
  return 2 * window_scratch_bytes(s) + 4 * pair_depth(s);
}
template <class Shape>
constexpr int32_t pointwise_pairs_scratch_bytes(const Shape& s) {
  return 4 * pair_depth(s);
}

template <class Shape>
constexpr BandContract conv_pairs_contract(const Shape& s) {
  BandContract c = conv_contract(s);
  c.pairs_pixels = true;
  return c;
}

template <class Shape>
constexpr int32_t packed_conv_pairs_bytes(const Shape& s) {
  return s.out_channels * pair_depth(s);
}

// From pack_conv()'s order: blocks of pair_block output channels, those left over singly. In a block two weights of
// each channel in turn, for two values after the other.
template <class Shape>
constexpr void pack_conv_pairs(const Shape& s, const int8_t* weights, int8_t* packed) {
  const int32_t depth = conv_depth(s);
  for (int32_t m = 0; m < s.out_channels;) {
    const int32_t block = s.out_channels - m >= pair_block ? pair_block : 1;
    for (int32_t k = 0; k < depth; k += 2)
      for (int32_t b = 0; b < block; ++b) {
        const int8_t* w = weights + (m + b) * depth + k;
        *packed++ = w[0];
        *packed++ = k + 1 < depth ? w[1] : int8_t(0);
      }
    m += block;
  }
}

}  // namespace thimble
