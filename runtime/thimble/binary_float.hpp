// Addition, subtraction, multiplication and division of reals.
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

}  // namespace thimble
