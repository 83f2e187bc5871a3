// The constants of fully connected layers, and how their weights lie in flash.
#pragma once
#include <stdint.h>

namespace thimble {

// Each of `rows` rows of `inputs` numbers gives a row of `outputs`.
struct DenseShape {
  static constexpr bool fixed = false;
  int32_t rows, inputs, outputs;
};

// out[r][o] = requantize(bias[o] + sum over i of weights[o][i] * in[r][i], multipliers[o * multiplier_step])
template <class Shape>
struct Dense : Shape {
  const uint8_t* weights;      // 128 more than the weights, packed by pack_dense
  const int32_t* bias;         // minus the input's zero point times the sum of the output's weights
  const int32_t* multipliers;  // see requantize.hpp
  int32_t multiplier_step;     // 1: one for each output; 0: one for all
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // see OutputStage
};

// out[r][o] = clip(bias[o] + sum over i of weights[o][i] * in[r][i])
template <class Shape>
struct DenseF32 : Shape {
  const float* weights;  // packed by pack_dense
  const float* bias;     // null: none
  float low, high;       // the result is clipped to this range; infinite where open
};

// What the stored weights of `dense` have more than the weights: bytes without a sign are one instruction less to load
// on ARMv6-M. With that many inputs the sums, (255 + 128) * 128 * inputs at most on the way, stay within int32.
constexpr int32_t dense_weight_offset = 128;
constexpr int32_t dense_most_inputs = 43800;

// Four outputs share each load of an input: their weights lie side by side, [outputs / 4][inputs][4]. The outputs % 4
// left over follow as rows of `inputs`. `weights` is [outputs][inputs].
template <class T>
void pack_dense(const T* weights, int32_t outputs, int32_t inputs, T* packed) {
  int32_t o = 0;
  for (; o + 4 <= outputs; o += 4)
    for (int32_t i = 0; i < inputs; ++i)
      for (int32_t k = 0; k < 4; ++k) *packed++ = weights[(o + k) * inputs + i];
  for (int32_t i = o * inputs; i < outputs * inputs; ++i) *packed++ = weights[i];
}

}  // namespace thimble
