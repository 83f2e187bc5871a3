// Constants of the kernels between reals and stored integers.
#pragma once
#include <stdint.h>

namespace thimble {

// real = (stored - zero_point) * scale
struct Quantize {
  int32_t row_elements;
  float scale;
  int32_t zero_point;
};

// One scale for each index of an axis; the tensor is [outer][channels][inner] in memory.
struct QuantizeAxis {
  int32_t outer, channels, inner;
  const float* scales;         // one a channel
  const int32_t* zero_points;  // one a channel
};

}  // namespace thimble
