// The constants of pooling layers: windows over rows of pixels.
#pragma once
#include <stdint.h>

#include "thimble/band.pack.hpp"

namespace thimble {

// Output pixel (y, x) reads the pixels (y * stride_y - pad_top + i * dilation_y, x * stride_x - pad_left + j *
// dilation_x) that lie inside the input, i below kernel_height, j below kernel_width. A 1-D pool runs down the height;
// its width is 1.
struct PoolShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, channels, out_width;
  int32_t kernel_height, kernel_width;
  int32_t stride_y, stride_x;
  int32_t dilation_y, dilation_x;
  int32_t pad_top, pad_left;
};

// The largest of the window, clipped to [low, high].
template <class Shape>
struct MaxPool : Shape {
  int32_t low, high;  // stored numbers
};

template <class Shape>
struct MaxPoolF32 : Shape {
  float low, high;  // infinite where open
};

// What an average divides by: the window's pixels inside the input, or those in front of padded_height and padded_width
// too (input and padding behind it; what ceil_mode adds beyond counts never).
struct AveragePoolShape : PoolShape {
  int32_t include_pad;  // 0 or 1
  int32_t padded_height, padded_width;
  int32_t in_zero;
  int32_t fewest;                                                          // of all divisors
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // see OutputStage
};

// requantize(sum of (in - in_zero), multipliers[divisor - fewest])
template <class Shape>
struct AveragePool : Shape {
  const int32_t* multipliers;  // for each divisor from `fewest` up, see requantize.hpp
};

// sum / divisor, clipped to [low, high].
template <class Shape>
struct AveragePoolF32 : Shape {
  int32_t include_pad;
  int32_t padded_height, padded_width;
  float low, high;  // infinite where open
};

template <class Shape>
constexpr BandContract pool_contract(const Shape& c) {
  return {(c.kernel_height - 1) * c.dilation_y + 1, c.stride_y, c.pad_top};
}

}  // namespace thimble
