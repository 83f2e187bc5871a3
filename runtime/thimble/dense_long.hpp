// Fully connected int8 layers, four outputs at a time in two words, their sums in 64 bits.
#pragma once
#include "thimble/arch/v7m_dense.hpp"
#include "thimble/dense_blocks.hpp"
#include "thimble/dense_long.pack.hpp"

namespace thimble {

template <class Shape>
void dense_long(const DenseLong<Shape>& c, const int8_t* in, int8_t* out) {
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs, out += c.outputs) {
    int32_t sum_of_inputs = 0;
    for (int32_t i = 0; i < c.inputs; ++i) sum_of_inputs += in[i];
    dense_blocks<4>(c, in, out, [&](const int8_t* from, const int32_t* weights, int32_t* sums) {
      return quad_products(from, weights, c.inputs, -dense_weight_offset * sum_of_inputs, sums);
    });
  }
}

}  // namespace thimble
