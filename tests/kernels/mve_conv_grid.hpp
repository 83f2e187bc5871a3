// The DSP kernels' convolutions in the kernels for Helium.
#pragma once
#include "tests/kernels/dsp_conv_grid.hpp"
#include "thimble/arch/mve_conv.hpp"

namespace thimble::grid {

template <class Shape>
Failure check_mve_conv(const Case& c, const Shape& shape, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  for (int32_t o = 0; o < c.out_channels; ++o) {
    w.channels[2 * o] = w.bias[o];
    w.channels[2 * o + 1] = w.multipliers[o];
  }
  const ConvMve<Shape> layer{shape, w.weights, w.channels};
  for (int32_t kind = 0; kind < 4; ++kind) {
    const bool as_pointwise = kind % 2 != 0, plain = kind >= 2 || !conv_mve_saturates(w.stage);
    if (as_pointwise && !is_pointwise(c)) continue;
    const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
      if (as_pointwise)
        plain ? pointwise_mve_plain(layer, in, out, y0, y1) : pointwise_mve(layer, in, out, y0, y1);
      else
        plain ? conv2d_mve_plain(layer, in, out, y0, y1, scratch) : conv2d_mve(layer, in, out, y0, y1, scratch);
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
    const Failure f = check_mve_conv(cases[index], FixedConvShape<cases, index>{}, w, index);
    return f.what != nullptr ? f : check_fixed_mve<cases, index + 1>(w);
  }
}

}  // namespace thimble::grid
