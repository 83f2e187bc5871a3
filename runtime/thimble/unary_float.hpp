// Functions of each real.
#pragma once
#include "thimble/math.hpp"
#include "thimble/runs.hpp"
#include "thimble/unary_float.pack.hpp"

namespace thimble {

template <class F>
void unary_rows(int32_t row_elements, F f, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_run(
      y0, y1,
      [=](int32_t rows, uint8_t* result, const uint8_t* operand) {
        const float* x = reinterpret_cast<const float*>(operand);
        float* to = reinterpret_cast<float*>(result);
        for (const float* const end = x + rows * row_elements; x != end;) *to++ = f(*x++);
      },
      out, in);
}

// NaN passes.
inline void clamp_float(const Clamp& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [low = layer.low, high = layer.high](float x) { return x < low    ? low
                                                                                 : x > high ? high
                                                                                            : x; },
      in, out, y0, y1);
}

inline void abs_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return absolute(x); }, in, out, y0, y1);
}
inline void ceil_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return ceil(x); }, in, out, y0, y1);
}
inline void cos_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return cos(x); }, in, out, y0, y1);
}
inline void elu_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [alpha = layer.alpha](float x) { return x < 0.0f ? alpha * (exp(x) - 1.0f) : x; }, in, out,
      y0, y1);
}
inline void erf_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return erf(x); }, in, out, y0, y1);
}
inline void exp_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return exp(x); }, in, out, y0, y1);
}
inline void floor_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return floor(x); }, in, out, y0, y1);
}

// alpha * x + beta, clipped to [0, 1].
inline float hard_sigmoid(float x, float alpha, float beta) {
  const float v = alpha * x + beta;
  return v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
}
inline void hard_sigmoid_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [alpha = layer.alpha, beta = layer.beta](float x) { return hard_sigmoid(x, alpha, beta); },
      in, out, y0, y1);
}
inline void hard_swish_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return x * hard_sigmoid(x, 1.0f / 6.0f, 0.5f); }, in, out, y0, y1);
}

inline void leaky_relu_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [alpha = layer.alpha](float x) { return x < 0.0f ? alpha * x : x; }, in, out, y0, y1);
}
inline void log_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return log(x); }, in, out, y0, y1);
}
inline void neg_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return -x; }, in, out, y0, y1);
}
inline void reciprocal_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return 1.0f / x; }, in, out, y0, y1);
}
inline void round_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return round(x); }, in, out, y0, y1);
}
inline void sigmoid_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return sigmoid(x); }, in, out, y0, y1);
}
inline void sin_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return sin(x); }, in, out, y0, y1);
}
// log(1 + exp(x)), without overflow: the larger part is taken out of the logarithm.
inline void softplus_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return (x > 0.0f ? x : 0.0f) + log(1.0f + exp(-absolute(x))); }, in, out, y0,
      y1);
}
inline void sqrt_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return sqrt(x); }, in, out, y0, y1);
}
inline void tanh_float(const Unary& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  unary_rows(
      layer.row_elements, [](float x) { return tanh(x); }, in, out, y0, y1);
}

}  // namespace thimble
