// Convolutions of six pixels with 64-bit sums: the cases of conv_six, and one check of a case in all its forms.
#pragma once
#include "tests/kernels/six_grid.hpp"
#include "thimble/conv_long.hpp"

namespace thimble::grid {

// Runs what make() or a test drew, in all forms that take it.
template <class Shape>
Failure run_long(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  centre(c, w);
  refer(c, w);
  for (int32_t m = 0; m < c.out_channels; ++m) {
    w.channels[2 * m] = w.bias[m];
    w.channels[2 * m + 1] = w.multipliers[m];
  }
  if (!conv_long_takes(shape, w.weights)) return {"takes", index, 0};
  const ConvLong<Shape> layer{shape, w.weights, w.channels};
  for (int32_t kind = 0; kind < 3; ++kind) {
    if ((kind == 1 && !six_pointwise(c)) || (kind == 2 && !has_six_columns(shape))) continue;
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
      if (kind == 0) conv2d_long(layer, in, out, y0, y1, scratch);
      if (kind == 1) pointwise_long(layer, in, out, y0, y1, scratch);
      if (kind == 2) conv2d_long_three(layer, in, out, y0, y1, scratch);
    };
    const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
    if (f.what != nullptr) return f;
  }
  return {};
}

template <class Shape>
Failure check_long(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  return run_long(c, shape, w, index);
}

// Sums at the bound of 22 bits, of either sign: 256 weights of -128 but for one of -127, on inputs of -128 and 127.
inline Failure check_long_extremes(Workspace& w) {
  constexpr Case c{2, 4, 256, 3, 1, 1, 1, 0, 0, 2, 4};
  for (int32_t kind = 0; kind < 4; ++kind) {
    for (int32_t i = 0; i < c.height * c.in_row(); ++i)
      w.input[i] = int8_t((i / c.in_channels + kind) % 3 != 0 ? -128 : 127);
    for (int32_t i = 0; i < c.out_channels * c.count(); ++i)
      w.weights[i] = int8_t(i % c.count() == 0 ? -127 : kind >= 2 && i >= c.count() ? 127 : -128);
    const int32_t shift = c.shift();
    w.stage = {c.out_zero_point * (1 << shift) + (1 << (shift - 1)), shift, 0, c.out_zero_point, c.low, c.high, 0};
    if (const Failure f = run_long(c, six_shape(c), w, kind); f.what != nullptr) return f;
  }
  return {};
}

// A pointwise layer over its own input, band by band.
inline Failure check_long_in_place(Workspace& w) {
  constexpr Case c{5, 5, 31, 30, 1, 1, 1, 0, 0, 5, 5};
  make(c, 7, w);
  centre(c, w);
  refer(c, w);
  for (int32_t m = 0; m < c.out_channels; ++m) {
    w.channels[2 * m] = w.bias[m];
    w.channels[2 * m + 1] = w.multipliers[m];
  }
  const ConvLong<ConvShape> layer{six_shape(c), w.weights, w.channels};
  uint8_t* const tensor = reinterpret_cast<uint8_t*>(w.input);
  for (int32_t y = 0; y < c.out_height; y += 2) {
    const int32_t end = y + 2 < c.out_height ? y + 2 : c.out_height;
    pointwise_long(layer, RowView{tensor, c.in_row(), c.height}, RowRing{tensor, c.out_row(), c.out_height}, y, end,
                   w.scratch);
  }
  for (int32_t i = 0; i < c.out_height * c.out_row(); ++i)
    if (w.input[i] != w.reference[i]) return {"in place", 0, i};
  return {};
}

template <int32_t index = 0>
Failure check_fixed_long(Workspace& w) {
  if constexpr (index == sizeof six_cases / sizeof six_cases[0]) {
    return {};
  } else {
    const Failure f = check_long(six_cases[index], FixedSixShape<index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_long<index + 1>(w);
  }
}

}  // namespace thimble::grid
