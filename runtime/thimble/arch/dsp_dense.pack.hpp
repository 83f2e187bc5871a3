// Fully connected layers for cores with the DSP extension: constants and packing.
#pragma once
#include <stdint.h>

#include "thimble/arch/dsp_form.pack.hpp"

namespace thimble {

// Each of `rows` rows of `inputs` values gives a row of `outputs`. Biases and multipliers lie among the weights.
struct DenseDsp {
  int32_t rows, inputs, outputs;
  const int32_t* weights;                                                  // pack_dense_dsp
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

// Inputs come in eights, widened to four words; zeros fill the last.
constexpr int32_t dense_eight_words = 4;
constexpr int32_t dense_dsp_eights(int32_t inputs) {
  return int32_t(uint32_t(inputs + 7) / 8);
}
// Scratch of one call: the widened inputs.
constexpr int32_t dense_dsp_scratch_bytes(int32_t inputs) {
  return dense_dsp_eights(inputs) * dense_eight_words * 4;
}

// Four outputs a, b, c, d at a time; those behind the last are zeros.
constexpr int32_t packed_dense_dsp_words(int32_t inputs, int32_t outputs) {
  return int32_t(uint32_t(outputs + 3) / 4) * (dense_dsp_eights(inputs) * 8 + 8);
}

// weights: [outputs][inputs]; one multiplier for each output. The words of four outputs: biases of a, b, c, d (shared
// halves: of a, a + 256*b, c, c + 256*d), then four for each four inputs, then the multipliers. Weights with shared
// halves: inputs 0 2 of a b, then of c d, inputs 1 3 of a b, then of c d; plain: one word for each output.
constexpr void pack_dense_dsp(int32_t inputs, int32_t outputs, DspForm form, const int8_t* weights, const int32_t* bias,
                              const int32_t* multipliers, int32_t* packed) {
  const bool shared = form != DspForm::plain;
  for (int32_t o = 0; o < outputs; o += 4) {
    const auto bias_of = [&](int32_t k) { return o + k < outputs ? uint32_t(bias[o + k]) : 0u; };
    for (int32_t k = 0; k < 4; k += 2) {
      *packed++ = int32_t(bias_of(k));
      *packed++ = int32_t(shared ? bias_of(k) + 256u * bias_of(k + 1) : bias_of(k + 1));
    }
    for (int32_t q = 0; q < dense_dsp_eights(inputs) * 2; ++q) {
      int32_t w[4][4] = {};
      for (int32_t k = 0; k < 4 && o + k < outputs; ++k)
        for (int32_t e = 0; e < 4 && q * 4 + e < inputs; ++e) w[k][e] = weights[int64_t(o + k) * inputs + q * 4 + e];
      for (int32_t k = 0; !shared && k < 4; ++k) *packed++ = word_of_bytes(w[k]);
      for (int32_t e = 0; shared && e < 2; ++e)
        for (int32_t k = 0; k < 4; k += 2)
          *packed++ = word_of_halves(shared_half(w[k][e], w[k + 1][e]), shared_half(w[k][e + 2], w[k + 1][e + 2]));
    }
    for (int32_t k = 0; k < 4; ++k) *packed++ = o + k < outputs ? multipliers[o + k] : 0;
  }
}

}  // namespace thimble
