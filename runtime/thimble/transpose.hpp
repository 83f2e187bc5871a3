// Writes elements of a tensor in another order of its axes.
#pragma once
#include "thimble/transpose.pack.hpp"

namespace thimble {

// About four instructions an element: load, store, step, count.
template <class T>
void transpose(const Transpose& layer, const T* in, T* out) {
  const int32_t inner = layer.rank - 1;
  const int32_t count = layer.extents[inner], stride = layer.strides[inner];
  int32_t index[max_transpose_axes] = {};
  int32_t from = layer.start;
  for (;;) {
    const T* p = in + from;
    for (int32_t i = 0; i < count; ++i, p += stride) *out++ = *p;
    int32_t axis = inner - 1;
    for (; axis >= 0; --axis) {
      from += layer.strides[axis];
      if (++index[axis] < layer.extents[axis]) break;
      from -= layer.strides[axis] * layer.extents[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

}  // namespace thimble
