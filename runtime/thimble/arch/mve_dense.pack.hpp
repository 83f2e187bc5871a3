// Fully connected layers for cores with Helium: constants.
#pragma once
#include <stdint.h>

#include "thimble/dense.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// As Dense, with weights in rows: [outputs][inputs].
template <class Shape>
struct DenseMve : Shape {
  const int8_t* weights;
  const int32_t* bias;         // minus the input's zero point times the sum of the output's weights
  const int32_t* multipliers;  // see requantize.hpp
  int32_t multiplier_step;     // 1: one for each output; 0: one for all
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

}  // namespace thimble
