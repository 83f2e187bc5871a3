// Fully connected int8 layers, eight outputs at a time in the halves of four words.
#pragma once
#include "thimble/arch/rv32_dense.hpp"
#include "thimble/arch/v6m_dense.hpp"
#include "thimble/dense_blocks.hpp"
#include "thimble/dense_octets.pack.hpp"

namespace thimble {

template <class Shape>
void dense_octets(const DenseOctets<Shape>& c, const int8_t* in, int8_t* out) {
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs, out += c.outputs)
    dense_blocks<8>(c, in, out, octet_products);
}

}  // namespace thimble
