// The depthwise convolutions of the DSP kernels' grid.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "tests/kernels/plane_borders.hpp"
#include "thimble/arch/dsp_depthwise.hpp"
#include "thimble/arch/dsp_depthwise_nhwc.hpp"
#include "thimble/arch/dsp_depthwise_small.hpp"

namespace thimble::grid {

constexpr Case depthwise(int32_t height, int32_t width, int32_t channels, int32_t stride, int32_t pad_top,
                         int32_t pad_left, int32_t out_height, int32_t out_width) {
  Case c{height, width, channels, channels, 3, 3, stride, pad_top, pad_left, out_height, out_width};
  c.depthwise = true;
  return c;
}
constexpr Case bordered(Case c, int32_t border) {
  c.border = border;
  return c;
}
constexpr Case clamped(Case c) {
  c.low = -100;
  c.high = 90;
  return c;
}
constexpr Case depthwise_cases[] = {
    depthwise(12, 12, 8, 1, 1, 1, 12, 12),
    depthwise(12, 12, 16, 2, 0, 0, 6, 6),  // pads only behind the input
    depthwise(11, 11, 7, 2, 1, 1, 6, 6),
    depthwise(9, 5, 64, 1, 1, 1, 9, 5),
    depthwise(9, 6, 130, 1, 1, 1, 9, 6),
    depthwise(9, 7, 130, 2, 1, 1, 5, 4),
    depthwise(7, 13, 3, 2, 1, 0, 4, 6),
    depthwise(7, 14, 5, 1, 0, 0, 5, 12),  // no padding
    depthwise(8, 1, 4, 1, 1, 1, 8, 1),
    depthwise(8, 2, 4, 1, 1, 1, 8, 2),
    depthwise(9, 3, 4, 2, 1, 1, 5, 2),
    depthwise(9, 2, 6, 2, 1, 1, 5, 1),
    depthwise(3, 3, 2, 1, 1, 1, 3, 3),
    depthwise(1, 4, 2, 1, 1, 1, 1, 4),
    clamped(depthwise(7, 7, 10, 1, 1, 1, 7, 7)),
    clamped(depthwise(7, 7, 10, 2, 1, 1, 4, 4)),
    bordered(depthwise(7, 8, 6, 1, 1, 1, 7, 8), 2),
    bordered(depthwise(9, 7, 5, 2, 1, 1, 5, 4), 3),
};

constexpr DepthwiseDspShape depthwise_shape_of(const Case& c) {
  const int32_t shift = c.shift();
  return {c.height, c.width,   c.in_channels,    c.out_width, c.stride,
          c.stride, c.pad_top, c.pad_left,       c.border,    c.out_zero_point * (1 << shift) + (1 << (shift - 1)),
          shift,    0,         c.out_zero_point, c.low,       c.high,
          0};
}

template <const auto& cases, int32_t index>
struct FixedDepthwiseShape {
  static constexpr bool fixed = true;
  static constexpr DepthwiseDspShape s = depthwise_shape_of(cases[index]);
  static constexpr int32_t in_height = s.in_height, in_width = s.in_width, channels = s.channels;
  static constexpr int32_t out_width = s.out_width, stride_y = s.stride_y, stride_x = s.stride_x;
  static constexpr int32_t pad_top = s.pad_top, pad_left = s.pad_left, border = s.border;
  static constexpr int32_t offset = s.offset, shift = s.shift, left_shift = s.left_shift, zero_point = s.zero_point;
  static constexpr int32_t low = s.low, high = s.high, ties_to_even = s.ties_to_even;
};

// The kernel by its name: the form chosen for the stage, the same in little code, or the plain one.
enum class DepthwiseKernel { best, small, plain };
template <class Layer>
void call_depthwise(const Case& c, DepthwiseKernel kernel, const Layer& l, const RowView& in, const RowRing& out,
                    int32_t y0, int32_t y1) {
  if (kernel == DepthwiseKernel::plain || !depthwise_dsp_saturates(output_stage(l)))
    depthwise_planes_plain_dsp(l, in, out, y0, y1);
  else if (kernel == DepthwiseKernel::small)
    depthwise_planes_small_dsp(l, in, out, y0, y1);
  else if (c.stride == 1)
    depthwise_planes_dsp(l, in, out, y0, y1);
  else
    depthwise_planes_stride2_dsp(l, in, out, y0, y1);
}

// Fills w.planes from the input; borders come from write_borders.
inline void make_planes(const Case& c, Workspace& w) {
  const int32_t pitch = c.width + c.border;
  for (int8_t& b : w.planes) b = 0x2d;
  write_borders({reinterpret_cast<uint8_t*>(w.planes), c.in_channels * pitch, c.height}, c.width, c.border,
                c.in_zero_point);
  for (int32_t y = 0; y < c.height; ++y)
    for (int32_t x = 0; x < c.width; ++x)
      for (int32_t i = 0; i < c.in_channels; ++i)
        w.planes[(y * c.in_channels + i) * pitch + c.border + x] = w.input[(y * c.width + x) * c.in_channels + i];
}

// The shared form when `Layer` is none of the specialised ones.
template <class Shape>
Failure check_depthwise(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  static int8_t pad_plane[256];
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  make_planes(c, w);
  for (int32_t i = 0; i < pad_plane_bytes(shape); ++i) pad_plane[i] = int8_t(c.in_zero_point);
  pack_depthwise_dsp(c.in_channels, w.weights, w.bias, w.multipliers, w.packed);
  const DepthwiseDsp<Shape> layer{shape, w.packed, reinterpret_cast<const uint8_t*>(pad_plane)};
  constexpr DepthwiseKernel names[] = {DepthwiseKernel::best, DepthwiseKernel::small, DepthwiseKernel::plain};
  for (DepthwiseKernel name : names) {
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void*) {
      call_depthwise(c, name, layer, in, out, y0, y1);
    };
    const auto borders = [&](const RowRing& ring) { write_borders(ring, c.width, c.border, c.in_zero_point); };
    const Failure f = check_bands(c, w, w.planes, c.in_channels * (c.width + c.border), borders, index, kernel);
    if (f.what != nullptr) return f;
  }
  return {};
}

