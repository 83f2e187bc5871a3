// Constants of the kernel that writes elements of a tensor in another order: transpositions, slices, repeats.
#pragma once
#include <stdint.h>

namespace thimble {

constexpr int32_t max_transpose_axes = 8;

// The result is written from front to back: its axes, outermost first, and how far one step along each lies in the
// operand. Axes that neighbour in both are given as one.
struct Transpose {
  int32_t rank;            // 1 to max_transpose_axes
  const int32_t* extents;  // of the result's axes
  const int32_t* strides;  // in the operand, in elements
  int32_t start;           // element of the operand that comes first
};

}  // namespace thimble
