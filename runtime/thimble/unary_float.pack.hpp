// Constants of the kernels that compute a function of each real.
#pragma once
#include <stdint.h>

namespace thimble {

struct Unary {
  int32_t row_elements;
  float alpha, beta;  // what the function's parameters are called in ONNX; 0 where it has none
};

struct Clamp {
  int32_t row_elements;
  float low, high;  // infinite where open
};

}  // namespace thimble
