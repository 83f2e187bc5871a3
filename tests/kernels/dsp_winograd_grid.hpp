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
    {9, 9, 60, 2, 3, 3, 1, 0, 0, 7, 7},
    {6, 6, 64, 4, 3, 3, 1, 1, 0, 6, 5},
    {3, 3, 4, 4, 3, 3, 1, 1, 1, 3, 3},
    {1, 1, 4, 2, 3, 3, 1, 1, 1, 1, 1},
    {10, 2, 32, 2, 3, 3, 1, 2, 1, 10, 2, 1, false, false, -128, 127, 5, -20},
};

// Whole, and in bands of two and four rows with the smallest ring; one row less must be seen.
inline Failure check_winograd(const Case& c, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  if (!winograd_dsp_fits(w.weights, w.bias, c.out_channels, c.count(), w.stage)) return {"guard", index, 0};
  pack_winograd_dsp(c.in_channels, c.out_channels, w.weights, w.bias, w.multipliers, w.packed);
  const WinogradDsp layer{c.height,  c.width,    c.in_channels,   c.out_height,   c.out_width,   c.out_channels,
                          c.pad_top, c.pad_left, c.in_zero_point, w.stage.offset, w.stage.shift, w.packed};
  const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
    winograd_dsp(layer, in, out, y0, y1, scratch);
  };
  if (run_whole(c, w, w.input, c.in_row(), kernel) != 0) return {"whole", index, 0};
  for (int32_t i = winograd_dsp_scratch_bytes(c.in_channels); i < int32_t(sizeof w.scratch); ++i)
    if (w.scratch[i] != 0x77) return {"scratch", index, i};
  for (int32_t band = 2; band <= 4; band += 2) {
    const int32_t rows = ring_rows(c, band);
    if (run_bands(c, w, w.input, c.in_row(), no_borders, band, rows, kernel) != 0) return {"bands", index, band};
    if (rows > 1 && run_bands(c, w, w.input, c.in_row(), no_borders, band, rows - 1, kernel) == 0)
      return {"a ring too small goes unseen", index, band};
  }
  return {};
}

}  // namespace thimble::grid
