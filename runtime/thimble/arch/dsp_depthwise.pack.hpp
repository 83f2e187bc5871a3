// Depthwise 3x3 convolution from planes for cores with the DSP extension: constants, when it may be used, packing.
#pragma once
#include <stdint.h>

#include "thimble/band.pack.hpp"
#include "thimble/planes.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// The kernels read up to two bytes behind a row of planes: inside its tail (thimble/planes.pack.hpp).
// The stride along x is in the kernel's name: depthwise_planes_dsp is for 1, depthwise_planes_stride2_dsp for 2,
// depthwise_planes_plain_dsp for both.
struct DepthwiseDspShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, channels;
  int32_t out_width;
  int32_t stride_y, stride_x;
  int32_t pad_top, pad_left;  // 0 or 1; padding behind the input, 0 or 1 as well, follows from the sizes
  int32_t border;             // of the planes
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

template <class Shape>
struct DepthwiseDsp : Shape {
  using ShapeType = Shape;
  const int32_t* weights;    // pack_depthwise_dsp
  const uint8_t* pad_plane;  // one plane outside the image: pad_plane_bytes() of the input's zero point
};

template <class Shape>
constexpr int32_t pad_plane_bytes(const Shape& s) {
  return s.in_width + plane_tail_bytes(s.border);
}

template <class Shape>
constexpr BandContract depthwise_dsp_contract(const Shape& s) {
  BandContract c;
  c.window = 3;
  c.stride = s.stride_y;
  c.pad_top = s.pad_top;
  return c;
}

// The kernels other than depthwise_planes_plain_dsp end in SMMLA and SSAT, and no clamp.
template <class Stage>
constexpr bool depthwise_dsp_saturates(const Stage& stage) {
  return stage.left_shift == 0 && stage.ties_to_even == 0 && stage.low == -128 && stage.high == 127;
}

// Five words a channel: the kernel's rows as bytes w0 w1 w2 0, then bias and multiplier. The last byte of the first is
// w1 of the second row: the same instruction unpacks both middle weights into the halves of a register.
constexpr int32_t depthwise_dsp_words = 5;

// weights: [channels][3][3]; bias with the input's zero point folded in.
constexpr void pack_depthwise_dsp(int32_t channels, const int8_t* weights, const int32_t* bias,
                                  const int32_t* multipliers, int32_t* packed) {
  for (int32_t c = 0; c < channels; ++c) {
    for (int32_t ky = 0; ky < 3; ++ky, weights += 3)
      *packed++ = int32_t((uint32_t(weights[0]) & 0xff) | (uint32_t(weights[1]) & 0xff) << 8 |
                          (uint32_t(weights[2]) & 0xff) << 16 | (ky == 0 ? uint32_t(weights[4]) << 24 : 0));
    *packed++ = bias[c];
    *packed++ = multipliers[c];
  }
}

}  // namespace thimble
