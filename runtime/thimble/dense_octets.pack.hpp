// Fully connected int8 layers for cores that multiply to 32 bits only.
#pragma once
#include <stdint.h>

#include "thimble/dense.pack.hpp"

namespace thimble {

// A word holds the weights of four outputs, each plus 128: bytes u0 u1 u2 u3. Its halves u0 + 65536*u2 and u1 +
// 65536*u3 are multiplied by one input each, so that one multiply makes two products. Over a group of inputs the sum of
// x*u less 128 times the sum of x is the sum of x*w; with 32768 added the upper half of the word has its own sum
// exactly, provided that the lower one lies in [-32768, 32767]: a sum of |w| of octet_bound or less will do.
constexpr int32_t octet_bound = 255;
// A word's first half, and the 128 in both of its bytes.
constexpr int32_t octet_halves = 0x00ff00ff, octet_offsets = 0x00800080;
// The kernel's code is unrolled this often.
constexpr int32_t octet_longest_group = 16;

// As Dense, with other weights.
template <class Shape>
struct DenseOctets : Shape {
  const int32_t* weights;      // pack_dense_octets()
  const int32_t* bias;         // minus the input's zero point times the sum of the output's weights
  const int32_t* multipliers;  // see requantize.hpp
  int32_t multiplier_step;     // 1: one for each output; 0: one for all
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

constexpr int32_t octets(int32_t outputs) {
  return (outputs + 7) / 8;
}
// Outputs that fill the last octet cost as much as real ones. An eighth more is a good price.
constexpr bool dense_in_octets(int32_t outputs) {
  return 8 * (octets(outputs) * 8 - outputs) <= outputs;
}

// Length of the longest group of inputs from i on that is legal for all of the outputs [first, last).
constexpr int32_t octet_group(const int8_t* weights, int32_t inputs, int32_t first, int32_t last, int32_t i) {
  int32_t sums[8] = {};
  int32_t length = 0;
  for (; i < inputs && length < octet_longest_group; ++i, ++length)
    for (int32_t o = first; o < last; ++o) {
      const int32_t w = weights[int64_t(o) * inputs + i];
      sums[o - first] += w < 0 ? -w : w;
      if (sums[o - first] > octet_bound) return length;
    }
  return length;
}

// From [outputs][inputs]. An octet is a word -32768 * (number of groups), the groups, and a word 0. A group is a word
// with its length and two words an input: the outputs 0 to 3 and 4 to 7. Gives the words; writes none where `packed` is
// null.
constexpr int32_t pack_dense_octets(const int8_t* weights, int32_t outputs, int32_t inputs, int32_t* packed) {
  int32_t words = 0;
  const auto put = [&](int32_t word) {
    if (packed != nullptr) packed[words] = word;
    ++words;
  };
  for (int32_t first = 0; first < outputs; first += 8) {
    const int32_t last = first + 8 < outputs ? first + 8 : outputs;
    int32_t groups = 0;
    const int32_t head = words;
    put(0);
    for (int32_t i = 0; i < inputs; ++groups) {
      const int32_t length = octet_group(weights, inputs, first, last, i);
      put(length);
      for (const int32_t end = i + length; i < end; ++i)
        for (int32_t half = first; half < first + 8; half += 4) {
          uint32_t word = 0;
          for (int32_t k = 0; k < 4; ++k)
            word |= uint32_t(128 + (half + k < outputs ? weights[int64_t(half + k) * inputs + i] : 0)) << (8 * k);
          put(int32_t(word));
        }
    }
    put(0);
    if (packed != nullptr) packed[head] = -32768 * groups;
  }
  return words;
}

}  // namespace thimble
