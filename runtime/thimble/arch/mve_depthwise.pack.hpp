// Depthwise convolutions for cores with Helium: constants, packing, scratch.
#pragma once
#include <stdint.h>

#include "thimble/band.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// One output channel for each input channel.
struct DepthwiseMveShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, channels;
  int32_t out_width;
  int32_t kernel_height, kernel_width;
  int32_t stride_y, stride_x;
  int32_t dilation_y, dilation_x;
  int32_t pad_top, pad_left;
  int32_t in_zero_point;
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

template <class Shape>
struct DepthwiseMve : Shape {
  using ShapeType = Shape;
  const int32_t* groups;  // pack_depthwise_mve
};

// A vector is 16 channels of a pixel, or, of fewer channels, all of 16 / channels pixels side by side.
template <class Shape>
constexpr int32_t depthwise_mve_pixels(const Shape& s) {
  return s.stride_x == 1 && s.channels < 16 && 16 % s.channels == 0 ? 16 / s.channels : 1;
}
template <class Shape>
constexpr int32_t depthwise_mve_groups(const Shape& s) {
  return depthwise_mve_pixels(s) > 1 ? 1 : (s.channels + 15) / 16;
}
// Bytes from column to column of the copied rows.
template <class Shape>
constexpr int32_t depthwise_mve_pitch(const Shape& s) {
  return depthwise_mve_pixels(s) > 1 ? s.channels : 16;
}
// Input rows from the first to the last under the kernel.
template <class Shape>
constexpr int32_t depthwise_mve_window(const Shape& s) {
  return (s.kernel_height - 1) * s.dilation_y + 1;
}
// Input columns under `outputs` output columns.
template <class Shape>
constexpr int32_t depthwise_mve_columns(const Shape& s, int32_t outputs) {
  return (outputs - 1) * s.stride_x + (s.kernel_width - 1) * s.dilation_x + 1;
}

// Output columns made at a time, so that the copied rows take about this many bytes.
constexpr int32_t depthwise_mve_copy_bytes = 1280;
template <class Shape>
constexpr int32_t depthwise_mve_chunk(const Shape& s) {
  const int32_t pixels = depthwise_mve_pixels(s);
  const int32_t columns = depthwise_mve_copy_bytes / depthwise_mve_window(s) / depthwise_mve_pitch(s);
  const int32_t least = depthwise_mve_columns(s, 1);
  int32_t outputs = columns < least ? 1 : (columns - least) / s.stride_x + 1;
  if (outputs >= s.out_width) return s.out_width;
  outputs -= outputs % pixels;
  return outputs < pixels ? pixels : outputs;
}
// A copied row; the last vector of a row may read 15 bytes more.
template <class Shape>
constexpr int32_t depthwise_mve_row_bytes(const Shape& s) {
  return (depthwise_mve_columns(s, depthwise_mve_chunk(s)) * depthwise_mve_pitch(s) +
          (depthwise_mve_pixels(s) > 1 ? 15 : 0) + 3) /
         4 * 4;
}

// Whether all pairs of products fit int16: no channel has two weights of -128. weights: [channels][taps].
constexpr bool depthwise_mve_fits(const int8_t* weights, int32_t channels, int32_t taps) {
  for (int32_t c = 0; c < channels; ++c, weights += taps) {
    int32_t lowest = 0;
    for (int32_t t = 0; t < taps; ++t) lowest += weights[t] == -128;
    if (lowest > 1) return false;
  }
  return true;
}

// Taps come in pairs: the last one of an odd number is paired with a weight of zero.
template <class Shape>
constexpr int32_t depthwise_mve_pairs(const Shape& s) {
  return (s.kernel_height * s.kernel_width + 1) / 2;
}
// Where the taps lie, then the copied rows.
template <class Shape>
constexpr int32_t depthwise_mve_scratch_bytes(const Shape& s) {
  return depthwise_mve_pairs(s) * 8 + depthwise_mve_window(s) * depthwise_mve_row_bytes(s);
}

// Shapes with a kernel of their own, 3x3. Its weights are in the order of columns 1 2 0 in each row.
template <class Shape>
constexpr bool depthwise_mve_is_3x3(const Shape& s) {
  const int32_t pitch = depthwise_mve_pitch(s);
  return s.kernel_height == 3 && s.kernel_width == 3 && s.dilation_x == 1 &&
         ((pitch == 16 && (s.stride_x == 1 || s.stride_x == 2)) || (pitch == 8 && s.stride_x == 1));
}

// The kernels but for the plain one saturate to int8, and clamp what needs it.
template <class Stage>
constexpr bool depthwise_mve_saturates(const Stage& stage) {
  return stage.left_shift == 0 && stage.ties_to_even == 0 && stage.low >= -128 && stage.high <= 127;
}

// The channel in lane `lane` of group `group`, or -1.
template <class Shape>
constexpr int32_t depthwise_mve_channel(const Shape& s, int32_t group, int32_t lane) {
  if (depthwise_mve_pixels(s) > 1) return lane % s.channels;
  return group * 16 + lane < s.channels ? group * 16 + lane : -1;
}

// Taps of the packed weights: of the 3x3 kernel those there are, else whole pairs.
template <class Shape>
constexpr int32_t depthwise_mve_taps(const Shape& s, bool is_3x3) {
  return is_3x3 ? 9 : 2 * depthwise_mve_pairs(s);
}
// The lane whose sum stands at place `i` of a group's 16: widening takes every fourth.
constexpr int32_t depthwise_mve_lane(int32_t i) {
  return i % 4 * 4 + (i / 4 == 0 ? 0 : i / 4 == 1 ? 2 : i / 4 == 2 ? 1 : 3);
}

// A group's words: 16 biases and 16 multipliers in the order of the sums, then four for each tap, a byte a lane.
constexpr int32_t depthwise_mve_constants = 32;
template <class Shape>
constexpr int32_t depthwise_mve_group_words(const Shape& s, bool is_3x3) {
  return depthwise_mve_constants + depthwise_mve_taps(s, is_3x3) * 4;
}
// weights: [channels][kernel_height][kernel_width].
template <class Shape>
constexpr void pack_depthwise_mve(const Shape& s, bool is_3x3, const int8_t* weights, const int32_t* bias,
                                  const int32_t* multipliers, int32_t* packed) {
  const int32_t taps = s.kernel_height * s.kernel_width;
  for (int32_t g = 0; g < depthwise_mve_groups(s); ++g) {
    for (int32_t i = 0; i < depthwise_mve_constants; ++i) {
      const int32_t channel = depthwise_mve_channel(s, g, depthwise_mve_lane(i % 16));
      *packed++ = channel < 0 ? 0 : i < 16 ? bias[channel] : multipliers[channel];
    }
    for (int32_t t = 0; t < depthwise_mve_taps(s, is_3x3); ++t) {
      const int32_t from = is_3x3 ? t / 3 * 3 + (t + 1) % 3 : t;
      for (int32_t word = 0; word < 4; ++word) {
        uint32_t bytes = 0;
        for (int32_t i = 0; i < 4; ++i) {
          const int32_t channel = depthwise_mve_channel(s, g, word * 4 + i);
          if (channel >= 0 && from < taps) bytes |= (uint32_t(weights[channel * taps + from]) & 0xff) << (8 * i);
        }
        *packed++ = int32_t(bytes);
      }
    }
  }
}

}  // namespace thimble
