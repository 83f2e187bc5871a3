// Depthwise convolution from NHWC, of any kernel, for cores with the DSP extension. Four channels at a time: a word of
// inputs and a word of weights give four products. About 11 instructions a tap of four channels on a Cortex-M4.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_depthwise_nhwc.pack.hpp"
#include "thimble/rows.hpp"

namespace thimble {
namespace dsp {

// A tap that reads padding.
constexpr int32_t tap_outside = -1;

// Up to four channels of one pixel. `from` + offsets[t] is tap t's first channel. The words of a group are behind
// `weights` and `constants`.
template <bool saturates, bool inside, class Layer>
THIMBLE_INLINE void depthwise_group(const Layer& layer, const OutputStage& stage, const int8_t* from,
                                    const int32_t* offsets, int32_t count, const int32_t* weights,
                                    const int32_t* constants, int8_t* out) {
  int32_t sums[4] = {constants[0], constants[1], constants[2], constants[3]};
  const int32_t taps = layer.kernel_height * layer.kernel_width;
  const int32_t padding = int32_t((uint32_t(layer.in_zero_point) & 0xff) * 0x01010101u);
#pragma GCC unroll 4
  for (int32_t t = 0; t < taps; ++t) {
    int32_t x = padding;
    if (inside || offsets[t] != tap_outside) {
      const int8_t* const p = from + offsets[t];
      x = count == 4 ? load32(p) : load_bytes(p, count);
    }
    const int32_t w = weights[t];
    const int32_t x02 = even_bytes(x), x13 = odd_bytes(x), w02 = even_bytes(w), w13 = odd_bytes(w);
    sums[0] = smlabb(x02, w02, sums[0]);
    sums[1] = smlabb(x13, w13, sums[1]);
    sums[2] = smlatt(x02, w02, sums[2]);
    sums[3] = smlatt(x13, w13, sums[3]);
  }
#pragma GCC unroll 4
  for (int32_t k = 0; k < 4; ++k) {
    if (k >= count) break;
    if constexpr (!saturates)
      out[k] = int8_t(requantize(sums[k], constants[4 + k], stage));
    else if constexpr (Layer::fixed)
      out[k] = int8_t(saturate8<Layer::shift>(smmla(sums[k], constants[4 + k], stage.offset)));
    else
      out[k] = int8_t(saturate8<0>(smmla(sums[k], constants[4 + k], stage.offset) >> stage.shift));
  }
}

// All channels of one pixel.
template <bool saturates, bool inside, class Layer>
THIMBLE_INLINE void depthwise_pixel(const Layer& layer, const OutputStage& stage, const int8_t* from,
                                    const int32_t* offsets, int8_t* out) {
  const int32_t taps = layer.kernel_height * layer.kernel_width;
  const int32_t* weights = layer.weights;
  const int32_t* constants = layer.channels4;
  const int8_t* const whole_end = from + layer.channels / 4 * 4;
  for (; from != whole_end; from += 4, out += 4, weights += taps, constants += 8)
    depthwise_group<saturates, inside>(layer, stage, from, offsets, 4, weights, constants, out);
  if (layer.channels % 4 != 0)
    depthwise_group<saturates, inside>(layer, stage, from, offsets, layer.channels % 4, weights, constants, out);
}

// Where the taps of row y's pixels read, from the base on, for the pixel whose first tap is column `column`. True when
// none is outside.
template <class Layer>
inline bool find_taps(const Layer& layer, const RowView& in, int32_t y, int32_t column, int32_t* offsets) {
  bool all = true;
  int32_t row = y * layer.stride_y - layer.pad_top;
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky, row += layer.dilation_y) {
    const bool row_inside = row >= 0 && row < layer.in_height;
    const int32_t start = row_inside ? int32_t(in.row(row) - in.base) : 0;
    for (int32_t x = column; x < column + layer.kernel_width; ++x) {
      const bool tap_inside = row_inside && x >= 0 && x < layer.in_width;
      *offsets++ = tap_inside ? start + x * layer.channels : tap_outside;
      all &= tap_inside;
    }
  }
  return all;
}

template <bool saturates, class Layer>
[[gnu::noinline]] void depthwise_edge(const Layer& layer, const int8_t* base, const int32_t* offsets, int8_t* out) {
  depthwise_pixel<saturates, false>(layer, output_stage(layer), base, offsets, out);
}

template <bool saturates, class Layer>
THIMBLE_INLINE void depthwise_nhwc(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                                   void* scratch) {
  const OutputStage stage = output_stage(layer);
  int32_t* const row_taps = static_cast<int32_t*>(scratch);
  int32_t* const edge_taps = row_taps + layer.kernel_height * layer.kernel_width;
  const int8_t* const base = reinterpret_cast<const int8_t*>(in.base);
  for (int32_t y = y0; y < y1; ++y) {
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y));
    const int32_t last_inside = find_taps(layer, in, y, 0, row_taps) ? layer.in_width - layer.kernel_width : -1;
    int32_t x = -layer.pad_left;
    for (int32_t i = 0; i < layer.out_width; ++i, x += layer.stride_x, to += layer.channels) {
      if (x >= 0 && x <= last_inside) {
        depthwise_pixel<saturates, true>(layer, stage, base + x * layer.channels, row_taps, to);
      } else {
        find_taps(layer, in, y, x, edge_taps);
        depthwise_edge<saturates>(layer, base, edge_taps, to);
      }
    }
  }
}

}  // namespace dsp

// Output rows [y0, y1). The plain form is for every output stage.
template <class Shape>
void depthwise_nhwc_dsp(const DepthwiseNhwcDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                        int32_t y1, void* scratch) {
  dsp::depthwise_nhwc<true>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void depthwise_nhwc_plain_dsp(const DepthwiseNhwcDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                              int32_t y1, void* scratch) {
  dsp::depthwise_nhwc<false>(layer, in, out, y0, y1, scratch);
}

}  // namespace thimble
