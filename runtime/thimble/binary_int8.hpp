// Addition, subtraction and multiplication of stored int8 numbers.
#pragma once
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

// Two loads, two multiply-adds, shift, clamp, store.
inline void add_int8(const AddInt8& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                     int32_t y1) {
  int8_rows(
      layer.row_elements, [sum = layer.sum](int8_t x, int8_t z) { return apply(sum, x, z); }, a, b, out, y0, y1);
}
// Four instructions an element more.
inline void add_int8_ties_to_even(const AddInt8& layer, const RowView& a, const RowView& b, const RowRing& out,
                                  int32_t y0, int32_t y1) {
  int8_rows(
      layer.row_elements, [sum = layer.sum](int8_t x, int8_t z) { return apply_ties_to_even(sum, x, z); }, a, b, out,
      y0, y1);
}
inline void multiply_int8(const MultiplyInt8& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                          int32_t y1) {
  int8_rows(
      layer.row_elements, [product = layer.product](int8_t x, int8_t z) { return apply(product, x, z); }, a, b, out, y0,
      y1);
}

// Operands: rows of one or two operands, of the result, y0 and y1; or one or two operands and the result, whole.
template <class... Operands>
void add_int8_broadcast(const AddInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(
      layer.axes, [sum = layer.sum](int8_t a, int8_t b) { return apply(sum, a, b); }, operands...);
}
template <class... Operands>
void add_int8_ties_to_even_broadcast(const AddInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(
      layer.axes, [sum = layer.sum](int8_t a, int8_t b) { return apply_ties_to_even(sum, a, b); }, operands...);
}
template <class... Operands>
void multiply_int8_broadcast(const MultiplyInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(
      layer.axes, [product = layer.product](int8_t a, int8_t b) { return apply(product, a, b); }, operands...);
}

}  // namespace thimble
