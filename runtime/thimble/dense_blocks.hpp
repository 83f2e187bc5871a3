// Fully connected int8 layers, a block of outputs at a time.
#pragma once
#include "thimble/requantize.hpp"

namespace thimble {

// `products(in, weights, sums)` makes the sums of `block` outputs, and gives the place behind their weights.
template <int32_t block, class Constants, class Products>
inline void dense_blocks(const Constants& c, const int8_t* in, int8_t* out, Products products) {
  const OutputStage stage = output_stage(c);
  const Requantizer stored(stage);
  const int32_t *weights = c.weights, *bias = c.bias, *multiplier = c.multipliers;
  for (int32_t left = c.outputs; left > 0; left -= block) {
    int32_t sums[block];
    weights = products(in, weights, sums);
    const int32_t* const end = sums + (left < block ? left : block);
    for (const int32_t* sum = sums; sum != end; ++sum, multiplier += c.multiplier_step)
      *out++ = int8_t(stored(*sum + *bias++, *multiplier));
  }
}

}  // namespace thimble
