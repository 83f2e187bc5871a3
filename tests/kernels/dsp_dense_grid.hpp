// The fully connected layers of the DSP kernels' grid.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/arch/dsp_dense.hpp"
#include "thimble/arch/mve_dense.hpp"

namespace thimble::grid {

// A dense layer of `rows` rows is a 1x1 convolution of as many pixels.
constexpr Case dense(int32_t rows, int32_t inputs, int32_t outputs) {
  return {1, rows, inputs, outputs, 1, 1, 1, 0, 0, 1, rows};
}
constexpr Case clamped_dense(Case c) {
  c.low = -90;
  c.high = 101;
  return c;
}
constexpr Case unshareable(Case c) {
  c.largest_weight = 128;
  return c;
}
constexpr Case dense_cases[] = {
    dense(40, 64, 12),
    dense(20, 128, 8),
    dense(9, 33, 5),
    dense(9, 30, 10),
    dense(12, 7, 3),
    dense(12, 3, 4),
    dense(12, 1, 2),
    dense(30, 640, 4),
    dense(20, 16, 1),
    clamped_dense(dense(20, 20, 7)),
    unshareable(dense(20, 36, 6)),
};

inline void call_dense(DspForm form, const DenseDsp& l, const int8_t* in, int8_t* out, void* scratch) {
  if (form == DspForm::saturated) dense_dsp(l, in, out, scratch);
  if (form == DspForm::clamped) dense_dsp_clamped(l, in, out, scratch);
  if (form == DspForm::plain) dense_dsp_plain(l, in, out, scratch);
}

inline Failure check_dense(const Case& c, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  const DspForm best = dsp_form(w.weights, w.bias, c.out_channels, c.count(), w.stage);
  const bool expect_plain = c.largest_weight > 127, full = c.low == -128 && c.high == 127;
  if (best != (expect_plain ? DspForm::plain : full ? DspForm::saturated : DspForm::clamped))
    return {"form", index, int32_t(best)};
  const DspForm forms[] = {best, DspForm::plain};
  for (DspForm form : forms) {
    const OutputStage& s = w.stage;
    const DenseDsp layer{c.width,      c.in_channels, c.out_channels, w.packed, s.offset,      s.shift,
                         s.left_shift, s.zero_point,  s.low,          s.high,   s.ties_to_even};
    pack_dense_dsp(c.in_channels, c.out_channels, form, w.weights, w.bias, w.multipliers, w.packed);
    clear(w);
    call_dense(form, layer, w.input, w.result, w.scratch);
    for (int32_t i = dense_dsp_scratch_bytes(c.in_channels); i < int32_t(sizeof w.scratch); ++i)
      if (w.scratch[i] != 0x77) return {"scratch", index, i};
    if (differences(c, w) != 0) return {"rows", index, int32_t(form)};
    if (form != DspForm::saturated) continue;
    clear(w);
    dense_dsp_unrolled(layer, w.input, w.result, w.scratch);
    if (differences(c, w) != 0) return {"unrolled rows", index, 0};
  }
  return {};
}

inline Failure check_mve_dense(const Case& c, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  const OutputStage& s = w.stage;
  int8_t* const weights = reinterpret_cast<int8_t*>(w.packed);
  pack_dense_mve(w.weights, c.out_channels, c.in_channels, weights);
  for (int32_t kind = 0; kind < 4; ++kind) {
    const bool plain = kind % 2 != 0, one_multiplier = kind >= 2;
    for (int32_t i = 0; i < 4; ++i) w.bias[c.out_channels + i] = w.multipliers[c.out_channels + i] = 0;
    if (one_multiplier)
      for (int32_t i = 1; i < c.out_channels; ++i) w.multipliers[i] = w.multipliers[0];
    refer(c, w);
    const DenseMve<DenseShape> layer{{c.width, c.in_channels, c.out_channels},
                                     weights,
                                     w.bias,
                                     w.multipliers,
                                     one_multiplier ? 0 : 1,
                                     s.offset,
                                     s.shift,
                                     s.left_shift,
                                     s.zero_point,
                                     s.low,
                                     s.high,
                                     s.ties_to_even};
    clear(w);
    plain ? dense_plain_mve(layer, w.input, w.result) : dense_mve(layer, w.input, w.result);
    if (differences(c, w) != 0) return {"rows", index, kind};
  }
  return {};
}

}  // namespace thimble::grid