template <const auto& cases, int32_t index = 0>
Failure check_fixed_depthwise(Workspace& w) {
  if constexpr (index == sizeof cases / sizeof cases[0]) {
    return {};
  } else {
    const Failure f = check_depthwise(cases[index], FixedDepthwiseShape<cases, index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_depthwise<cases, index + 1>(w);
  }
}

// Any kernel, from NHWC.
constexpr Case any_depthwise(Case c) {
  c.depthwise = true;
  return c;
}
constexpr Case nhwc_cases[] = {
    any_depthwise({9, 8, 8, 8, 3, 3, 1, 1, 1, 9, 8}),
    any_depthwise({9, 7, 6, 6, 5, 5, 2, 2, 2, 5, 4}),
    any_depthwise({28, 1, 40, 40, 5, 1, 1, 0, 0, 24, 1}),
    any_depthwise({28, 1, 7, 7, 3, 1, 1, 4, 0, 28, 1, 2}),
    any_depthwise({6, 6, 3, 3, 2, 3, 1, 0, 1, 5, 6, 1, false, false, -100, 90}),
    any_depthwise({4, 3, 5, 5, 3, 5, 1, 1, 2, 4, 3}),
};

constexpr DepthwiseNhwcDspShape nhwc_shape_of(const Case& c) {
  const int32_t shift = c.shift();
  return {c.height,
          c.width,
          c.in_channels,
          c.out_width,
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
struct FixedNhwcShape {
  static constexpr bool fixed = true;
  static constexpr DepthwiseNhwcDspShape s = nhwc_shape_of(cases[index]);
  static constexpr int32_t in_height = s.in_height, in_width = s.in_width, channels = s.channels;
  static constexpr int32_t out_width = s.out_width, stride_y = s.stride_y, stride_x = s.stride_x;
  static constexpr int32_t kernel_height = s.kernel_height, kernel_width = s.kernel_width;
  static constexpr int32_t pad_top = s.pad_top, pad_left = s.pad_left, dilation_y = s.dilation_y;
  static constexpr int32_t in_zero_point = s.in_zero_point;
  static constexpr int32_t offset = s.offset, shift = s.shift, left_shift = s.left_shift, zero_point = s.zero_point;
  static constexpr int32_t low = s.low, high = s.high, ties_to_even = s.ties_to_even;
};

template <class Shape>
Failure check_nhwc(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  pack_depthwise_nhwc_dsp(shape, w.weights, w.packed);
  pack_depthwise_nhwc_channels(shape, w.bias, w.multipliers, w.channels);
  const DepthwiseNhwcDsp<Shape> layer{shape, w.packed, w.channels};
  for (int32_t plain = 0; plain < 2; ++plain) {
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
      if (plain != 0 || !depthwise_dsp_saturates(output_stage(layer)))
        depthwise_nhwc_plain_dsp(layer, in, out, y0, y1, scratch);
      else
        depthwise_nhwc_dsp(layer, in, out, y0, y1, scratch);
    };
    const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
    if (f.what != nullptr) return f;
  }
  return {};
}

template <const auto& cases, int32_t index = 0>
Failure check_fixed_nhwc(Workspace& w) {
  if constexpr (index == sizeof cases / sizeof cases[0]) {
    return {};
  } else {
    const Failure f = check_nhwc(cases[index], FixedNhwcShape<cases, index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_nhwc<cases, index + 1>(w);
  }
}

}  // namespace thimble::grid
