// Convolutions of six pixels side by side: a grid of cases, and one check of a case in all its forms.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/conv_six.hpp"

namespace thimble::grid {

constexpr Case six_cases[] = {
    // height, width, in, out, kernel, stride, pads, out height, out width
    {9, 8, 4, 6, 3, 3, 1, 1, 1, 9, 8},
    {9, 9, 16, 7, 3, 3, 1, 1, 1, 9, 9},      // an odd channel
    {10, 10, 3, 8, 3, 3, 2, 0, 0, 5, 5},     // pads only behind the input
    {12, 10, 1, 5, 10, 4, 2, 4, 1, 6, 5},    // more kernel than image above
    {20, 1, 12, 6, 5, 1, 1, 4, 0, 20, 1},    // 1-D: six pixels are six rows
    {20, 1, 5, 3, 3, 1, 1, 4, 0, 20, 1, 2},  // dilated
    {7, 3, 2, 2, 3, 3, 1, 1, 1, 7, 3},       // rows of three pixels: one in four pairs spans two
    {4, 3, 4, 2, 3, 5, 1, 1, 2, 4, 3},       // kernel wider than the image
    {8, 8, 16, 9, 1, 1, 2, 0, 0, 4, 4},      // strided
    {6, 8, 8, 16, 1, 1, 1, 0, 0, 6, 8},      // pointwise from here
    {5, 5, 64, 57, 1, 1, 1, 0, 0, 5, 5},     //
    {3, 7, 106, 17, 1, 1, 1, 0, 0, 3, 7},    //
    {3, 3, 1, 2, 1, 1, 1, 0, 0, 3, 3},       //
    {1, 1, 128, 3, 1, 1, 1, 0, 0, 1, 1},     // one pixel: six times the same
    {4, 5, 57, 30, 1, 1, 1, 0, 0, 4, 5, 1, false, false, -90, 90},
    {5, 5, 31, 6, 1, 1, 1, 0, 0, 5, 5, 1, false, false, -128, 127, 3, -7, 20},  // groups of any length up to 12
    {5, 5, 31, 6, 1, 1, 1, 0, 0, 5, 5, 1, false, false, -128, 127, 0, 0, 1},    // groups of 12
};

constexpr bool six_pointwise(const Case& c) {
  return c.kernel_height == 1 && c.kernel_width == 1 && c.stride == 1;
}

constexpr ConvShape six_shape(const Case& c) {
  const int32_t shift = c.shift();
  return {c.height,
          c.width,
          c.in_channels,
          c.out_width,
          c.out_channels,
          c.kernel_height,
          c.kernel_width,
          c.stride,
          c.stride,
          c.dilation_y,
          1,
          c.pad_top,
          c.pad_left,
          c.in_channels,
          c.out_channels,
          c.in_zero_point,
          c.out_zero_point * (1 << shift) + (1 << (shift - 1)),
          shift,
          0,
          c.out_zero_point,
          c.low,
          c.high,
          0};
}

// The specialised form of a case, as the code generator writes it.
template <int32_t index>
struct FixedSixShape {
  static constexpr bool fixed = true;
  static constexpr ConvShape s = six_shape(six_cases[index]);
  static constexpr int32_t in_height = s.in_height, in_width = s.in_width, in_channels = s.in_channels;
  static constexpr int32_t out_width = s.out_width, out_channels = s.out_channels;
  static constexpr int32_t kernel_height = s.kernel_height, kernel_width = s.kernel_width;
  static constexpr int32_t stride_y = s.stride_y, stride_x = s.stride_x;
  static constexpr int32_t dilation_y = s.dilation_y, dilation_x = s.dilation_x;
  static constexpr int32_t pad_top = s.pad_top, pad_left = s.pad_left;
  static constexpr int32_t group_in_channels = s.group_in_channels, group_out_channels = s.group_out_channels;
  static constexpr int32_t in_zero_point = s.in_zero_point;
  static constexpr int32_t offset = s.offset, shift = s.shift, left_shift = s.left_shift, zero_point = s.zero_point;
  static constexpr int32_t low = s.low, high = s.high, ties_to_even = s.ties_to_even;
};

// Runs what make() or a test drew, in all forms that take it.
template <class Shape>
Failure run_six(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  centre(c, w);
  refer(c, w);
  int8_t* const packed = reinterpret_cast<int8_t*>(w.packed);
  const int32_t bytes = pack_conv_six(shape, w.weights, nullptr);
  if (bytes > int32_t(sizeof w.packed) || pack_conv_six(shape, w.weights, packed) != bytes)
    return {"bytes of the weights", index, bytes};
  pack_six_channels(c.out_channels, w.bias, w.multipliers, w.channels);
  const ConvSix<Shape> layer{shape, packed, w.channels};
  for (int32_t kind = 0; kind < 3; ++kind) {
    if ((kind == 1 && !six_pointwise(c)) || (kind == 2 && !has_six_columns(shape))) continue;
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
      if (kind == 0) conv2d_six(layer, in, out, y0, y1, scratch);
      if (kind == 1) pointwise_six(layer, in, out, y0, y1, scratch);
      if (kind == 2) conv2d_six_three(layer, in, out, y0, y1, scratch);
    };
    const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
    if (f.what != nullptr) return f;
    const int32_t scratch_bytes = kind == 0   ? conv2d_six_scratch_bytes(shape)
                                  : kind == 1 ? six_panel_bytes(shape)
                                              : conv2d_six_three_scratch_bytes(shape);
    for (int32_t i = scratch_bytes; i < int32_t(sizeof w.scratch); ++i)
      if (w.scratch[i] != 0x77) return {"scratch", index, i};
  }
  return {};
}

