// Convolutions of six pixels, channel by channel: one check of a case in all its forms. The cases are those of
// six_grid.
#pragma once
#include "tests/kernels/six_grid.hpp"
#include "thimble/conv_single.hpp"

namespace thimble::grid {

// Runs what make() or a test drew, as conv2d and, where it is one, as pointwise.
template <class Shape>
Failure run_single(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  centre(c, w);
  refer(c, w);
  int8_t* const packed = reinterpret_cast<int8_t*>(w.packed);
  const int32_t bytes = pack_conv_single(shape, w.weights, nullptr);
  if (bytes > int32_t(sizeof w.packed) || pack_conv_single(shape, w.weights, packed) != bytes)
    return {"bytes of the weights", index, bytes};
  pack_single_channels(shape, w.weights, w.bias, w.multipliers, w.channels);
  const ConvSingle<Shape> layer{shape, packed, w.channels};
  for (int32_t as_pointwise = 0; as_pointwise <= int32_t(six_pointwise(c)); ++as_pointwise) {
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
      as_pointwise != 0 ? pointwise_single(layer, in, out, y0, y1, scratch)
                        : conv2d_single(layer, in, out, y0, y1, scratch);
    };
    const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
    if (f.what != nullptr) return f;
    const int32_t scratch_bytes = as_pointwise != 0 ? six_panel_bytes(shape) : conv2d_six_scratch_bytes(shape);
    for (int32_t i = scratch_bytes; i < int32_t(sizeof w.scratch); ++i)
      if (w.scratch[i] != 0x77) return {"scratch", index, i};
  }
  return {};
}

template <class Shape>
Failure check_single(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  return run_single(c, shape, w, index);
}

// Weights and inputs at their extremes, of either sign: the groups' sums reach the bound of 16 bits.
inline Failure check_single_extremes(Workspace& w) {
  constexpr Case c{4, 4, 9, 3, 1, 1, 1, 0, 0, 4, 4};
  constexpr int32_t weights[] = {-128, -127, 127, 85, -85, 51, 1};
  for (int32_t kind = 0; kind < 14; ++kind) {
    for (int32_t i = 0; i < c.height * c.in_row(); ++i) w.input[i] = int8_t(i / 9 % 3 != 0 ? -128 : 127);
    for (int32_t i = 0; i < c.out_channels * c.count(); ++i)
      w.weights[i] = int8_t(kind >= 7 && i % 2 != 0 ? -weights[kind % 7] - 1 : weights[kind % 7]);
    const int32_t shift = c.shift();
    w.stage = {c.out_zero_point * (1 << shift) + (1 << (shift - 1)), shift, 0, c.out_zero_point, c.low, c.high, 0};
    if (const Failure f = run_single(c, six_shape(c), w, kind); f.what != nullptr) return f;
  }
  return {};
}

// A pointwise layer over its own input, band by band.
inline Failure check_single_in_place(Workspace& w) {
  constexpr Case c{5, 5, 31, 30, 1, 1, 1, 0, 0, 5, 5};
  make(c, 7, w);
  centre(c, w);
  refer(c, w);
  pack_conv_single(six_shape(c), w.weights, reinterpret_cast<int8_t*>(w.packed));
  pack_single_channels(six_shape(c), w.weights, w.bias, w.multipliers, w.channels);
  const ConvSingle<ConvShape> layer{six_shape(c), reinterpret_cast<int8_t*>(w.packed), w.channels};
  uint8_t* const tensor = reinterpret_cast<uint8_t*>(w.input);
  for (int32_t y = 0; y < c.out_height; y += 2) {
    const int32_t end = y + 2 < c.out_height ? y + 2 : c.out_height;
    pointwise_single(layer, RowView{tensor, c.in_row(), c.height}, RowRing{tensor, c.out_row(), c.out_height}, y, end,
                     w.scratch);
  }
  for (int32_t i = 0; i < c.out_height * c.out_row(); ++i)
    if (w.input[i] != w.reference[i]) return {"in place", 0, i};
  return {};
}

// All forms of the output stage, sums and multipliers of all sizes.
inline Failure check_store_pixels() {
  Random random(5);
  for (int32_t i = 0; i < 3000; ++i) {
    const int32_t shift = random.between(1, 22), zero_point = random.between(-128, 127);
    OutputStage stage{zero_point * (1 << shift) + (1 << (shift - 1)), shift, 0, zero_point, -128, 127, 0};
    if (i % 3 == 0) stage.low = random.between(-128, 0), stage.high = random.between(0, 127);
    if (i % 8 == 0) stage.left_shift = 2;
    if (i % 8 == 4) stage.ties_to_even = 1;
    const int32_t multiplier = random.between(1 << 20, (1 << 23) - 1) * 256 + random.between(0, 255);
    int32_t sums[6];
    int8_t results[6][3] = {};
    int8_t* to[6];
    for (int32_t k = 0; k < 6; ++k) {
      sums[k] = random.between(-(1 << 22), (1 << 22)) >> random.between(0, 18);
      to[k] = results[k];
    }
    store_pixels(sums, sums + 6, multiplier, stage, to, 1);
    for (int32_t k = 0; k < 6; ++k)
      if (results[k][0] != 0 || results[k][1] != requantize(sums[k], multiplier, stage) || results[k][2] != 0)
        return {"stored", i, k};
  }
  return {};
}

template <int32_t index = 0>
Failure check_fixed_single(Workspace& w) {
  if constexpr (index == sizeof six_cases / sizeof six_cases[0]) {
    return {};
  } else {
    const Failure f = check_single(six_cases[index], FixedSixShape<index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_single<index + 1>(w);
  }
}

}  // namespace thimble::grid
