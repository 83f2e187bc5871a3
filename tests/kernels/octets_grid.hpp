// Fully connected layers of eight outputs side by side: a grid of cases, and one check of a case.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/dense_octets.hpp"

namespace thimble::grid {

// A dense layer of `rows` rows is a 1x1 convolution of as many pixels.
constexpr Case octets_case(int32_t rows, int32_t inputs, int32_t outputs, int32_t largest_weight) {
  Case c{1, rows, inputs, outputs, 1, 1, 1, 0, 0, 1, rows};
  c.largest_weight = largest_weight;
  return c;
}
constexpr Case octets_cases[] = {
    octets_case(20, 64, 16, 127), octets_case(9, 33, 8, 100), octets_case(9, 30, 31, 40), octets_case(12, 7, 15, 127),
    octets_case(12, 1, 8, 127),   octets_case(9, 128, 24, 9), octets_case(3, 640, 8, 2),  octets_case(9, 20, 3, 128),
};

inline Failure run_octets(const Case& c, Workspace& w, int32_t index, int32_t multiplier_step) {
  centre(c, w);
  if (multiplier_step == 0)
    for (int32_t o = 1; o < c.out_channels; ++o) w.multipliers[o] = w.multipliers[0];
  refer(c, w);
  const int32_t words = pack_dense_octets(w.weights, c.out_channels, c.in_channels, nullptr);
  if (words > int32_t(sizeof w.packed / 4)) return {"words of the weights", index, words};
  if (pack_dense_octets(w.weights, c.out_channels, c.in_channels, w.packed) != words) return {"words", index, words};
  const OutputStage& s = w.stage;
  const DenseOctets<DenseShape> layer{{c.width, c.in_channels, c.out_channels},
                                      w.packed,
                                      w.bias,
                                      w.multipliers,
                                      multiplier_step,
                                      s.offset,
                                      s.shift,
                                      s.left_shift,
                                      s.zero_point,
                                      s.low,
                                      s.high,
                                      s.ties_to_even};
  clear(w);
  dense_octets(layer, w.input, w.result);
  return differences(c, w) != 0 ? Failure{"rows", index, multiplier_step} : Failure{};
}

inline Failure check_octets(const Case& c, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  const Failure f = run_octets(c, w, index, 1);
  return f.what != nullptr ? f : run_octets(c, w, index, 0);
}

// The stage's other forms: a left shift, and ties to the even step.
inline Failure check_octets_rare(Workspace& w) {
  constexpr Case c = octets_case(9, 12, 8, 127);
  make(c, 3, w);
  w.stage.ties_to_even = 1;
  Failure f = run_octets(c, w, 0, 1);
  if (f.what != nullptr) return f;
  w.stage.ties_to_even = 0;
  w.stage.left_shift = 2;
  return run_octets(c, w, 1, 1);
}

// Weights and inputs at their extremes, of either sign: the groups' sums reach the bound of 16 bits.
inline Failure check_octets_extremes(Workspace& w) {
  constexpr Case c = octets_case(9, 21, 8, 127);
  constexpr int32_t weights[] = {-128, -127, 127, 85, -85, 51, 15};
  for (int32_t kind = 0; kind < 14; ++kind) {
    make(c, 1, w);
    for (int32_t i = 0; i < c.in_row(); ++i) w.input[i] = int8_t(i / 21 % 3 != 0 ? -128 : 127);
    for (int32_t i = 0; i < c.out_channels * c.count(); ++i)
      w.weights[i] = int8_t(kind >= 7 && i % 2 != 0 ? -weights[kind % 7] - 1 : weights[kind % 7]);
    if (const Failure f = run_octets(c, w, kind, 1); f.what != nullptr) return f;
  }
  return {};
}

}  // namespace thimble::grid