template <class Shape>
Failure check_six(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  return run_six(c, shape, w, index);
}

// Weights and inputs at their extremes, of either sign: the groups' sums reach the bound of 16 bits.
inline Failure check_six_extremes(Workspace& w) {
  constexpr Case c{4, 4, 9, 3, 1, 1, 1, 0, 0, 4, 4};
  constexpr int32_t weights[] = {-128, -127, 127, 128 - 1, 85, -85, 51};
  for (int32_t kind = 0; kind < 14; ++kind) {
    for (int32_t i = 0; i < c.height * c.in_row(); ++i) w.input[i] = int8_t(i / 9 % 3 != 0 ? -128 : 127);
    for (int32_t i = 0; i < c.out_channels * c.count(); ++i)
      w.weights[i] = int8_t(kind >= 7 && i % 2 != 0 ? -weights[kind % 7] - 1 : weights[kind % 7]);
    const int32_t shift = c.shift();
    w.stage = {c.out_zero_point * (1 << shift) + (1 << (shift - 1)), shift, 0, c.out_zero_point, c.low, c.high, 0};
    if (const Failure f = run_six(c, six_shape(c), w, kind); f.what != nullptr) return f;
  }
  return {};
}

// A pointwise layer over its own input, band by band.
inline Failure check_six_in_place(Workspace& w) {
  constexpr Case c{5, 5, 31, 30, 1, 1, 1, 0, 0, 5, 5};
  make(c, 7, w);
  centre(c, w);
  refer(c, w);
  pack_conv_six(six_shape(c), w.weights, reinterpret_cast<int8_t*>(w.packed));
  pack_six_channels(c.out_channels, w.bias, w.multipliers, w.channels);
  const ConvSix<ConvShape> layer{six_shape(c), reinterpret_cast<int8_t*>(w.packed), w.channels};
  uint8_t* const tensor = reinterpret_cast<uint8_t*>(w.input);
  for (int32_t y = 0; y < c.out_height; y += 2) {
    const int32_t end = y + 2 < c.out_height ? y + 2 : c.out_height;
    pointwise_six(layer, RowView{tensor, c.in_row(), c.height}, RowRing{tensor, c.out_row(), c.out_height}, y, end,
                  w.scratch);
  }
  for (int32_t i = 0; i < c.out_height * c.out_row(); ++i)
    if (w.input[i] != w.reference[i]) return {"in place", 0, i};
  return {};
}

template <int32_t index = 0>
Failure check_fixed_six(Workspace& w) {
  if constexpr (index == sizeof six_cases / sizeof six_cases[0]) {
    return {};
  } else {
    const Failure f = check_six(six_cases[index], FixedSixShape<index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_six<index + 1>(w);
  }
}

}  // namespace thimble::grid
