// Walks the operands of a two-operand kernel where one of them repeats along some axes or is constant.
#pragma once
#include "thimble/broadcast.pack.hpp"
#include "thimble/rows.hpp"

namespace thimble {

// out = f(a, b) along the innermost axis: two steps more than a run of elements would cost. A function of its own keeps
// what `f` needs in registers.
template <class T, class F>
[[gnu::noinline]] T* broadcast_run(const T* a, int32_t a_step, const T* b, int32_t b_step, T* out, int32_t count,
                                   const F& f) {
  const F step = f;
  for (T* const end = out + count; out != end; a += a_step, b += b_step) *out++ = step(*a, *b);
  return out;
}

// out = f(a, b) for one row.
template <class T, class F>
void broadcast_row(const Broadcast& axes, const T* a, const T* b, T* out, F f) {
  const int32_t inner = axes.rank - 1;
  const int32_t count = axes.extents[inner], a_step = axes.a_strides[inner], b_step = axes.b_strides[inner];
  int32_t index[max_broadcast_axes] = {};
  int32_t a_from = 0, b_from = 0;
  for (;;) {
    out = broadcast_run(a + a_from, a_step, b + b_from, b_step, out, count, f);
    int32_t axis = inner - 1;
    for (; axis >= 0; --axis) {
      a_from += axes.a_strides[axis];
      b_from += axes.b_strides[axis];
      if (++index[axis] < axes.extents[axis]) break;
      a_from -= axes.a_strides[axis] * axes.extents[axis];
      b_from -= axes.b_strides[axis] * axes.extents[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

// Rows [y0, y1) of two operands, or of one and the constant.
template <class T, class F>
void broadcast_rows(const Broadcast& axes, F f, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                    int32_t y1) {
  for (int32_t y = y0; y < y1; ++y)
    broadcast_row(axes, reinterpret_cast<const T*>(a.row(y)), reinterpret_cast<const T*>(b.row(y)),
                  reinterpret_cast<T*>(out.row(y)), f);
}
template <class T, class F>
void broadcast_rows(const Broadcast& axes, F f, const RowView& x, const RowRing& out, int32_t y0, int32_t y1) {
  for (int32_t y = y0; y < y1; ++y) {
    const T* row = reinterpret_cast<const T*>(x.row(y));
    const T* constant = static_cast<const T*>(axes.constant) + y * axes.constant_row;
    broadcast_row(axes, axes.constant_is_a ? constant : row, axes.constant_is_a ? row : constant,
                  reinterpret_cast<T*>(out.row(y)), f);
  }
}

// Whole tensors.
template <class T, class F>
void broadcast_rows(const Broadcast& axes, F f, const T* a, const T* b, T* out) {
  broadcast_row(axes, a, b, out, f);
}
template <class T, class F>
void broadcast_rows(const Broadcast& axes, F f, const T* x, T* out) {
  const T* constant = static_cast<const T*>(axes.constant);
  broadcast_row(axes, axes.constant_is_a ? constant : x, axes.constant_is_a ? x : constant, out, f);
}

}  // namespace thimble
