// Depthwise 3x3 convolutions that walk over rows: a grid of cases, and one check of a case.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/depthwise_walk.hpp"

namespace thimble::grid {

constexpr Case walk_cases[] = {
    // height, width, in, out, kernel, stride, pads, out height, out width, dilation, planes, depthwise
    {9, 8, 5, 5, 3, 3, 1, 1, 1, 9, 8, 1, false, true},
    {25, 5, 4, 4, 3, 3, 1, 1, 1, 25, 5, 1, false, true},
    {9, 7, 3, 3, 3, 3, 1, 0, 0, 7, 5, 1, false, true, -128, 127, 4, -3},  // no padding
    {6, 7, 3, 3, 3, 3, 1, 1, 0, 6, 6, 1, false, true},                    // padding behind the row only
    {6, 7, 3, 3, 3, 3, 1, 0, 1, 5, 6, 1, false, true, -100, 90},          // before it, and below the image
    {8, 10, 4, 4, 3, 3, 2, 0, 0, 4, 5, 1, false, true},                   // strided, padding only behind
    {9, 9, 4, 4, 3, 3, 2, 1, 1, 5, 5, 1, false, true, -128, 127, 9, 30},  // on both sides
    {9, 9, 3, 3, 3, 3, 2, 0, 0, 4, 4, 1, false, true},                    // none
    {8, 10, 2, 2, 3, 3, 2, 1, 1, 4, 5, 1, false, true},                   // only before
    {1, 1, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1, false, true},                    // one pixel, padding all around
    {2, 2, 3, 3, 3, 3, 1, 1, 1, 2, 2, 1, false, true},                    //
    {1, 1, 3, 3, 3, 3, 2, 1, 1, 1, 1, 1, false, true},                    //
    {7, 6, 1, 1, 3, 3, 1, 1, 1, 7, 6, 1, false, true, -128, 127, 0, 0, 128},
};

// A Case of one channel is dense by its in_channels: the kernels do not mind.
constexpr ConvShape walk_shape(const Case& c) {
  const int32_t shift = c.shift();
  ConvShape s{};
  s.in_height = c.height;
  s.in_width = c.width;
  s.in_channels = s.out_channels = c.in_channels;
  s.out_width = c.out_width;
  s.kernel_height = s.kernel_width = 3;
  s.stride_y = s.stride_x = c.stride;
  s.dilation_y = s.dilation_x = 1;
  s.pad_top = c.pad_top;
  s.pad_left = c.pad_left;
  s.group_in_channels = s.group_out_channels = 1;
  s.in_zero_point = c.in_zero_point;
  s.offset = c.out_zero_point * (1 << shift) + (1 << (shift - 1));
  s.shift = shift;
  s.low = c.low;
  s.high = c.high;
  return s;
}

inline Failure check_walk(const Case& c, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  for (int32_t m = 0; m < c.out_channels; ++m) {
    w.channels[2 * m] = w.bias[m];
    w.channels[2 * m + 1] = w.multipliers[m];
  }
  const Conv2d<ConvShape> layer{walk_shape(c), w.weights, w.channels};
  const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void*) {
    c.stride == 1 ? depthwise_walk(layer, in, out, y0, y1) : depthwise_walk_2(layer, in, out, y0, y1);
  };
  return check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
}

}  // namespace thimble::grid
