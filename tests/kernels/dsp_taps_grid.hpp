// The depthwise convolutions of the DSP kernels' grid that read rows of taps from planes.
#pragma once
#include "tests/kernels/dsp_depthwise_grid.hpp"
#include "thimble/arch/dsp_depthwise_taps.hpp"

namespace thimble::grid {

constexpr Case taps(int32_t height, int32_t width, int32_t channels, int32_t kernel_height, int32_t kernel_width,
                    int32_t stride, int32_t pad_top, int32_t pad_left, int32_t out_height, int32_t out_width) {
  Case c{height, width,   channels, channels,   kernel_height, kernel_width,
         stride, pad_top, pad_left, out_height, out_width};
  c.depthwise = true;
  const int32_t behind = (out_width - 1) * stride + kernel_width - pad_left - width;
  c.border = pad_left > behind ? pad_left : behind;
  if (c.border < 1) c.border = 1;
  return c;
}
constexpr Case taps_cases[] = {
    taps(9, 12, 6, 5, 5, 1, 2, 2, 9, 12),
    taps(9, 12, 6, 5, 5, 2, 2, 2, 5, 6),
    taps(9, 12, 6, 5, 5, 2, 1, 1, 4, 5),
    taps(8, 13, 3, 5, 5, 1, 0, 0, 4, 9),
    taps(8, 13, 130, 5, 5, 2, 2, 2, 4, 7),
    taps(9, 9, 4, 7, 7, 1, 3, 3, 9, 9),
    taps(10, 11, 4, 7, 7, 2, 3, 3, 5, 6),
    taps(6, 10, 5, 2, 4, 1, 0, 1, 5, 9),
    taps(7, 11, 5, 2, 4, 2, 1, 2, 4, 6),
    taps(5, 9, 5, 4, 2, 1, 2, 0, 5, 8),
    taps(7, 11, 5, 2, 2, 2, 0, 1, 3, 6),
    taps(1, 20, 7, 1, 5, 1, 0, 2, 1, 20),
    taps(6, 12, 4, 3, 6, 1, 1, 3, 6, 13),
    taps(6, 13, 4, 3, 6, 2, 1, 2, 3, 7),
    taps(9, 10, 3, 9, 8, 1, 4, 4, 9, 11),  // higher than wide
    taps(6, 14, 3, 3, 8, 2, 1, 3, 3, 7),
    taps(7, 7, 9, 3, 3, 1, 2, 2, 9, 9),  // more padding than the kernels for 3x3 take
    taps(7, 9, 9, 3, 3, 2, 1, 2, 4, 6),
    taps(6, 3, 8, 5, 5, 1, 2, 2, 6, 3),  // narrower than four outputs
    taps(6, 2, 8, 5, 5, 1, 2, 2, 6, 2),
    taps(6, 1, 8, 3, 7, 1, 1, 3, 6, 1),
    taps(6, 6, 8, 5, 5, 2, 2, 2, 3, 3),
    taps(6, 6, 8, 7, 7, 2, 3, 3, 3, 3),
    taps(7, 5, 3, 5, 3, 1, 4, 2, 9, 7),  // rows of padding only but one
    taps(4, 8, 2, 2, 3, 1, 3, 1, 6, 8),  // a row of the result that sees padding alone
    clamped(taps(7, 8, 6, 5, 5, 1, 2, 2, 7, 8)),
    clamped(taps(7, 8, 6, 5, 5, 2, 2, 2, 4, 4)),
    bordered(taps(7, 8, 6, 5, 5, 1, 1, 1, 5, 6), 3),  // another reader asked for more
};

constexpr DepthwiseTapsShape taps_shape_of(const Case& c) {
  const int32_t shift = c.shift();
  return {c.height,
          c.width,
          c.in_channels,
          c.out_width,
          c.kernel_height,
          c.stride,
          c.pad_top,
          c.pad_left,
          c.border,
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
struct FixedTapsShape {
  static constexpr bool fixed = true;
  static constexpr DepthwiseTapsShape s = taps_shape_of(cases[index]);
  static constexpr int32_t in_height = s.in_height, in_width = s.in_width, channels = s.channels;
  static constexpr int32_t out_width = s.out_width, kernel_height = s.kernel_height, stride_y = s.stride_y;
  static constexpr int32_t pad_top = s.pad_top, pad_left = s.pad_left, border = s.border;
  static constexpr int32_t in_zero_point = s.in_zero_point;
  static constexpr int32_t offset = s.offset, shift = s.shift, left_shift = s.left_shift, zero_point = s.zero_point;
  static constexpr int32_t low = s.low, high = s.high, ties_to_even = s.ties_to_even;
};

template <class Layer>
void call_taps(const Case& c, bool plain, const Layer& l, const RowView& in, const RowRing& out, int32_t y0,
               int32_t y1) {
  plain |= !depthwise_dsp_saturates(output_stage(l));
  if (plain && c.stride == 1)
    depthwise_taps_plain_dsp(l, in, out, y0, y1);
  else if (plain)
    depthwise_taps_stride2_plain_dsp(l, in, out, y0, y1);
  else if (c.stride == 1)
    depthwise_taps_dsp(l, in, out, y0, y1);
  else
    depthwise_taps_stride2_dsp(l, in, out, y0, y1);
}

template <int32_t width, class Shape>
Failure check_taps(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  make_planes(c, w);
  pack_depthwise_taps_channels(c.in_channels, w.bias, w.multipliers, w.packed);
  const DepthwiseTaps<width, Shape> layer{shape, w.weights, w.packed};
  constexpr bool forms[] = {false, true};
  for (bool plain : forms) {
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void*) {
      call_taps(c, plain, layer, in, out, y0, y1);
    };
    const auto borders = [&](const RowRing& ring) { write_borders(ring, c.width, c.border, c.in_zero_point); };
    const Failure f = check_bands(c, w, w.planes, c.in_channels * (c.width + c.border), borders, index, kernel);
    if (f.what != nullptr) return f;
  }
  return {};
}

// Every case, shared and specialised.
template <const auto& cases, int32_t index = 0>
Failure check_all_taps(Workspace& w) {
  if constexpr (index == sizeof cases / sizeof cases[0]) {
    return {};
  } else {
    constexpr Case c = cases[index];
    static_assert(depthwise_taps_fit(c.kernel_width, c.stride, c.out_width));
    Failure f = check_taps<c.kernel_width>(c, taps_shape_of(c), w, index);
    if (f.what == nullptr) f = check_taps<c.kernel_width>(c, FixedTapsShape<cases, index>{}, w, index);
    return f.what != nullptr ? f : check_all_taps<cases, index + 1>(w);
  }
}

}  // namespace thimble::grid
