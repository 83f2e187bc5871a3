// Fully connected layers for cores with the DSP extension: constants and packing.
#pragma once
#include <stdint.h>

#include "thimble/arch/dsp_form.pack.hpp"
#include "thimble/dense.pack.hpp"

namespace thimble {

// As Dense, with other weights.
template <class Shape>
struct DenseDsp : Shape {
  const int32_t* weights;      // pack_dense_dsp
  const int32_t* bias;         // minus the input's zero point times the sum of the output's weights
  const int32_t* multipliers;  // see requantize.hpp
  int32_t multiplier_step;     // 1: one for each output; 0: one for all
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

// Inputs come in quads; zeros fill the last.
constexpr int32_t dense_dsp_quads(int32_t inputs) {
  return (inputs + 3) / 4;
}

// Four outputs a, b, c, d at a time, then pairs for those left over; an odd last one is paired with zeros.
constexpr int32_t packed_dense_dsp_words(int32_t inputs, int32_t outputs) {
  return (outputs + 1) / 2 * dense_dsp_quads(inputs) * 2;
}

// weights: [outputs][inputs]. A quad of four outputs is four words: shared halves, inputs 0 2 of a b, then of c d,
// inputs 1 3 of a b, then of c d; plain, one word for each output. A quad of a pair is two words: inputs 0 2, inputs 1
// 3; or one for each.
constexpr void pack_dense_dsp(int32_t inputs, int32_t outputs, DspForm form, const int8_t* weights, int32_t* packed) {
  for (int32_t o = 0; o < outputs;) {
    const int32_t block = outputs - o >= 4 ? 4 : 2;
    for (int32_t q = 0; q < dense_dsp_quads(inputs); ++q) {
      int32_t w[4][4] = {};
      for (int32_t k = 0; k < block && o + k < outputs; ++k)
        for (int32_t e = 0; e < 4 && q * 4 + e < inputs; ++e) w[k][e] = weights[int64_t(o + k) * inputs + q * 4 + e];
      for (int32_t i = 0; form == DspForm::plain && i < block; ++i) *packed++ = word_of_bytes(w[i]);
      for (int32_t e = 0; form != DspForm::plain && e < 2; ++e)
        for (int32_t k = 0; k < block; k += 2)
          *packed++ = word_of_halves(shared_half(w[k][e], w[k + 1][e]), shared_half(w[k][e + 2], w[k + 1][e + 2]));
    }
    o += block;
  }
}

}  // namespace thimble
