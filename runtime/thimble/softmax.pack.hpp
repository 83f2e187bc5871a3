// The constants of softmax layers.
#pragma once
#include <stdint.h>

namespace thimble {

// A row of the band holds `outer` blocks of `count` x `inner` numbers; each of the `inner` columns of a block is one
// distribution.
struct SoftmaxShape {
  static constexpr bool fixed = false;
  int32_t outer, count, inner;
};

template <class Shape>
struct SoftmaxF32 : Shape {};

// exps[d] = round(2^e * exp(-d * input scale)), the exponential of a number d steps below the largest, e at most 24 so
// that their sum stays below 2^31; from `exps_count` on it is 0. A result is
//   zero_point + round(exps[d] * quotient / 2^shift),   quotient = floor(numerator / sum) < 2^31
// with numerator = round(2^shift / output scale), given as numerator_high * 2^31 + numerator_low.
template <class Shape>
struct Softmax : Shape {
  const int32_t* exps;
  int32_t exps_count;  // at most 256
  int32_t numerator_high, numerator_low;
  int32_t shift;  // 33 to 61
  int32_t zero_point;
};

}  // namespace thimble
