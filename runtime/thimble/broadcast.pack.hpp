// How the operands of a two-operand kernel are walked where one of them repeats along some axes or is constant.
#pragma once
#include <stdint.h>

namespace thimble {

constexpr int32_t max_broadcast_axes = 5;

// A row of the result is written from front to back. Its axes are given outermost first, neighbours that move alike as
// one. Strides are in elements, 0 where an operand repeats.
struct Broadcast {
  int32_t rank;  // 1 to max_broadcast_axes
  const int32_t* extents;
  const int32_t* a_strides;
  const int32_t* b_strides;
  const void* constant;  // the operand that is none of the arguments; null when both are arguments
  int32_t constant_is_a;
  int32_t constant_row;  // elements from the constant's part for one row to that for the next
};

}  // namespace thimble
