// Fully connected int8 layers, eight outputs at a time in the halves of four words.
#pragma once
#include "thimble/arch/rv32_dense.hpp"
#include "thimble/dense_octets.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

template <class Shape>
void dense_octets(const DenseOctets<Shape>& c, const int8_t* in, int8_t* out) {
  const OutputStage stage = output_stage(c);
  const Requantizer stored(stage);
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs) {
    const int32_t *weights = c.weights, *bias = c.bias, *multiplier = c.multipliers;
    for (int32_t left = c.outputs; left > 0; left -= 8) {
      int32_t sums[8];
      weights = octet_products(in, weights, sums);
      const int32_t* const end = sums + (left < 8 ? left : 8);
      for (const int32_t* sum = sums; sum != end; ++sum, multiplier += c.multiplier_step)
        *out++ = int8_t(stored(*sum + *bias++, *multiplier));
    }
  }
}

}  // namespace thimble
