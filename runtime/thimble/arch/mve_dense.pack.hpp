// Fully connected layers for cores with Helium: constants, packing.
#pragma once
#include <stdint.h>

#include "thimble/dense.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// As Dense. Biases, and multipliers if there is one for each output, are filled up to whole quads of outputs.
template <class Shape>
struct DenseMve : Shape {
  const int8_t* weights;       // pack_dense_mve
  const int32_t* bias;         // minus the input's zero point times the sum of the output's weights
  const int32_t* multipliers;  // see requantize.hpp
  int32_t multiplier_step;     // 1: one for each output; 0: one for all
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

// dense_mve saturates to int8, and clamps what needs it; dense_plain_mve is for every output stage.
template <class Stage>
constexpr bool dense_mve_saturates(const Stage& stage) {
  return stage.left_shift == 0 && stage.ties_to_even == 0 && stage.low >= -128 && stage.high <= 127;
}

constexpr int32_t dense_mve_quads(int32_t outputs) {
  return (outputs + 3) / 4;
}
constexpr int32_t packed_dense_mve_bytes(int32_t outputs, int32_t inputs) {
  return dense_mve_quads(outputs) * ((inputs + 15) / 16) * 64;
}
// [quads of outputs][vectors of inputs][4][16]; what does not exist is 0. rows: [outputs][inputs].
constexpr void pack_dense_mve(const int8_t* rows, int32_t outputs, int32_t inputs, int8_t* packed) {
  for (int32_t o = 0; o < outputs; o += 4)
    for (int32_t v = 0; v < inputs; v += 16)
      for (int32_t k = o; k < o + 4; ++k)
        for (int32_t i = v; i < v + 16; ++i) *packed++ = k < outputs && i < inputs ? rows[k * inputs + i] : int8_t(0);
}

}  // namespace thimble
