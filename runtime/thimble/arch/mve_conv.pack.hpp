// Convolutions for cores with Helium: constants, packing, scratch.
#pragma once
#include <stdint.h>

#include "thimble/arch/dsp_conv.pack.hpp"

namespace thimble {

// As ConvDsp, with weights as bytes. A kernel reads nothing outside the rows of its input.
template <class Shape>
struct ConvMve : Shape {
  using ShapeType = Shape;
  const int8_t* weights;    // [out_channels][kernel_height][kernel_width][in_channels]
  const int32_t* channels;  // [out_channels][2]: bias with the input's zero point folded in, multiplier
};

// Values under the kernel.
template <class Shape>
constexpr int32_t conv_mve_depth(const Shape& s) {
  return s.kernel_height * s.kernel_width * s.in_channels;
}

// The values under the kernel for two pixels, and the offsets of the rows.
template <class Shape>
constexpr int32_t conv_mve_scratch_bytes(const Shape& s) {
  return 2 * ((conv_mve_depth(s) + 3) / 4 * 4) + s.kernel_height * 4;
}

// The kernels but for the plain ones end in SMMLA and SSAT, and no clamp.
template <class Stage>
constexpr bool conv_mve_saturates(const Stage& stage) {
  return stage.left_shift == 0 && stage.ties_to_even == 0 && stage.low == -128 && stage.high == 127;
}

}  // namespace thimble
