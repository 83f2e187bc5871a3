// A border around a tensor.
#pragma once
#include "thimble/pad.pack.hpp"

namespace thimble {

// Where the result's index along the outer axes lies in the operand, in rows of the innermost axis; -1: in the border.
inline int32_t pad_outer_source(const Pad& layer, const int32_t* index) {
  int32_t from = 0;
  for (int32_t axis = 0; axis + 1 < layer.rank; ++axis) {
    const int32_t i = pad_source(index[axis] - layer.before[axis], layer.in_extents[axis], layer.border);
    if (i < 0) return -1;
    from = from * layer.in_extents[axis] + i;
  }
  return from;
}

template <class T>
T* pad_row(const Pad& layer, const T* row, T value, T* out) {
  const int32_t inner = layer.rank - 1;
  const int32_t extent = layer.in_extents[inner], first = -layer.before[inner];
  for (int32_t i = first; i < first + layer.extents[inner]; ++i) {
    const int32_t from = row ? pad_source(i, extent, layer.border) : -1;
    *out++ = from < 0 ? value : row[from];
  }
  return out;
}

template <class T>
void pad(const Pad& layer, const T* in, T* out) {
  static_assert(sizeof(T) <= sizeof layer.value, "the constant has no room for this type");
  T value;
  __builtin_memcpy(&value, &layer.value, sizeof value);
  const int32_t inner = layer.rank - 1;
  int32_t index[max_pad_axes] = {};
  for (;;) {
    const int32_t from = pad_outer_source(layer, index);
    out = pad_row(layer, from < 0 ? nullptr : in + from * layer.in_extents[inner], value, out);
    int32_t axis = inner - 1;
    for (; axis >= 0 && ++index[axis] == layer.extents[axis]; --axis) index[axis] = 0;
    if (axis < 0) return;
  }
}

}  // namespace thimble
