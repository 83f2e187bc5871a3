// Helium's addition on every pair of operands.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/arch/mve_add_int8.hpp"

namespace thimble::grid {

constexpr Int8Sum mve_sums[] = {
    {9'000'001, 7'654'321, 123'456, 24, 0, -128, 127},       // the largest shift
    {700'000, -1'300'001, -5'000'000, 20, 0, -128, 127},     // a difference
    {40'000, 35'001, 100, 12, 0, -128, 127},                 // saturates at both ends
    {7'000'001, 5'654'321, -400'654'321, 24, 0, -100, -20},  // clamped
    {130, 251, 77, 8, 0, -128, 127},                         // the smallest shift
};

// 255 rows of 257 pairs, so that rows are no whole vectors, whole and in bands through a ring of the result.
inline Failure check_mve_add(const Int8Sum& sum, Workspace& w, int32_t index) {
  constexpr int32_t row = 257, band = 3, rows = 255;
  const AddInt8 layer{row, sum};
  for (int32_t y = 0; y < rows; y += band) {
    for (int32_t i = 0; i < band * row; ++i) {
      const int32_t pair = y * row + i;
      w.input[i] = int8_t(pair & 0xff);
      w.weights[i] = int8_t((pair >> 8) & 0xff);
    }
    for (int8_t& b : w.result) b = untouched;
    const auto view = [&](int8_t* at, int32_t ring) { return RowRing{reinterpret_cast<uint8_t*>(at), row, ring}; };
    add_int8_mve(layer, view(w.input, band), view(w.weights, band), view(w.result, band), y, y + band);
    for (int32_t i = 0; i < band * row; ++i)
      if (w.result[i] != apply(sum, w.input[i], w.weights[i])) return {"sum", index, y * row + i};
    if (w.result[band * row] != untouched) return {"behind the rows", index, y};
  }
  return {};
}

}  // namespace thimble::grid
