// Depthwise convolutions of any kernel, four pixels at a time: a grid of cases, and one check of a case.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/depthwise_fours.hpp"

namespace thimble::grid {

constexpr Case fours_cases[] = {
    // height, width, in, out, kernel, stride, pads, out height, out width, dilation, planes, depthwise
    {9, 8, 6, 6, 5, 5, 1, 2, 2, 9, 8, 1, false, true},
    {9, 8, 5, 5, 7, 7, 1, 3, 3, 9, 8, 1, false, true, -128, 127, 4, -3},
    {11, 9, 5, 5, 5, 5, 2, 2, 2, 6, 5, 1, false, true},
    {10, 7, 3, 3, 3, 3, 3, 1, 1, 4, 3, 1, false, true, -100, 90},
    {28, 1, 8, 8, 5, 1, 1, 0, 0, 24, 1, 1, false, true},                            // rows of one pixel
    {17, 1, 7, 7, 10, 1, 1, 4, 0, 16, 1, 1, false, true},                           //
    {1, 30, 4, 4, 1, 9, 1, 0, 4, 1, 30, 1, false, true},                            // one row
    {8, 7, 4, 8, 3, 3, 1, 1, 1, 8, 7, 1, false, true},                              // two outputs of an input
    {8, 7, 3, 9, 5, 3, 1, 2, 1, 8, 7, 1, false, true, -128, 100},                   // three
    {9, 9, 4, 4, 3, 3, 1, 2, 2, 9, 9, 2, false, true, -128, 127, 9, 30, 127, 2},    // dilated
    {7, 6, 2, 2, 2, 2, 1, 0, 0, 6, 5, 1, false, true, -128, 127, 0, 0, 128},        //
    {2, 2, 3, 3, 5, 5, 1, 2, 2, 2, 2, 1, false, true},                              // never all of the kernel inside
    {3, 1, 2, 2, 1, 1, 1, 0, 0, 3, 1, 1, false, true},                              // less than four pixels
    {6, 5, 3, 3, 4, 2, 1, 3, 1, 6, 5, 1, false, true, -60, 60, -128, -128, 40, 1},  // more padding before than behind
};

constexpr ConvShape fours_shape(const Case& c) {
  const int32_t shift = c.shift();
  ConvShape s{};
  s.in_height = c.height;
  s.in_width = c.width;
  s.in_channels = c.in_channels;
  s.out_width = c.out_width;
  s.out_channels = c.out_channels;
  s.kernel_height = c.kernel_height;
  s.kernel_width = c.kernel_width;
  s.stride_y = s.stride_x = c.stride;
  s.dilation_y = c.dilation_y;
  s.dilation_x = c.dilation_x;
  s.pad_top = c.pad_top;
  s.pad_left = c.pad_left;
  s.group_in_channels = 1;
  s.group_out_channels = c.out_channels / c.in_channels;
  s.in_zero_point = c.in_zero_point;
  s.offset = c.out_zero_point * (1 << shift) + (1 << (shift - 1));
  s.shift = shift;
  s.low = c.low;
  s.high = c.high;
  return s;
}

inline Failure check_fours(const Case& c, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  for (int32_t m = 0; m < c.out_channels; ++m) {
    w.channels[2 * m] = w.bias[m];
    w.channels[2 * m + 1] = w.multipliers[m];
  }
  const Conv2d<ConvShape> layer{fours_shape(c), w.weights, w.channels};
  if (!depthwise_fours_takes(layer, c.out_height)) return {"refused", index, 0};
  const int32_t scratch = depthwise_fours_scratch_bytes(layer);
  const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* p) {
    depthwise_fours(layer, in, out, y0, y1, p);
  };
  const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
  if (f.what != nullptr) return f;
  return w.scratch[scratch] != 0x77 ? Failure{"beyond the scratch", index, scratch} : Failure{};
}

}  // namespace thimble::grid
