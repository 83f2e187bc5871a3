// Fully connected layers of a block of outputs side by side: a grid of cases, and one check of a case.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/dense_long.hpp"
#include "thimble/dense_octets.hpp"

namespace thimble::grid {

// A kernel: its constants, how its weights are packed, and its code. pack() gives the words.
struct Octets {
  using Layer = DenseOctets<DenseShape>;
  static int32_t pack(const Case& c, Workspace& w) {
    const int32_t words = pack_dense_octets(w.weights, c.out_channels, c.in_channels, nullptr);
    if (words > int32_t(sizeof w.packed / 4)) return -1;
    return pack_dense_octets(w.weights, c.out_channels, c.in_channels, w.packed) == words ? words : -1;
  }
  static void run(const Layer& layer, const int8_t* in, int8_t* out) { dense_octets(layer, in, out); }
};
struct LongQuads {
  using Layer = DenseLong<DenseShape>;
  static int32_t pack(const Case& c, Workspace& w) {
    const int32_t words = dense_quads(c.out_channels) * c.in_channels;
    if (words > int32_t(sizeof w.packed / 4)) return -1;
    pack_dense_long(w.weights, c.out_channels, c.in_channels, w.packed);
    return words;
  }
  static void run(const Layer& layer, const int8_t* in, int8_t* out) { dense_long(layer, in, out); }
};

// A dense layer of `rows` rows is a 1x1 convolution of as many pixels.
constexpr Case dense_case(int32_t rows, int32_t inputs, int32_t outputs, int32_t largest_weight) {
  Case c{1, rows, inputs, outputs, 1, 1, 1, 0, 0, 1, rows};
  c.largest_weight = largest_weight;
  return c;
}
constexpr Case dense_cases[] = {
    dense_case(20, 64, 16, 127), dense_case(9, 33, 8, 100), dense_case(9, 30, 31, 40), dense_case(12, 7, 15, 127),
    dense_case(12, 1, 8, 127),   dense_case(9, 128, 24, 9), dense_case(3, 640, 8, 2),  dense_case(9, 20, 3, 128),
};

template <class Kernel>
Failure run_dense(const Case& c, Workspace& w, int32_t index, int32_t multiplier_step) {
  centre(c, w);
  if (multiplier_step == 0)
    for (int32_t o = 1; o < c.out_channels; ++o) w.multipliers[o] = w.multipliers[0];
  refer(c, w);
  const int32_t words = Kernel::pack(c, w);
  if (words < 0) return {"words of the weights", index, words};
  const OutputStage& s = w.stage;
  const typename Kernel::Layer layer{{c.width, c.in_channels, c.out_channels},
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
  Kernel::run(layer, w.input, w.result);
  return differences(c, w) != 0 ? Failure{"rows", index, multiplier_step} : Failure{};
}

template <class Kernel>
Failure check_dense(const Case& c, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  const Failure f = run_dense<Kernel>(c, w, index, 1);
  return f.what != nullptr ? f : run_dense<Kernel>(c, w, index, 0);
}

// The stage's other forms: a left shift, and ties to the even step.
template <class Kernel>
Failure check_dense_rare(Workspace& w) {
  constexpr Case c = dense_case(9, 12, 8, 127);
  make(c, 3, w);
  w.stage.ties_to_even = 1;
  Failure f = run_dense<Kernel>(c, w, 0, 1);
  if (f.what != nullptr) return f;
  w.stage.ties_to_even = 0;
  w.stage.left_shift = 2;
  return run_dense<Kernel>(c, w, 1, 1);
}

// Weights and inputs at their extremes, of either sign: the sums of the octets' groups reach the bound of 16 bits.
template <class Kernel>
Failure check_dense_extremes(Workspace& w) {
  constexpr Case c = dense_case(9, 21, 8, 127);
  constexpr int32_t weights[] = {-128, -127, 127, 85, -85, 51, 15};
  for (int32_t kind = 0; kind < 14; ++kind) {
    make(c, 1, w);
    for (int32_t i = 0; i < c.in_row(); ++i) w.input[i] = int8_t(i / 21 % 3 != 0 ? -128 : 127);
    for (int32_t i = 0; i < c.out_channels * c.count(); ++i)
      w.weights[i] = int8_t(kind >= 7 && i % 2 != 0 ? -weights[kind % 7] - 1 : weights[kind % 7]);
    if (const Failure f = run_dense<Kernel>(c, w, kind, 1); f.what != nullptr) return f;
  }
  return {};
}

// As many weights at their extreme as a sum can have whose lower half is 24 bits.
inline Failure check_dense_long_bound(Workspace& w) {
  constexpr Case c = dense_case(4, 512, 8, 127);
  for (int32_t kind = 0; kind < 4; ++kind) {
    make(c, 1, w);
    for (int32_t i = 0; i < 4 * 512; ++i) w.input[i] = int8_t((i / 512 + kind) % 2 != 0 ? -128 : 127);
    for (int32_t i = 0; i < 8 * 512; ++i) {
      const int32_t magnitude = i % 512 == 0 ? 127 : 128;
      w.weights[i] = int8_t((kind < 2) == (i / 512 % 2 == 0) && i % 512 != 0 ? -magnitude : 127);
    }
    if (!dense_long_takes(w.weights, 8, 512)) return {"the bound", kind, 0};
    if (const Failure f = run_dense<LongQuads>(c, w, kind, 1); f.what != nullptr) return f;
  }
  return {};
}

template <class Kernel, class Report>
void check_all_dense(Workspace& w, Report& report) {
  int32_t index = 0;
  for (const Case& c : dense_cases) report("dense", check_dense<Kernel>(c, w, index++));
  report("dense, rare stages", check_dense_rare<Kernel>(w));
  report("dense, extremes", check_dense_extremes<Kernel>(w));
}

}  // namespace thimble::grid
