// The Winograd convolutions of the DSP kernels' grid.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/arch/dsp_winograd.hpp"

namespace thimble::grid {

constexpr Case winograd_cases[] = {
    {8, 8, 4, 2, 3, 3, 1, 1, 1, 8, 8},
    {9, 8, 16, 6, 3, 3, 1, 1, 1, 9, 8},
    {8, 7, 8, 4, 3, 3, 1, 1, 1, 8, 7},
    {7, 5, 36, 4, 3, 3, 1, 1, 1, 7, 5},
    {9, 9, 40, 2, 3, 3, 1, 0, 0, 7, 7},
    {6, 6, 72, 4, 3, 3, 1, 1, 0, 6, 5},
    {3, 3, 4, 4, 3, 3, 1, 1, 1, 3, 3},
    {1, 1, 4, 2, 3, 3, 1, 1, 1, 1, 1},
    {10, 2, 32, 2, 3, 3, 1, 2, 1, 10, 2, 1, false, false, -128, 127, 5, -20},
};

constexpr WinogradDspShape winograd_shape_of(const Case& c) {
  const int32_t shift = c.shift();
  return {
      c.height,       c.width,   c.in_channels, c.out_height,    c.out_width,
      c.out_channels, c.pad_top, c.pad_left,    c.in_zero_point, c.out_zero_point * (1 << shift) + (1 << (shift - 1)),
      shift};
}

template <const auto& cases, int32_t index>
struct FixedWinogradShape {
  static constexpr bool fixed = true;
  static constexpr WinogradDspShape s = winograd_shape_of(cases[index]);
  static constexpr int32_t in_height = s.in_height, in_width = s.in_width, in_channels = s.in_channels;
  static constexpr int32_t out_height = s.out_height, out_width = s.out_width, out_channels = s.out_channels;
  static constexpr int32_t pad_top = s.pad_top, pad_left = s.pad_left, in_zero_point = s.in_zero_point;
  static constexpr int32_t offset = s.offset, shift = s.shift;
};

// Whole, and in bands of two and four rows with the smallest ring; one row less must be seen.
template <class Shape>
Failure check_winograd(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  if (!winograd_dsp_fits(w.weights, w.bias, c.out_channels, c.count(), w.stage)) return {"guard", index, 0};
  pack_winograd_dsp(shape, w.weights, w.packed);
  pack_winograd_dsp_channels(c.out_channels, w.bias, w.multipliers, w.channels);
  const WinogradDsp<Shape> layer{shape, w.packed, w.channels};
  const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
    winograd_dsp(layer, in, out, y0, y1, scratch);
  };
  if (run_whole(c, w, w.input, c.in_row(), kernel) != 0) return {"whole", index, 0};
  for (int32_t i = winograd_dsp_scratch_bytes(shape); i < int32_t(sizeof w.scratch); ++i)
    if (w.scratch[i] != 0x77) return {"scratch", index, i};
  for (int32_t band = 2; band <= 4; band += 2) {
    const int32_t rows = ring_rows(c, band);
    if (run_bands(c, w, w.input, c.in_row(), no_borders, band, rows, kernel) != 0) return {"bands", index, band};
    if (rows > 1 && run_bands(c, w, w.input, c.in_row(), no_borders, band, rows - 1, kernel) == 0)
      return {"a ring too small goes unseen", index, band};
  }
  return {};
}

template <const auto& cases, int32_t index = 0>
Failure check_fixed_winograd(Workspace& w) {
  if constexpr (index == sizeof cases / sizeof cases[0]) {
    return {};
  } else {
    const Failure f = check_winograd(cases[index], FixedWinogradShape<cases, index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_winograd<cases, index + 1>(w);
  }
}

}  // namespace thimble::grid
