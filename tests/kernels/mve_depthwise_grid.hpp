// The depthwise convolutions of the DSP kernels' grid, and more, in the kernels for Helium.
#pragma once
#include "tests/kernels/dsp_depthwise_grid.hpp"
#include "thimble/arch/mve_depthwise.hpp"

namespace thimble::grid {

constexpr Case mve_depthwise_cases[] = {
    any_depthwise({6, 9, 8, 8, 3, 3, 1, 1, 1, 6, 9}),       // eight channels, an odd width: the last vector is half
    any_depthwise({5, 70, 8, 8, 3, 3, 1, 1, 1, 5, 70}),     // chunks of columns
    any_depthwise({5, 40, 17, 17, 3, 3, 1, 1, 1, 5, 40}),   // the same, and a channel alone in its group
    any_depthwise({5, 61, 16, 16, 3, 3, 2, 1, 1, 3, 31}),   // the same, stride 2
    any_depthwise({7, 6, 30, 30, 3, 3, 3, 1, 1, 3, 2}),     // stride 3
    any_depthwise({8, 8, 4, 4, 3, 3, 1, 1, 1, 8, 8}),       // four pixels a vector
    any_depthwise({7, 5, 2, 2, 2, 2, 1, 0, 0, 6, 4}),       // eight pixels a vector, an even number of taps
    any_depthwise({7, 7, 60, 60, 7, 7, 1, 3, 3, 7, 7}),     // a large kernel
    any_depthwise({9, 7, 19, 19, 3, 3, 1, 2, 1, 9, 7, 2}),  // dilated rows
    any_depthwise({1, 1, 57, 57, 3, 3, 1, 1, 1, 1, 1}),     // one pixel
};

constexpr DepthwiseMveShape mve_depthwise_shape_of(const Case& c) {
  const int32_t shift = c.shift();
  return {c.height,
          c.width,
          c.in_channels,
          c.out_width,
          c.kernel_height,
          c.kernel_width,
          c.stride,
          c.stride,
          c.dilation_y,
          1,
          c.pad_top,
          c.pad_left,
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
struct FixedMveDepthwiseShape {
  static constexpr bool fixed = true;
  static constexpr DepthwiseMveShape s = mve_depthwise_shape_of(cases[index]);
  static constexpr int32_t in_height = s.in_height, in_width = s.in_width, channels = s.channels;
  static constexpr int32_t out_width = s.out_width, stride_y = s.stride_y, stride_x = s.stride_x;
  static constexpr int32_t kernel_height = s.kernel_height, kernel_width = s.kernel_width;
  static constexpr int32_t pad_top = s.pad_top, pad_left = s.pad_left;
  static constexpr int32_t dilation_y = s.dilation_y, dilation_x = s.dilation_x;
  static constexpr int32_t in_zero_point = s.in_zero_point;
  static constexpr int32_t offset = s.offset, shift = s.shift, left_shift = s.left_shift, zero_point = s.zero_point;
  static constexpr int32_t low = s.low, high = s.high, ties_to_even = s.ties_to_even;
};

// The kernel of the shape, as the compiler chooses it.
template <class Layer>
void call_mve_depthwise(const Layer& l, const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
  if (depthwise_mve_pixels(l) > 1)
    depthwise_3x3_narrow_mve(l, in, out, y0, y1, scratch);
  else if (l.stride_x == 1)
    depthwise_3x3_mve(l, in, out, y0, y1, scratch);
  else
    depthwise_3x3_stride2_mve(l, in, out, y0, y1, scratch);
}

template <class Shape>
Failure check_mve_depthwise(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  const DepthwiseMve<Shape> layer{shape, w.packed};
  for (int32_t kind = 0; kind < 3; ++kind) {
    const bool plain = kind == 1, own = kind == 2;
    if (own && !depthwise_mve_is_3x3(shape)) continue;
    pack_depthwise_mve(shape, own, w.weights, w.bias, w.multipliers, w.packed);
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
      if (plain)
        depthwise_plain_mve(layer, in, out, y0, y1, scratch);
      else if (own)
        call_mve_depthwise(layer, in, out, y0, y1, scratch);
      else
        depthwise_mve(layer, in, out, y0, y1, scratch);
    };
    const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
    if (f.what != nullptr) return f;
    for (int32_t i = depthwise_mve_scratch_bytes(shape); i < int32_t(sizeof w.scratch); ++i)
      if (w.scratch[i] != 0x77) return {"scratch", index, i};
  }
  return {};
}

template <const auto& cases, int32_t index = 0>
Failure check_fixed_mve_depthwise(Workspace& w) {
  if constexpr (index == sizeof cases / sizeof cases[0]) {
    return {};
  } else {
    const Failure f = check_mve_depthwise(cases[index], FixedMveDepthwiseShape<cases, index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_mve_depthwise<cases, index + 1>(w);
  }
}

}  // namespace thimble::grid
