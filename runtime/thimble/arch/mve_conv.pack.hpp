// Dense convolutions for cores with Helium: constants, packing, scratch.
#pragma once
#include <stdint.h>

#include "thimble/band.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// dilation is 1 along x; groups are 1.
struct ConvMveShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, in_channels;
  int32_t out_width, out_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_y, stride_x;
  int32_t pad_top, pad_left;
  int32_t dilation_y;
  int32_t in_zero_point;
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

// A kernel reads nothing outside the rows of its input.
template <class Shape>
struct ConvMve : Shape {
  using ShapeType = Shape;
  const int8_t* weights;    // pack_conv_mve
  const int32_t* channels;  // pack_conv_mve_channels
};

// Values under the kernel, and vectors of 16 of them.
template <class Shape>
constexpr int32_t conv_mve_depth(const Shape& s) {
  return s.kernel_height * s.kernel_width * s.in_channels;
}
template <class Shape>
constexpr int32_t conv_mve_vectors(const Shape& s) {
  return (conv_mve_depth(s) + 15) / 16;
}
template <class Shape>
constexpr int32_t conv_mve_quads(const Shape& s) {
  return (s.out_channels + 3) / 4;
}

// The strip: the columns of the rows under the kernel, one behind the other, each of kernel_height * in_channels bytes.
// The values under the kernel are then kernel_width columns, one run of bytes, and pixels share what they share.
template <class Shape>
constexpr int32_t conv_mve_pitch(const Shape& s) {
  return s.kernel_height * s.in_channels;
}
template <class Shape>
constexpr int32_t conv_mve_columns(const Shape& s, int32_t outputs) {
  return (outputs - 1) * s.stride_x + s.kernel_width;
}
// Output columns made from one strip: all, or as many pairs as about this many bytes allow.
constexpr int32_t conv_mve_strip_limit = 1280;
template <class Shape>
constexpr int32_t conv_mve_chunk(const Shape& s) {
  const int32_t columns = conv_mve_strip_limit / conv_mve_pitch(s);
  const int32_t outputs = columns < s.kernel_width ? 1 : (columns - s.kernel_width) / s.stride_x + 1;
  return outputs >= s.out_width ? s.out_width : outputs < 2 ? 2 : outputs - outputs % 2;
}
template <class Shape>
constexpr int32_t conv_mve_strip_bytes(const Shape& s) {
  return (conv_mve_columns(s, conv_mve_chunk(s)) * conv_mve_pitch(s) + 3) / 4 * 4;
}
// Where a row has an odd number of pixels, the last one waits for the next row's first: two strips.
template <class Shape>
constexpr int32_t conv_mve_scratch_bytes(const Shape& s) {
  return conv_mve_strip_bytes(s) * (s.out_width % 2 == 0 ? 1 : 2);
}

template <class Shape>
constexpr BandContract conv_mve_contract(const Shape& s) {
  BandContract c;
  c.window = (s.kernel_height - 1) * s.dilation_y + 1;
  c.stride = s.stride_y;
  c.pad_top = s.pad_top;
  c.pairs_pixels = true;
  return c;
}

// A kernel of one pixel whose pixels all lie inside the image.
template <class Shape>
constexpr bool conv_mve_is_pointwise(const Shape& s, int32_t out_height) {
  return s.kernel_height == 1 && s.kernel_width == 1 && s.pad_top == 0 && s.pad_left == 0 &&
         (out_height - 1) * s.stride_y < s.in_height && (s.out_width - 1) * s.stride_x < s.in_width;
}

// The kernels but for the plain ones saturate to int8, and clamp what needs it.
template <class Stage>
constexpr bool conv_mve_saturates(const Stage& stage) {
  return stage.left_shift == 0 && stage.ties_to_even == 0 && stage.low >= -128 && stage.high <= 127;
}

// Channels of a quad are summed in the pairs 0 2 and 1 3: the order in which two sums enter a vector.
constexpr int32_t conv_mve_order(int32_t i) {
  return i % 2 * 2 + i / 2;
}

template <class Shape>
constexpr int32_t packed_conv_mve_bytes(const Shape& s) {
  return conv_mve_quads(s) * conv_mve_vectors(s) * 64;
}
// [quads of channels][2 pairs][vectors][2][16]. weights: [out_channels][kernel_height][kernel_width][in_channels]; what
// does not exist is 0.
template <class Shape>
constexpr void pack_conv_mve(const Shape& s, const int8_t* weights, int8_t* packed) {
  const int32_t depth = conv_mve_depth(s), pitch = conv_mve_pitch(s);
  for (int32_t pair = 0; pair < 2 * conv_mve_quads(s); ++pair)
    for (int32_t v = 0; v < conv_mve_vectors(s); ++v)
      for (int32_t i = 0; i < 2; ++i)
        for (int32_t k = v * 16; k < v * 16 + 16; ++k) {
          const int32_t channel = pair / 2 * 4 + conv_mve_order(pair % 2 * 2 + i);
          const int32_t x = k / pitch, y = k % pitch / s.in_channels, c = k % s.in_channels;
          const int32_t from = (y * s.kernel_width + x) * s.in_channels + c;
          *packed++ = k < depth && channel < s.out_channels ? weights[channel * depth + from] : int8_t(0);
        }
}

// Eight words for each quad: its biases in the order of the pairs, its multipliers in that of the channels.
template <class Shape>
constexpr int32_t packed_conv_mve_channel_words(const Shape& s) {
  return conv_mve_quads(s) * 8;
}
template <class Shape>
constexpr void pack_conv_mve_channels(const Shape& s, const int32_t* bias, const int32_t* multipliers,
                                      int32_t* packed) {
  for (int32_t q = 0; q < conv_mve_quads(s); ++q)
    for (int32_t i = 0; i < 8; ++i) {
      const int32_t channel = q * 4 + (i < 4 ? conv_mve_order(i) : i - 4);
      *packed++ = channel >= s.out_channels ? 0 : i < 4 ? bias[channel] : multipliers[channel];
    }
}

}  // namespace thimble
