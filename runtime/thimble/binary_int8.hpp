// Addition, subtraction and multiplication of stored int8 numbers.
#pragma once
#include "thimble/arch/saturate.hpp"
#include "thimble/binary_int8.pack.hpp"
#include "thimble/broadcast.hpp"
#include "thimble/runs.hpp"

namespace thimble {

// What the kernels do with one pair. Single numbers, not the struct, are captured: they become constants, or stay in
// registers, as the compiler likes.
template <bool saturates>
auto even_sum(const Int8Sum& s) {
  const int32_t a_multiplier = s.a_multiplier, b_multiplier = s.b_multiplier, offset = s.offset, shift = s.shift;
  const int32_t half = (int32_t(1) << (shift - 1)) - 1, zero_point = s.zero_point, low = s.low, high = s.high;
  return [=](int32_t x, int32_t z) {
    const int32_t sum = offset + x * a_multiplier + z * b_multiplier;
    const int32_t q = ((sum + half + ((sum >> shift) & 1)) >> shift) + zero_point;
    return int8_t(saturates && low == -128 && high == 127 ? saturate_int8(q) : q < low ? low : q > high ? high : q);
  };
}
template <bool saturates>
auto common_product(const Int8Product& p) {
  const int32_t a_zero = p.a_zero_point, b_zero = p.b_zero_point, multiplier = p.multiplier;
  const int32_t offset = p.out.offset, shift = p.out.shift, low = p.out.low, high = p.out.high;
  return [=](int32_t x, int32_t z) {
    const int32_t q = (multiply_high((x - a_zero) * (z - b_zero), multiplier) + offset) >> shift;
    return int8_t(saturates && low == -128 && high == 127 ? saturate_int8(q) : q < low ? low : q > high ? high : q);
  };
}

template <class F>
void int8_rows(int32_t row_elements, F f, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
               int32_t y1) {
  for_each_run(
      y0, y1,
      [=](int32_t rows, uint8_t* result, const uint8_t* left, const uint8_t* right) {
        const int8_t *x = reinterpret_cast<const int8_t*>(left), *z = reinterpret_cast<const int8_t*>(right);
        int8_t* to = reinterpret_cast<int8_t*>(result);
        for (int8_t* const end = to + rows * row_elements; to != end;) *to++ = f(*x++, *z++);
      },
      out, a, b);
}

// The same, four elements a turn, for functions of few instructions.
template <class F>
void int8_rows_by_four(int32_t row_elements, F f, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                       int32_t y1) {
  for_each_run(
      y0, y1,
      [=](int32_t rows, uint8_t* result, const uint8_t* left, const uint8_t* right) {
        const int8_t *x = reinterpret_cast<const int8_t*>(left), *z = reinterpret_cast<const int8_t*>(right);
        int8_t* to = reinterpret_cast<int8_t*>(result);
        const int32_t count = rows * row_elements;
        for (int8_t* const end = to + (count & ~3); to != end; to += 4, x += 4, z += 4) {
          to[0] = f(x[0], z[0]);
          to[1] = f(x[1], z[1]);
          to[2] = f(x[2], z[2]);
          to[3] = f(x[3], z[3]);
        }
        for (int8_t* const end = to + (count & 3); to != end;) *to++ = f(*x++, *z++);
      },
      out, a, b);
}

// Two loads, two multiply-adds, shift, saturate, store, and a quarter of the loop: 8.3 instructions an element on a
// Cortex-M4; two more where an activation clamps.
inline void add_int8(const AddInt8& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                     int32_t y1) {
  const int32_t a_multiplier = layer.sum.a_multiplier, b_multiplier = layer.sum.b_multiplier;
  const int32_t offset = layer.sum.offset, shift = layer.sum.shift, low = layer.sum.low, high = layer.sum.high;
  const auto step = [=](int32_t x, int32_t z) { return (offset + x * a_multiplier + z * b_multiplier) >> shift; };
  if (low == -128 && high == 127) {
    int8_rows_by_four(
        layer.row_elements, [=](int32_t x, int32_t z) { return int8_t(saturate_int8(step(x, z))); }, a, b, out, y0, y1);
  } else {
    int8_rows_by_four(
        layer.row_elements,
        [=](int32_t x, int32_t z) {
          const int32_t q = step(x, z);
          return int8_t(q < low ? low : q > high ? high : q);
        },
        a, b, out, y0, y1);
  }
}
// Four instructions an element more.
inline void add_int8_ties_to_even(const AddInt8& layer, const RowView& a, const RowView& b, const RowRing& out,
                                  int32_t y0, int32_t y1) {
  int8_rows_by_four(layer.row_elements, even_sum<true>(layer.sum), a, b, out, y0, y1);
}

// In all forms of requantize().
inline void multiply_int8(const MultiplyInt8& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                          int32_t y1) {
  int8_rows(
      layer.row_elements, [&](int8_t x, int8_t z) { return apply(layer.product, x, z); }, a, b, out, y0, y1);
}
// In the common form: two loads, two subtractions, two multiplications, addition, shift, clamp, store.
inline void multiply_int8_common(const MultiplyInt8& layer, const RowView& a, const RowView& b, const RowRing& out,
                                 int32_t y0, int32_t y1) {
  int8_rows_by_four(layer.row_elements, common_product<true>(layer.product), a, b, out, y0, y1);
}

// Operands: rows of one or two operands, of the result, y0 and y1; or one or two operands and the result, whole.
template <class... Operands>
void add_int8_broadcast(const AddInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(
      layer.axes, [&](int8_t a, int8_t b) { return apply(layer.sum, a, b); }, operands...);
}
template <class... Operands>
void add_int8_ties_to_even_broadcast(const AddInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(layer.axes, even_sum<false>(layer.sum), operands...);
}
template <class... Operands>
void multiply_int8_common_broadcast(const MultiplyInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(layer.axes, common_product<false>(layer.product), operands...);
}
template <class... Operands>
void multiply_int8_broadcast(const MultiplyInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(
      layer.axes, [&](int8_t a, int8_t b) { return apply(layer.product, a, b); }, operands...);
}

}  // namespace thimble
