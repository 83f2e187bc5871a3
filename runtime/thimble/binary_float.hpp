// Functions of two reals.
#pragma once
#include "thimble/binary_float.pack.hpp"
#include "thimble/broadcast.hpp"
#include "thimble/math.hpp"
#include "thimble/runs.hpp"

namespace thimble {

struct Sum {
  float operator()(float a, float b) const { return a + b; }
};
struct Difference {
  float operator()(float a, float b) const { return a - b; }
};
struct Product {
  float operator()(float a, float b) const { return a * b; }
};
struct Quotient {
  float operator()(float a, float b) const { return a / b; }
};
struct Minimum {
  float operator()(float a, float b) const { return b < a ? b : a; }
};
struct Maximum {
  float operator()(float a, float b) const { return a < b ? b : a; }
};
struct ParametricRelu {
  float operator()(float x, float slope) const { return x < 0.0f ? slope * x : x; }
};
// Whole exponents up to 64 by squaring, as exact as products are; others by exp and log. The sign of 0 is not kept.
struct Power {
  float operator()(float x, float y) const {
    if (y != floor(y) || absolute(y) > 64.0f) return exp(y * log(x));
    float result = 1.0f, square = x;
    for (int32_t n = int32_t(absolute(y)); n != 0; n >>= 1, square *= square)
      if (n & 1) result *= square;
    return y < 0.0f ? 1.0f / result : result;
  }
};

// f, then the clamp; NaN passes.
template <class F>
struct Clamped {
  float low, high;
  float operator()(float a, float b) const {
    const float v = F()(a, b);
    return v < low ? low : v > high ? high : v;
  }
};

template <class F>
void float_rows(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                int32_t y1) {
  const Clamped<F> f{layer.low, layer.high};
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* result, const uint8_t* left, const uint8_t* right) {
        const float *x = reinterpret_cast<const float*>(left), *z = reinterpret_cast<const float*>(right);
        float* to = reinterpret_cast<float*>(result);
        for (float* const end = to + rows * layer.row_elements; to != end;) *to++ = f(*x++, *z++);
      },
      out, a, b);
}

template <class F, class... Operands>
void float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  broadcast_rows<float>(layer.axes, Clamped<F>{layer.low, layer.high}, operands...);
}

inline void add_float(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                      int32_t y1) {
  float_rows<Sum>(layer, a, b, out, y0, y1);
}
inline void subtract_float(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                           int32_t y1) {
  float_rows<Difference>(layer, a, b, out, y0, y1);
}
inline void multiply_float(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                           int32_t y1) {
  float_rows<Product>(layer, a, b, out, y0, y1);
}
inline void divide_float(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                         int32_t y1) {
  float_rows<Quotient>(layer, a, b, out, y0, y1);
}
inline void minimum_float(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                          int32_t y1) {
  float_rows<Minimum>(layer, a, b, out, y0, y1);
}
inline void maximum_float(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                          int32_t y1) {
  float_rows<Maximum>(layer, a, b, out, y0, y1);
}
inline void power_float(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                        int32_t y1) {
  float_rows<Power>(layer, a, b, out, y0, y1);
}
inline void prelu_float(const FloatBinary& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                        int32_t y1) {
  float_rows<ParametricRelu>(layer, a, b, out, y0, y1);
}

// Operands: rows of one or two operands, of the result, y0 and y1; or one or two operands and the result, whole.
template <class... Operands>
void add_float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  float_broadcast<Sum>(layer, operands...);
}
template <class... Operands>
void subtract_float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  float_broadcast<Difference>(layer, operands...);
}
template <class... Operands>
void multiply_float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  float_broadcast<Product>(layer, operands...);
}
template <class... Operands>
void divide_float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  float_broadcast<Quotient>(layer, operands...);
}
template <class... Operands>
void minimum_float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  float_broadcast<Minimum>(layer, operands...);
}
template <class... Operands>
void maximum_float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  float_broadcast<Maximum>(layer, operands...);
}
template <class... Operands>
void power_float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  float_broadcast<Power>(layer, operands...);
}
template <class... Operands>
void prelu_float_broadcast(const FloatBroadcast& layer, const Operands&... operands) {
  float_broadcast<ParametricRelu>(layer, operands...);
}

}  // namespace thimble
