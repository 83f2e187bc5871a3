// Fully connected int8 layers for cores without SIMD that add products to 64-bit sums.
#pragma once
#include <stdint.h>

#include "thimble/dense.pack.hpp"

namespace thimble {

// A word holds the weights of four outputs: bytes u0 w1 u2 w3, where u is 128 more than w. With the two bytes between
// taken out it is u0 + 2^24*w3, turned by half a word u2 + 2^24*w1: one multiply makes two products. Once 128 times the
// sum of the inputs is taken off, the 64-bit sum of x*(u0 + 2^24*w3) has the sum of x*w0 in its lower 24 bits and the
// sum of x*w3 above them, both exact, provided that the sum of x*w0 lies in [-2^23, 2^23 - 1]: a sum of |w| of
// dense_long_bound or less will do.
constexpr int32_t dense_long_unit = 1 << 24;
constexpr int32_t dense_long_bound = 65535;

// As Dense, with other weights.
template <class Shape>
struct DenseLong : Shape {
  const int32_t* weights;      // pack_dense_long()
  const int32_t* bias;         // minus the input's zero point times the sum of the output's weights
  const int32_t* multipliers;  // see requantize.hpp
  int32_t multiplier_step;     // 1: one for each output; 0: one for all
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

constexpr int32_t dense_quads(int32_t outputs) {
  return (outputs + 3) / 4;
}

// Sums that keep out of each other's way, and outputs that fill the quads nearly: those that fill up the last one cost
// as much flash and time as real ones. Half as many again is still less time than the portable kernel takes.
constexpr bool dense_long_takes(const int8_t* weights, int32_t outputs, int32_t inputs) {
  if (2 * (4 * dense_quads(outputs) - outputs) > outputs) return false;
  for (int32_t o = 0; o < outputs; ++o, weights += inputs) {
    int64_t sum = 0;
    for (int32_t i = 0; i < inputs; ++i) sum += weights[i] < 0 ? -weights[i] : weights[i];
    if (sum > dense_long_bound) return false;
  }
  return true;
}

// From [outputs][inputs]: four outputs side by side, [dense_quads][inputs].
constexpr void pack_dense_long(const int8_t* weights, int32_t outputs, int32_t inputs, int32_t* packed) {
  for (int32_t first = 0; first < outputs; first += 4)
    for (int32_t i = 0; i < inputs; ++i) {
      uint32_t word = 0x00800080;
      for (int32_t o = first; o < outputs && o < first + 4; ++o)
        word ^= (uint32_t(weights[int64_t(o) * inputs + i]) & 0xff) << (8 * (o - first));
      *packed++ = int32_t(word);
    }
}

}  // namespace thimble
