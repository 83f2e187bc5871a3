// Fully connected layers: dense for int8, dense_f32 for float.
#pragma once
#include "thimble/arch/float_products.hpp"
#include "thimble/dense.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// sums[o] = start + sum over i of weights[i][o] * in[i] for four outputs. One load of an input serves all four: 1.25
// loads, a multiply and an add a MAC, and an eighth of the loop's control.
template <class T, class Weight, class Sum>
inline void sum_products_of_4(const T* in, const Weight* weights, int32_t inputs, Sum start, Sum* sums) {
  Sum s0 = start, s1 = start, s2 = start, s3 = start;
  const T* const end = in + inputs;
  for (const T* const pairs_end = in + (inputs & ~int32_t(1)); in != pairs_end; in += 2, weights += 8) {
    const Sum a = in[0];
    s0 += Sum(weights[0]) * a;
    s1 += Sum(weights[1]) * a;
    s2 += Sum(weights[2]) * a;
    s3 += Sum(weights[3]) * a;
    const Sum b = in[1];
    s0 += Sum(weights[4]) * b;
    s1 += Sum(weights[5]) * b;
    s2 += Sum(weights[6]) * b;
    s3 += Sum(weights[7]) * b;
  }
  if (in != end) {
    const Sum a = in[0];
    s0 += Sum(weights[0]) * a;
    s1 += Sum(weights[1]) * a;
    s2 += Sum(weights[2]) * a;
    s3 += Sum(weights[3]) * a;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

// The same for floats.
inline void sum_products_of_4(const float* in, const float* weights, int32_t inputs, float start, float* sums) {
  const float starts[4] = {start, start, start, start};
  four_sums(starts, in, weights, inputs, sums);
}

// One output, of those left over.
template <class T, class Weight, class Sum>
inline void sum_products_of_1(const T* in, const Weight* weights, int32_t inputs, Sum start, Sum* sums) {
  Sum s = start;
  for (int32_t i = 0; i < inputs; ++i) s += Sum(weights[i]) * Sum(in[i]);
  sums[0] = s;
}

// Calls store(o, sum) for each output of one row.
template <class T, class Weight, class Sum, class Store>
inline void dense_row(const T* in, const Weight* weights, int32_t inputs, int32_t outputs, Sum start, Store store) {
  Sum sums[4];
  int32_t o = 0;
  while (o < outputs) {
    const int32_t block = outputs - o >= 4 ? 4 : 1;
    if (block == 4)
      sum_products_of_4(in, weights, inputs, start, sums);
    else
      sum_products_of_1(in, weights, inputs, start, sums);
    weights += block * inputs;
    for (int32_t k = 0; k < block; ++k, ++o) store(o, sums[k]);
  }
}

template <class Shape>
void dense(const Dense<Shape>& c, const int8_t* in, int8_t* out) {
  const OutputStage stage = output_stage(c);
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs, out += c.outputs) {
    int32_t sum_of_inputs = 0;
    for (int32_t i = 0; i < c.inputs; ++i) sum_of_inputs += in[i];
    // The weights as stored give 128 * (sum of inputs) more.
    dense_row(in, c.weights, c.inputs, c.outputs, -dense_weight_offset * sum_of_inputs, [&](int32_t o, int32_t sum) {
      out[o] = int8_t(requantize(sum + c.bias[o], c.multipliers[o * c.multiplier_step], stage));
    });
  }
}

template <class Shape>
void dense_f32(const DenseF32<Shape>& c, const float* in, float* out) {
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs, out += c.outputs)
    dense_row(in, c.weights, c.inputs, c.outputs, 0.0f, [&](int32_t o, float sum) {
      const float y = c.bias != nullptr ? sum + c.bias[o] : sum;
      out[o] = y < c.low ? c.low : y > c.high ? c.high : y;
    });
}

}  // namespace thimble
