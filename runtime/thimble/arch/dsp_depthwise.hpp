// Depthwise 3x3 convolution from planes of int8 for cores with the DSP extension: output rows in twos at stride 1 while
// there are two, one by one otherwise (dsp_depthwise_rows.hpp).
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_depthwise.pack.hpp"
#include "thimble/arch/dsp_depthwise_rows.hpp"
#include "thimble/planes.hpp"
#include "thimble/rows.hpp"

namespace thimble {
namespace dsp {

// The input row under the first column of kernel row k of output row y.
template <class Layer>
THIMBLE_INLINE KernelRow kernel_row(const Layer& layer, const RowView& in, int32_t y, int32_t k) {
  const int32_t iy = y * layer.stride_y - layer.pad_top + k;
  const bool inside = iy >= 0 && iy < layer.in_height;
  return {reinterpret_cast<const int8_t*>(inside ? in.row(iy) : layer.pad_plane) + layer.border - layer.pad_left,
          inside ? layer.in_width + layer.border : 0};
}

// Whether the blocks may take the layer's sizes as constants.
template <class Layer>
constexpr bool sizes_are_constants() {
  if constexpr (Layer::fixed)
    return Layer::channels < 2048;
  else
    return false;
}

template <int stride, class Layer>
THIMBLE_INLINE void depthwise_planes(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0,
                                     int32_t y1) {
  const PlaneStage stage{layer.weights, layer.channels,      layer.offset,
                         layer.shift,   layer.out_width / 2, layer.out_width % 2 != 0};
  for (int32_t y = y0; y < y1;) {
    KernelRow rows[4];
    for (int32_t k = 0; k < 4; ++k) rows[k] = kernel_row(layer, in, y, k);
    int8_t* const first = reinterpret_cast<int8_t*>(out.row(y));
    if constexpr (stride == 1) {
      if (layer.stride_y == 1 && y1 - y >= 2) {
        int8_t* const second = reinterpret_cast<int8_t*>(out.row(y + 1));
        if constexpr (sizes_are_constants<Layer>())
          depthwise_two_rows<Layer::shift, Layer::out_width % 2 != 0, Layer::channels>(rows, first, second, stage);
        else
          depthwise_two_rows(rows, first, second, stage);
        y += 2;
        continue;
      }
    }
    if constexpr (sizes_are_constants<Layer>())
      depthwise_row<stride, Layer::shift, Layer::out_width % 2 != 0, Layer::channels>(rows, first, stage);
    else
      depthwise_row<stride>(rows, first, stage);
    ++y;
  }
}

}  // namespace dsp

// Output rows [y0, y1), NHWC, from planes.
template <class Shape>
void depthwise_planes_dsp(const DepthwiseDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                          int32_t y1) {
  dsp::depthwise_planes<1>(layer, in, out, y0, y1);
}
template <class Shape>
void depthwise_planes_stride2_dsp(const DepthwiseDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                                  int32_t y1) {
  dsp::depthwise_planes<2>(layer, in, out, y0, y1);
}
// Either stride, with the whole of requantize().
template <class Shape>
void depthwise_planes_plain_dsp(const DepthwiseDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                                int32_t y1) {
  const OutputStage stage = output_stage(layer);
  for (int32_t y = y0; y < y1; ++y) {
    dsp::KernelRow rows[3];
    for (int32_t k = 0; k < 3; ++k) rows[k] = dsp::kernel_row(layer, in, y, k);
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y));
    const int32_t* weights = layer.weights;
    for (int32_t c = 0; c < layer.channels; ++c, ++to, weights += depthwise_dsp_words) {
      for (int32_t x = 0; x < layer.out_width; ++x)
        to[x * layer.channels] =
            int8_t(requantize(dsp::nine_taps(rows, x, layer.stride_x, weights), weights[4], stage));
      for (dsp::KernelRow& row : rows) row.at += row.step;
    }
  }
}

}  // namespace thimble
