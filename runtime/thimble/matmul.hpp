// The general matrix product: matmul for int8, matmul_f32 for float.
#pragma once
#include "thimble/matmul.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// One element of A's row against one or four columns: sums[i] = sum over k of (a - a_zero) * (b - b_zero). Four columns
// share each load of an A: a step is 5 loads and 4 multiply-adds (int8: 5 subtractions more).
template <int32_t columns, class Shape, class T, class Sum>
inline void sum_products(const Shape& c, const T* a, Sum a_zero, const T* b, Sum b_zero, Sum* sums) {
  Sum s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (int32_t k = 0; k < c.inner; ++k, a += c.a_inner, b += c.b_inner) {
    const Sum x = Sum(*a) - a_zero;
    s0 += x * (Sum(b[0]) - b_zero);
    if (columns == 1) continue;
    s1 += x * (Sum(b[c.b_column]) - b_zero);
    s2 += x * (Sum(b[2 * c.b_column]) - b_zero);
    s3 += x * (Sum(b[3 * c.b_column]) - b_zero);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

// Calls store(row, column, sum) for each element of one batch's result.
template <class T, class Sum, class Shape, class Store>
inline void multiply_matrices(const Shape& c, const T* a, Sum a_zero, const T* b, Sum b_zero, Store store) {
  Sum sums[4];
  for (int32_t row = 0; row < c.rows; ++row, a += c.a_row) {
    int32_t column = 0;
    while (column < c.columns) {
      const T* const columns = b + column * c.b_column;
      const int32_t block = c.columns - column >= 4 ? 4 : 1;
      if (block == 4)
        sum_products<4>(c, a, a_zero, columns, b_zero, sums);
      else
        sum_products<1>(c, a, a_zero, columns, b_zero, sums);
      for (int32_t i = 0; i < block; ++i, ++column) store(row, column, sums[i]);
    }
  }
}

// Calls each(a, b) with the offsets of A and B of each batch, in order.
template <class Constants, class Each>
inline void for_each_batch(const Constants& c, Each each) {
  int32_t count = 1;
  for (int32_t axis = 0; axis < c.batch_axes; ++axis) count *= c.batch[3 * axis];
  for (int32_t n = 0; n < count; ++n) {
    int32_t a = 0, b = 0, rest = n;
    for (int32_t axis = c.batch_axes; axis-- > 0;) {
      const int32_t* const step = c.batch + 3 * axis;
      const int32_t index = rest % step[0];
      rest /= step[0];
      a += index * step[1];
      b += index * step[2];
    }
    each(a, b);
  }
}

template <class Shape>
void matmul_f32(const MatMulF32<Shape>& c, const float* a, const float* b, const float* bias, float* out) {
  for_each_batch(c, [&](int32_t a_at, int32_t b_at) {
    multiply_matrices<float, float>(c, a + a_at, 0.0f, b + b_at, 0.0f, [&](int32_t row, int32_t column, float sum) {
      float y = c.alpha * sum;
      if (bias != nullptr) y += c.beta * bias[row * c.bias_row + column * c.bias_column];
      out[row * c.columns + column] = y < c.low ? c.low : y > c.high ? c.high : y;
    });
    out += c.rows * c.columns;
  });
}

// Two activations: those of A, B and the bias that the constants leave open.
template <class Shape>
void matmul_f32(const MatMulF32<Shape>& c, const float* x, const float* y, float* out) {
  const bool bias_is_given = c.a != nullptr || c.b != nullptr;
  matmul_f32(c, c.a == nullptr ? x : c.a,
             c.a != nullptr   ? x
             : c.b == nullptr ? y
                              : c.b,
             bias_is_given ? y : c.bias, out);
}

// One activation.
template <class Shape>
void matmul_f32(const MatMulF32<Shape>& c, const float* x, float* out) {
  const bool bias_is_given = c.a != nullptr && c.b != nullptr;
  matmul_f32(c, c.a == nullptr ? x : c.a, c.b == nullptr ? x : c.b, bias_is_given ? x : c.bias, out);
}

template <class Shape>
void matmul(const MatMul<Shape>& c, const int8_t* a, const int8_t* b, int8_t* out) {
  const OutputStage stage = output_stage(c);
  for_each_batch(c, [&](int32_t a_at, int32_t b_at) {
    multiply_matrices<int8_t, int32_t>(c, a + a_at, c.a_zero, b + b_at, c.b_zero,
                                       [&](int32_t row, int32_t column, int32_t sum) {
                                         if (c.bias != nullptr)
                                           sum += c.bias[row * c.bias_row + column * c.bias_column];
                                         out[row * c.columns + column] = int8_t(requantize(sum, c.multiplier, stage));
                                       });
    out += c.rows * c.columns;
  });
}

// One activation: A or B is a constant.
template <class Shape>
void matmul(const MatMul<Shape>& c, const int8_t* x, int8_t* out) {
  matmul(c, c.a == nullptr ? x : c.a, c.b == nullptr ? x : c.b, out);
}

}  // namespace thimble
