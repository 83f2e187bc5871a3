// Depthwise int8 convolutions of any kernel for cores without SIMD.
#pragma once
#include <stdint.h>

#include "thimble/conv.pack.hpp"

namespace thimble {

// What depthwise_fours computes: any kernel, stride, dilation, multiplier and pads. Constants as Conv2d has them,
// requantize() in its common form. A single pixel would cost as much as four.
template <class Shape>
constexpr bool depthwise_fours_takes(const Shape& s, int32_t out_height) {
  return is_depthwise(s) && out_height * s.out_width > 1 && s.left_shift == 0 && s.ties_to_even == 0;
}

// The offsets of the rows under the kernel; for each position of the kernel where it lies for each of four pixels; a
// pixel of padding.
template <class Shape>
constexpr int32_t depthwise_fours_scratch_bytes(const Shape& s) {
  return window_scratch_bytes(s) + s.kernel_height * s.kernel_width * 16 + (s.in_channels + 3) / 4 * 4;
}

}  // namespace thimble
