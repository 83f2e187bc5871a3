// The DSP kernels' convolutions, and more, in the kernels for Helium.
#pragma once
#include "tests/kernels/dsp_conv_grid.hpp"
#include "thimble/arch/mve_conv.hpp"

namespace thimble::grid {

constexpr Case mve_conv_cases[] = {
    {6, 7, 16, 8, 3, 3, 1, 1, 1, 6, 7},    // nine whole vectors, an odd width
    {6, 6, 32, 4, 3, 3, 1, 1, 1, 6, 6},    // 18 vectors
    {4, 30, 16, 6, 3, 3, 1, 1, 1, 4, 30},  // a row takes several strips
    {4, 25, 20, 5, 3, 3, 1, 1, 1, 4, 25},  // the same, and an odd width
    {5, 5, 80, 9, 1, 1, 1, 0, 0, 5, 5},    // five vectors
    {5, 6, 16, 4, 1, 1, 1, 0, 0, 5, 6},    // one
    {5, 6, 32, 4, 1, 1, 1, 0, 0, 5, 6},    // two
    {5, 6, 128, 6, 1, 1, 1, 0, 0, 5, 6},   // eight
    {7, 7, 9, 3, 1, 1, 2, 0, 0, 4, 4},     // a pixel of every second row and column
    {9, 3, 16, 4, 17, 2, 1, 8, 1, 9, 4},   // a column longer than offsets of bytes reach
    {3, 9, 2, 4, 3, 3, 3, 1, 1, 1, 3},     // columns shared by none
};

constexpr ConvMveShape mve_shape_of(const Case& c) {
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
          c.pad_top,
          c.pad_left,
          c.dilation_y,
          c.in_zero_point,
          c.out_zero_point * (1 << shift) + (1 << (shift - 1)),
          shift,
          0,
          c.out_zero_point,
          c.low,
          c.high,
          0};
}

template <const auto& cases, int32_t index>
struct FixedMveShape {
  static constexpr bool fixed = true;
  static constexpr ConvMveShape s = mve_shape_of(cases[index]);
  static constexpr int32_t in_height = s.in_height, in_width = s.in_width, in_channels = s.in_channels;
  static constexpr int32_t out_width = s.out_width, out_channels = s.out_channels;
  static constexpr int32_t kernel_height = s.kernel_height, kernel_width = s.kernel_width;
  static constexpr int32_t stride_y = s.stride_y, stride_x = s.stride_x;
  static constexpr int32_t pad_top = s.pad_top, pad_left = s.pad_left, dilation_y = s.dilation_y;
  static constexpr int32_t in_zero_point = s.in_zero_point;
  static constexpr int32_t offset = s.offset, shift = s.shift, left_shift = s.left_shift, zero_point = s.zero_point;
  static constexpr int32_t low = s.low, high = s.high, ties_to_even = s.ties_to_even;
};

template <class Shape>
Failure check_mve_conv(Case c, const Shape& shape, Workspace& w, int32_t index) {
  c.planes = false;
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  int8_t* const weights = reinterpret_cast<int8_t*>(w.packed);
  pack_conv_mve(shape, w.weights, weights);
  pack_conv_mve_channels(shape, w.bias, w.multipliers, w.channels);
  const ConvMve<Shape> layer{shape, weights, w.channels};
  for (int32_t kind = 0; kind < 4; ++kind) {
    const bool as_pointwise = kind % 2 != 0, plain = kind >= 2;
    if (as_pointwise && !conv_mve_is_pointwise(shape, c.out_height)) continue;
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
      if (as_pointwise)
        plain ? pointwise_plain_mve(layer, in, out, y0, y1) : pointwise_mve(layer, in, out, y0, y1);
      else
        plain ? conv2d_plain_mve(layer, in, out, y0, y1, scratch) : conv2d_mve(layer, in, out, y0, y1, scratch);
    };
    const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
    if (f.what != nullptr) return f;
    for (int32_t i = conv_mve_scratch_bytes(shape); i < int32_t(sizeof w.scratch); ++i)
      if (w.scratch[i] != 0x77) return {"scratch", index, i};
  }
  return {};
}

template <const auto& cases, int32_t index = 0>
Failure check_fixed_mve(Workspace& w) {
  if constexpr (index == sizeof cases / sizeof cases[0]) {
    return {};
  } else {
    const Failure f = check_mve_conv(cases[index], FixedMveShape<cases, index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_mve<cases, index + 1>(w);
  }
}

}  // namespace thimble::grid
