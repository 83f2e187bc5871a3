// Dense int8 convolutions for cores without SIMD that add products to 64-bit sums.
#pragma once
#include <stdint.h>

#include "thimble/conv.pack.hpp"

namespace thimble {

// A word holds value a of one pixel and b of the next as a + long_unit*b. The 64-bit sum of w*(a + long_unit*b) has the
// sum of w*a in its lower 23 bits and the sum of w*b above them, both exact, provided that the sum of w*a lies in
// [-2^22, 2^22 - 1]. Values are at least -128: a sum of |w| of long_bound or less will do.
constexpr int32_t long_unit = 1 << 23;
constexpr int32_t long_bound = 32767;

// Constants of conv2d_long, conv2d_long_three and pointwise_long: as Conv2d has them. Their panel and scratch are those
// of conv_six.
template <class Shape>
struct ConvLong : Shape {
  using ShapeType = Shape;
  const int8_t* weights;
  const int32_t* channels;
};

// What the kernels compute: the common form of requantize(), and sums that keep out of each other's way. `weights` in
// pack_conv()'s order.
template <class Shape>
constexpr bool conv_long_takes(const Shape& s, const int8_t* weights) {
  if (s.group_in_channels != s.in_channels || s.left_shift != 0 || s.ties_to_even != 0) return false;
  const int32_t depth = conv_depth(s);
  for (int32_t m = 0; m < s.out_channels; ++m, weights += depth) {
    int64_t sum = 0;
    for (int32_t k = 0; k < depth; ++k) sum += weights[k] < 0 ? -weights[k] : weights[k];
    if (sum > long_bound) return false;
  }
  return true;
}

}  // namespace thimble
