// The convolution of dsp_conv.hpp in as little code as it can do with, for layers that share few bytes of flash: pixels
// are widened into the panel one at a time, and turns have four quads. Constants and results are the same.
// Cost on a Cortex-M4: 0.74 instructions per MAC in the block, about 50 per six results around it, and 3 for each value
// under a kernel.
#pragma once
#include "thimble/arch/dsp_conv.hpp"

namespace thimble {
namespace dsp {

// Widens what lies under the kernel of one pixel: input columns from x on of the rows at `offsets`. A kernel row that
// reaches over the image is put together in `spare`, row_bytes bytes.
template <class Layer>
THIMBLE_INLINE void fill_small(const Layer& layer, const DspPanel& shape, const int8_t* base, const int32_t* offsets,
                               int32_t x, int32_t* panel, int8_t* spare) {
  const int32_t length = layer.in_width * layer.in_channels, begin = x * layer.in_channels;
  int8_t* rest = reinterpret_cast<int8_t*>(panel + shape.words_per_row() * layer.kernel_height * 2 * panel_pixels);
  int32_t rest_step = 2;
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) {
    const bool inside = offsets[ky] != outside_image;
    const int8_t* from = base + offsets[ky] + begin;
    if (!inside || begin < 0 || begin + shape.row_bytes > length) {
      for (int32_t i = 0; i < shape.row_bytes; ++i)
        spare[i] = inside && begin + i >= 0 && begin + i < length ? from[i] : int8_t(layer.in_zero_point);
      from = spare;
    }
    for (int32_t words = shape.row_words; words > 0; --words, from += 4) put_quad(load32(from), panel);
    if (shape.repeats) {
      put_quad(load32(from - 4 + shape.rest), panel);
      continue;
    }
    // Gathered rests lie two by two in the pixel's words: 2 bytes to the neighbour, 10 to the next word.
    for (int32_t i = 0; i < shape.rest; ++i) {
      store16(rest, from[i]);
      rest += rest_step;
      rest_step ^= 2 ^ (4 * panel_pixels - 2);
    }
  }
}

template <DspForm form, class Layer>
THIMBLE_INLINE void conv2d_small(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                                 void* scratch) {
  const DspPanel shape = dsp_panel(layer);
  int32_t* const panel = static_cast<int32_t*>(scratch);
  int32_t* const offsets = panel + shape.quads * 2 * panel_pixels;
  int8_t* const spare = reinterpret_cast<int8_t*>(offsets + layer.kernel_height);
  const int8_t* const base = reinterpret_cast<const int8_t*>(in.base);
  const Product product = product_of<form, quads_per_small_turn>(layer, shape, panel);
  Waiting waiting{panel};
  for (int32_t y = y0; y < y1; ++y) {
    find_rows(layer, in, y, offsets);
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y)) + layer.first;
    int32_t x = -layer.pad_left;
    for (int32_t left = layer.out_width; left > 0; --left, x += layer.stride_x, to += layer.pixel_step) {
      fill_small(layer, shape, base, offsets, x, waiting.next(), spare);
      waiting.add(to);
      const bool end = left == 1 && y + 1 == y1;
      if (end || waiting.count == panel_pixels) multiply_panel<form, true>(layer, product, waiting.take());
    }
  }
}

}  // namespace dsp

// Output rows [y0, y1) of a convolution; see DspForm for the three forms.
template <class Shape>
void conv2d_small_dsp(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                      void* scratch) {
  dsp::conv2d_small<DspForm::saturated>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void conv2d_small_dsp_clamped(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                              int32_t y1, void* scratch) {
  dsp::conv2d_small<DspForm::clamped>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void conv2d_small_dsp_plain(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                            void* scratch) {
  dsp::conv2d_small<DspForm::plain>(layer, in, out, y0, y1, scratch);
}

}  // namespace thimble
