// Chooses the constants of an int8 addition, so that it agrees with ONNX Runtime on as many of the 65,536 pairs of
// operands as can be.
#pragma once
#include <string>

#include "compiler/requantize.hpp"
#include "thimble/binary_int8.pack.hpp"

namespace thimble::compiler {

// A stored number's meaning: one scale, one zero point.
struct Int8Scale {
  float scale;
  int32_t zero_point;
};

// a + b, or a - b with `subtract`.
struct Int8SumProblem {
  Int8Scale a, b, result;
  bool subtract;
  int32_t low, high;  // stored range, the activation's clamp included
};

// ONNX Runtime's result: dequantize both, add, divide by the result's scale, each step rounded to float32; round half
// to even, add the zero point, clamp.
int32_t reference_sum(const Int8SumProblem& problem, int32_t a, int32_t b);

struct ChosenInt8Sum {
  Int8Sum sum;
  bool ties_to_even;
  int differing;  // pairs, of 65,536, on which it is not reference_sum
};

// Throws Error at `where` when the scales lie too far apart for 32 bits.
ChosenInt8Sum choose_int8_sum(const Int8SumProblem& problem, const std::string& where);

}  // namespace thimble::compiler
