// The constants of reductions along any axes that lie in at most two groups.
#pragma once
#include <stdint.h>

namespace thimble {

// The operand is [outer][first][middle][second][inner]; `first` and `second` are reduced.
struct ReduceShape {
  static constexpr bool fixed = false;
  int32_t outer, first, middle, second, inner;
};

// requantize(sum - count * input zero point): sums and means of int8
template <class Shape>
struct ReduceSum : Shape {
  int32_t start;       // minus the input's zero point times the number of elements in a sum
  int32_t multiplier;  // see requantize.hpp
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // see OutputStage
};

// factor * sum
template <class Shape>
struct ReduceSumF32 : Shape {
  float factor;
};

// The largest or the smallest of int8 or float.
template <class Shape>
struct ReduceOrder : Shape {
  int32_t smallest;  // 1: the smallest, 0: the largest
};

}  // namespace thimble
