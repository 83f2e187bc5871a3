// Constants of the kernel that puts a border around a tensor.
#pragma once
#include <stdint.h>

namespace thimble {

constexpr int32_t max_pad_axes = 5;

enum PadBorder : int32_t { pad_constant = 0, pad_edge = 1, pad_reflect = 2, pad_wrap = 3 };

// Axes in the order they lie, outermost first; neighbours without a border are one.
struct Pad {
  int32_t rank;               // 1 to max_pad_axes
  const int32_t* extents;     // of the result
  const int32_t* in_extents;  // of the operand
  const int32_t* before;      // elements of border before the operand; negative: cut off
  int32_t border;             // a PadBorder
  int32_t value;              // of a constant border: the element's bits
};

// The operand's index that index i of the result shows; -1: the constant.
constexpr int32_t pad_source(int32_t i, int32_t extent, int32_t border) {
  if (i >= 0 && i < extent) return i;
  if (border == pad_edge) return i < 0 ? 0 : extent - 1;
  if (border == pad_wrap) return i < 0 ? i + extent : i - extent;
  if (border == pad_reflect) return i < 0 ? -i : 2 * (extent - 1) - i;
  return -1;
}

}  // namespace thimble
