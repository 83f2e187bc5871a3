// Depthwise 3x3 int8 convolutions for cores with registers enough for a kernel and its column of pixels.
#pragma once
#include <stdint.h>

#include "thimble/conv.pack.hpp"

namespace thimble {

// Columns of padding behind the input that the last output reads.
template <class Shape>
constexpr int32_t walk_pad_right(const Shape& s) {
  return (s.out_width - 1) * s.stride_x - s.pad_left + 3 - s.in_width;
}

// What depthwise_walk and depthwise_walk_2 (along a row in steps of 2) compute: constants as Conv2d has them; at most
// one row or column of padding on each side, and requantize() in its common form.
template <class Shape>
constexpr bool depthwise_walks(const Shape& s, int32_t out_height) {
  const int32_t below = (out_height - 1) * s.stride_y - s.pad_top + 3 - s.in_height;
  return is_depthwise(s) && s.group_out_channels == 1 && s.kernel_height == 3 && s.kernel_width == 3 &&
         s.dilation_y == 1 && s.dilation_x == 1 && (s.stride_x == 1 || s.stride_x == 2) && s.pad_left <= 1 &&
         walk_pad_right(s) <= 1 && s.pad_top <= 1 && below <= 1 && s.left_shift == 0 && s.ties_to_even == 0;
}

}  // namespace thimble
