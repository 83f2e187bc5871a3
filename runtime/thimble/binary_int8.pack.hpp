// Constants of the kernels that add, subtract and multiply stored int8 numbers.
#pragma once
#include "thimble/broadcast.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// q = clamp((a * a_multiplier + b * b_multiplier + offset) >> shift, low, high): both scales over the result's, the
// zero points and the rounding in one sum, which the compiler proves to fit 32 bits. Subtraction has a negative
// b_multiplier. In the ties_to_even kernels `offset` lacks zero_point and rounding.
struct Int8Sum {
  int32_t a_multiplier, b_multiplier;
  int32_t offset;
  int32_t shift;
  int32_t zero_point;  // of the result; used with ties to even only
  int32_t low, high;
};

// q = requantize((a - a_zero_point) * (b - b_zero_point))
struct Int8Product {
  int32_t a_zero_point, b_zero_point;
  int32_t multiplier;
  OutputStage out;
};

// Operands and result of one shape, stored alike.
struct AddInt8 {
  int32_t row_elements;
  Int8Sum sum;
};
struct MultiplyInt8 {
  int32_t row_elements;
  Int8Product product;
};

struct AddInt8Broadcast {
  Broadcast axes;
  Int8Sum sum;
};
struct MultiplyInt8Broadcast {
  Broadcast axes;
  Int8Product product;
};

inline int8_t apply(const Int8Sum& s, int8_t a, int8_t b) {
  const int32_t q = (a * s.a_multiplier + b * s.b_multiplier + s.offset) >> s.shift;
  return int8_t(q < s.low ? s.low : q > s.high ? s.high : q);
}

// Ties go to the even step, counted from the zero point: half a step less one, and one more where the step is odd.
inline int8_t apply_ties_to_even(const Int8Sum& s, int8_t a, int8_t b) {
  const int32_t sum = a * s.a_multiplier + b * s.b_multiplier + s.offset;
  const int32_t q = ((sum + (int32_t(1) << (s.shift - 1)) - 1 + ((sum >> s.shift) & 1)) >> s.shift) + s.zero_point;
  return int8_t(q < s.low ? s.low : q > s.high ? s.high : q);
}

inline int8_t apply(const Int8Product& p, int8_t a, int8_t b) {
  return int8_t(requantize((a - p.a_zero_point) * (b - p.b_zero_point), p.multiplier, p.out));
}

}  // namespace thimble
