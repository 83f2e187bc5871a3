// Constants and packing of the float convolutions.
#pragma once
#include <stdint.h>

#include "thimble/conv_window.pack.hpp"

namespace thimble {

// Geometry of a float convolution. A 1-D convolution has width 1: its length is the height.
struct ConvFloatShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, in_channels;
  int32_t out_width, out_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_y, stride_x;
  int32_t dilation_y, dilation_x;
  int32_t pad_top, pad_left;   // rows and columns of zeros before the input; those behind follow from the sizes
  int32_t group_in_channels;   // input channels that one output channel reads: all of them when dense
  int32_t group_out_channels;  // output channels that share them: a depthwise convolution's multiplier
};

template <class Shape>
struct ConvFloat : Shape {
  using ShapeType = Shape;
  // conv2d_f32, conv2d_panel_f32, pointwise_f32: pack_conv_float; depthwise_f32: [out_channels][taps];
  // depthwise_eights_f32: pack_depthwise_eights
  const float* weights;
  const float* bias;  // [out_channels]
  float low, high;    // the activation's clamp; infinite where open
};

// Output channels computed side by side.
constexpr int32_t float_block = 4;

// weights: ONNX's [out_channels][group_in_channels][kernel_height][kernel_width]. Packed, group by group: blocks of
// float_block output channels as [kernel_height][kernel_width][group_in_channels][float_block], then those left over as
// [kernel_height][kernel_width][group_in_channels] each.
template <class Shape>
constexpr void pack_conv_float(const Shape& s, const float* weights, float* packed) {
  const int32_t taps = s.kernel_height * s.kernel_width, depth = taps * s.group_in_channels;
  for (int32_t first = 0; first < s.out_channels; first += s.group_out_channels)
    for (int32_t m = 0; m < s.group_out_channels;) {
      const int32_t block = s.group_out_channels - m >= float_block ? float_block : 1;
      for (int32_t t = 0; t < taps; ++t)
        for (int32_t c = 0; c < s.group_in_channels; ++c)
          for (int32_t b = 0; b < block; ++b) *packed++ = weights[(first + m + b) * depth + c * taps + t];
      m += block;
    }
}

// Whether conv2d_panel_f32 takes the layer and pays: the values under a row of the kernel are few, and those of two
// pixels fit a kilobyte.
template <class Shape>
constexpr bool gathers_floats(const Shape& s) {
  const int32_t run = s.kernel_width * s.in_channels;
  return s.group_in_channels == s.in_channels && s.dilation_x == 1 && run < 16 && run * s.kernel_height <= 128;
}

// The places of rows, and the values under the kernel of two pixels.
template <class Shape>
constexpr int32_t float_panel_scratch_bytes(const Shape& s) {
  return window_scratch_bytes(s) + 2 * 4 * s.kernel_height * s.kernel_width * s.in_channels;
}

// Channels that depthwise_eights_f32 computes side by side.
constexpr int32_t depthwise_float_block = 8;

// weights: [out_channels][taps]. Packed: blocks of eight channels as [taps][8], then those left over as [taps] each.
template <class Shape>
constexpr void pack_depthwise_eights(const Shape& s, const float* weights, float* packed) {
  const int32_t taps = s.kernel_height * s.kernel_width;
  for (int32_t m = 0; m < s.out_channels;) {
    const int32_t block = s.out_channels - m >= depthwise_float_block ? depthwise_float_block : 1;
    for (int32_t t = 0; t < taps; ++t)
      for (int32_t b = 0; b < block; ++b) *packed++ = weights[(m + b) * taps + t];
    m += block;
  }
}

}  // namespace thimble
