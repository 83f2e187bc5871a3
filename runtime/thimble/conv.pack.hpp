// Constants and packing of the portable int8 convolutions. Their result is requantize() of the exact sum.
#pragma once
#include <stdint.h>

#include "thimble/conv_window.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// Geometry and output stage of an int8 convolution. A 1-D convolution has width 1: its length is the height.
struct ConvShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, in_channels;
  int32_t out_width, out_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_y, stride_x;
  int32_t dilation_y, dilation_x;
  int32_t pad_top, pad_left;   // rows and columns of padding before the input; those behind follow from the sizes
  int32_t group_in_channels;   // input channels that one output channel reads: all of them when dense
  int32_t group_out_channels;  // output channels that share them: a depthwise convolution's multiplier
  int32_t in_zero_point;       // value of the padding
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

template <class Shape>
struct Conv2d : Shape {
  using ShapeType = Shape;
  const int8_t* weights;    // [out_channels][kernel_height][kernel_width][group_in_channels]
  const int32_t* channels;  // [out_channels][2]: bias - in_zero_point * sum of the weights, and the multiplier
};

// Weights of one output channel.
template <class Shape>
constexpr int32_t conv_depth(const Shape& s) {
  return s.kernel_height * s.kernel_width * s.group_in_channels;
}

// conv2d: the offsets of the rows, then the values under the kernel, group by group.
template <class Shape>
constexpr int32_t conv2d_scratch_bytes(const Shape& s) {
  return window_scratch_bytes(s) + (s.kernel_height * s.kernel_width * s.in_channels + 3) / 4 * 4;
}

// weights: ONNX's [out_channels][group_in_channels][kernel_height][kernel_width]; packed: as Conv2d::weights says.
template <class Shape, class Weight>
constexpr void pack_conv(const Shape& s, const Weight* weights, Weight* packed) {
  const int32_t taps = s.kernel_height * s.kernel_width;
  for (int32_t m = 0; m < s.out_channels; ++m, weights += taps * s.group_in_channels)
    for (int32_t t = 0; t < taps; ++t)
      for (int32_t c = 0; c < s.group_in_channels; ++c) *packed++ = weights[c * taps + t];
}

}  // namespace thimble
