// What every convolution's shape says of its window: which rows a band reads, and the scratch for their places.
#pragma once
#include <stdint.h>

#include "thimble/band.pack.hpp"

namespace thimble {

template <class Shape>
constexpr BandContract conv_contract(const Shape& s) {
  BandContract c;
  c.window = (s.kernel_height - 1) * s.dilation_y + 1;
  c.stride = s.stride_y;
  c.pad_top = s.pad_top;
  return c;
}

// Offsets of the rows under the kernel: one int32 each, at the start of the scratch.
template <class Shape>
constexpr int32_t window_scratch_bytes(const Shape& s) {
  return s.kernel_height * 4;
}

// A convolution whose groups have one input channel each.
template <class Shape>
constexpr bool is_depthwise(const Shape& s) {
  return s.group_in_channels == 1 && s.in_channels > 1;
}

// A dense 1x1 convolution that reads each pixel once, and no padding.
template <class Shape>
constexpr bool is_pointwise(const Shape& s, int32_t out_height) {
  return s.kernel_height == 1 && s.kernel_width == 1 && s.stride_y == 1 && s.stride_x == 1 && s.pad_top == 0 &&
         s.pad_left == 0 && s.group_in_channels == s.in_channels && s.in_height == out_height &&
         s.in_width == s.out_width;
}

}  // namespace thimble
