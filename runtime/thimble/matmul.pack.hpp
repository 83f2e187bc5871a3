// The constants of the general matrix product: any strides, batches, either operand or both activations.
#pragma once
#include <stdint.h>

namespace thimble {

// Element [r][k] of A lies at r * a_row + k * a_inner, [k][c] of B at k * b_inner + c * b_column, both from the start
// of the batch's matrix; [r][c] of the bias at r * bias_row + c * bias_column. The result is dense.
struct MatMulShape {
  static constexpr bool fixed = false;
  int32_t rows, inner, columns;
  int32_t a_row, a_inner, b_inner, b_column, bias_row, bias_column;
  int32_t batch_axes;  // axes of the batch, 0 for one product
};

// out = clip(alpha * A * B + beta * bias). An operand that is null is an argument of the call, in this order.
template <class Shape>
struct MatMulF32 : Shape {
  const int32_t* batch;  // for each axis, outermost first: extent, then one step of it in A and in B (0: broadcast)
  const float *a, *b;
  int32_t has_bias;   // 0 or 1
  const float* bias;  // one for all batches
  float alpha, beta;
  float low, high;  // infinite where open
};

// out = requantize(bias + sum of (a - a_zero) * (b - b_zero))
template <class Shape>
struct MatMul : Shape {
  const int32_t* batch;  // as above
  const int8_t *a, *b;   // as above
  int32_t a_zero, b_zero;
  const int32_t* bias;                                                     // null: none
  int32_t multiplier;                                                      // see requantize.hpp
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // see OutputStage
};

}  // namespace thimble
