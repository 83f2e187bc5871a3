// Addition, subtraction and multiplication of stored int8 numbers.
#pragma once
#include "thimble/arch/saturate.hpp"
#include "thimble/binary_int8.pack.hpp"
#include "thimble/broadcast.hpp"
#include "thimble/runs.hpp"

namespace thimble {

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

// Single numbers, not the struct, are captured: they become constants, or stay in registers, as the compiler likes.
// Two loads, two multiply-adds, shift, saturate, store, and the loop: 9 instructions an element on a Cortex-M4; two
// more where an activation clamps.
inline void add_int8(const AddInt8& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                     int32_t y1) {
  const int32_t a_multiplier = layer.sum.a_multiplier, b_multiplier = layer.sum.b_multiplier;
  const int32_t offset = layer.sum.offset, shift = layer.sum.shift, low = layer.sum.low, high = layer.sum.high;
  const auto step = [=](int32_t x, int32_t z) { return (offset + x * a_multiplier + z * b_multiplier) >> shift; };
  if (low == -128 && high == 127) {
    int8_rows(
        layer.row_elements, [=](int32_t x, int32_t z) { return int8_t(saturate_int8(step(x, z))); }, a, b, out, y0, y1);
  } else {
    int8_rows(
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
  int8_rows(
      layer.row_elements, [&](int8_t x, int8_t z) { return apply_ties_to_even(layer.sum, x, z); }, a, b, out, y0, y1);
}
inline void multiply_int8(const MultiplyInt8& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                          int32_t y1) {
  int8_rows(
      layer.row_elements, [&](int8_t x, int8_t z) { return apply(layer.product, x, z); }, a, b, out, y0, y1);
}

// Operands: rows of one or two operands, of the result, y0 and y1; or one or two operands and the result, whole.
template <class... Operands>
void add_int8_broadcast(const AddInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(
      layer.axes, [&](int8_t a, int8_t b) { return apply(layer.sum, a, b); }, operands...);
}
template <class... Operands>
void add_int8_ties_to_even_broadcast(const AddInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(
      layer.axes, [&](int8_t a, int8_t b) { return apply_ties_to_even(layer.sum, a, b); }, operands...);
}
template <class... Operands>
void multiply_int8_broadcast(const MultiplyInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(
      layer.axes, [&](int8_t a, int8_t b) { return apply(layer.product, a, b); }, operands...);
}

}  // namespace thimble
