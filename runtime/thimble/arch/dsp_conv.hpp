// Convolutions for cores with the DSP extension. Two pixels at a time are widened into a panel of 16-bit halves, which
// is then multiplied with the weights of all output channels, two at a time (dsp.hpp: the product block).
// Cost on a Cortex-M4, saturated form: 0.75 instructions per MAC in the block, about 30 per four results around it.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_conv.pack.hpp"
#include "thimble/rows.hpp"

namespace thimble {
namespace dsp {

// One result from an exact sum. `scaled` is 256 times the sum where its channel was the upper of shared halves.
template <DspForm form, bool scaled, class Layer>
THIMBLE_INLINE int32_t result(const Layer& layer, int32_t sum, int32_t multiplier, int32_t offset, int32_t shift,
                              const OutputStage& stage) {
  if constexpr (form == DspForm::plain) {
    return requantize(sum, multiplier, stage);
  } else {
    // offset and shift are the stage's, for a scaled sum at 256 times and 8 more.
    const int32_t t = smmla(sum, multiplier, offset);
    int32_t q;
    if constexpr (Layer::fixed)
      q = saturate8<Layer::shift + (scaled ? 8 : 0)>(t);
    else
      q = saturate8<0>(t >> shift);
    if constexpr (form == DspForm::clamped) q = q < layer.low ? layer.low : q > layer.high ? layer.high : q;
    return q;
  }
}

// Multiplies the panel with all channels and stores both pixels' results at out0 and out1; equal addresses stand for a
// single pixel, the first.
template <DspForm form, class Layer>
[[gnu::noinline]] void multiply_panel(const Layer& layer, const int32_t* panel, int8_t* out0, int8_t* out1) {
  constexpr bool shared = form != DspForm::plain;
  const OutputStage stage = output_stage(layer);
  const int32_t offset = stage.offset, shift = stage.shift;
  const int32_t offset_b = shared ? int32_t(uint32_t(offset) << 8) : offset, shift_b = shared ? shift + 8 : shift;
  const int32_t quads = dsp_panel(layer).quads;
  const int32_t* const panel_end = panel + quads * 4;
  const int32_t entry = entry_of<shared>(quads);
  const int32_t* weights = layer.weights;
  const int32_t* channel = layer.channels;
  const int32_t advance = 2 * layer.channel_step;
  int32_t second = layer.channel_step;  // from a pair's first channel to its second
  const int32_t* channels_end = channel + layer.out_channels / 2 * 4;
  bool odd = layer.out_channels % 2 != 0;
  for (;;) {
    while (channel != channels_end) {
      Sums sums{channel[0], channel[0], channel[1], channel[1]};
      if constexpr (Layer::fixed) {
        constexpr int32_t fixed_quads = dsp_panel(typename Layer::ShapeType{}).quads;
        if constexpr (fixed_quads <= quads_per_turn)
          mac22<shared, fixed_quads>(panel, weights, sums);
        else
          mac22<shared>(panel, panel_end, entry_of<shared>(fixed_quads), weights, sums);
      } else {
        mac22<shared>(panel, panel_end, entry, weights, sums);
      }
      if constexpr (shared) {
        sums.b0 = wrapping_sub(sums.b0, sums.a0);
        sums.b1 = wrapping_sub(sums.b1, sums.a1);
      }
      const int32_t multiplier_a = channel[2], multiplier_b = channel[3];
      channel += 4;
      // The second channel before the first, the second pixel before the first: one that does not exist has the place
      // of the one that does, and is overwritten.
      out1[second] = int8_t(result<form, shared>(layer, sums.b1, multiplier_b, offset_b, shift_b, stage));
      out1[0] = int8_t(result<form, false>(layer, sums.a1, multiplier_a, offset, shift, stage));
      out0[second] = int8_t(result<form, shared>(layer, sums.b0, multiplier_b, offset_b, shift_b, stage));
      out0[0] = int8_t(result<form, false>(layer, sums.a0, multiplier_a, offset, shift, stage));
      out0 += advance;
      out1 += advance;
    }
    if (!odd) break;
    odd = false;
    second = 0;
    channels_end += 4;
  }
}

// --- filling the panel ---

// One kernel row of one pixel, whole words; `panel` moves on.
template <class Layer>
THIMBLE_INLINE void widen_row(const DspPanel& shape, const int8_t* from, int32_t*& panel) {
  int32_t* const end = panel + shape.row_words * 4;
  if constexpr (Layer::fixed) {
    constexpr int32_t words = dsp_panel(typename Layer::ShapeType{}).row_words;
    constexpr int32_t unrolled = words <= 8 ? words : words % 4 == 0 ? 4 : words % 3 == 0 ? 3 : words % 2 == 0 ? 2 : 1;
    if constexpr (words > 0) do {
#pragma GCC unroll 8
        for (int32_t i = 0; i < unrolled; ++i) widen1(from, panel);
      } while (words != unrolled && panel != end);
  } else {
    if (shape.row_words & 1) widen1(from, panel);
    while (panel != end) {
      widen1(from, panel);
      widen1(from, panel);
    }
  }
  if (shape.repeats) {
    from -= 4 - shape.rest;
    widen1(from, panel);
  }
}

// The rests of the kernel rows: the n-th byte goes to the n-th half of the pixel's places from `panel` on.
THIMBLE_INLINE void gather_rest(const DspPanel& shape, const int8_t* from, int32_t n, int32_t* panel) {
  for (int32_t i = 0; i < shape.rest; ++i, ++n)
    store16(reinterpret_cast<int8_t*>(panel) + (n >> 2) * 16 + (n & 3) * 2, from[shape.row_words * 4 + i]);
}

// A pixel whose kernel lies inside the image: `from` + offsets[ky] is the first byte of kernel row ky.
template <class Layer>
THIMBLE_INLINE void fill_inside(const Layer& layer, const DspPanel& shape, const int8_t* from, const int32_t* offsets,
                                int32_t* panel) {
#pragma GCC unroll 4
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) widen_row<Layer>(shape, from + offsets[ky], panel);
  if (shape.rest != 0 && !shape.repeats)
#pragma GCC unroll 4
    for (int32_t ky = 0; ky < layer.kernel_height; ++ky) gather_rest(shape, from + offsets[ky], ky * shape.rest, panel);
}

// Copies `count` bytes, and fills with one value; words as long as there are four bytes.
inline int8_t* copy_bytes(int8_t* to, const int8_t* from, int32_t count) {
  for (; count >= 4; count -= 4, from += 4, to += 4) store32(to, load32(from));
  for (; count > 0; --count) *to++ = *from++;
  return to;
}
inline int8_t* fill_bytes(int8_t* to, int32_t value, int32_t count) {
  const int32_t word = int32_t((uint32_t(value) & 0xff) * 0x01010101u);
  for (; count >= 4; count -= 4, to += 4) store32(to, word);
  for (; count > 0; --count) *to++ = int8_t(value);
  return to;
}

// A pixel whose kernel reaches over an edge of the image; input column `x` is under the kernel's first. Each kernel row
// is put together in `row` first.
template <class Layer>
[[gnu::noinline]] void fill_edge(const Layer& layer, const int8_t* base, const int32_t* offsets, int32_t x,
                                 int32_t* panel, int8_t* row) {
  const DspPanel shape = dsp_panel(layer);
  const int32_t channels = layer.in_channels, width = layer.kernel_width;
  const int32_t begin = x < 0 ? (-x < width ? -x : width) : 0;  // kernel columns [begin, end) lie inside
  const int32_t inside = layer.in_width - x < width ? layer.in_width - x : width;
  const int32_t end = inside < begin ? begin : inside;
  int32_t* const rests = panel + shape.words_per_row() * layer.kernel_height * 4;
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) {
    if (offsets[ky] == outside_image) {
      fill_bytes(row, layer.in_zero_point, shape.row_bytes);
    } else {
      int8_t* to = fill_bytes(row, layer.in_zero_point, begin * channels);
      to = copy_bytes(to, base + offsets[ky] + (x + begin) * channels, (end - begin) * channels);
      fill_bytes(to, layer.in_zero_point, (width - end) * channels);
    }
    widen_row<Layer>(shape, row, panel);
    if (!shape.repeats) gather_rest(shape, row, ky * shape.rest, rests);
  }
}

// Where the input rows under output row y lie, from the base on. True when all are inside the image.
template <class Layer>
THIMBLE_INLINE bool find_rows(const Layer& layer, const RowView& in, int32_t y, int32_t* offsets) {
  bool all = true;
  int32_t row = y * layer.stride_y - layer.pad_top;
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky, row += layer.dilation_y) {
    const bool inside = row >= 0 && row < layer.in_height;
    offsets[ky] = inside ? int32_t(in.row(row) - in.base) : outside_image;
    all &= inside;
  }
  return all;
}

template <DspForm form, class Layer>
THIMBLE_INLINE void conv2d(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                           void* scratch) {
  const DspPanel shape = dsp_panel(layer);
  int32_t* const panel = static_cast<int32_t*>(scratch);
  int32_t* const offsets = panel + shape.quads * 4;
  int8_t* const edge_row = reinterpret_cast<int8_t*>(offsets + layer.kernel_height);
  const int8_t* const base = reinterpret_cast<const int8_t*>(in.base);
  int8_t* waiting = nullptr;  // place of the pixel in the panel's first half
  for (int32_t y = y0; y < y1; ++y) {
    const bool rows_inside = find_rows(layer, in, y, offsets);
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y)) + layer.first;
    int32_t x = -layer.pad_left;
    const int8_t* const row_end = to + layer.out_width * layer.pixel_step;
    for (; to != row_end; to += layer.pixel_step, x += layer.stride_x) {
      int32_t* const half = waiting == nullptr ? panel : panel + 2;
      if (rows_inside && x >= 0 && x + layer.kernel_width <= layer.in_width)
        fill_inside(layer, shape, base + x * layer.in_channels, offsets, half);
      else
        fill_edge(layer, base, offsets, x, half, edge_row);
      if (waiting == nullptr) {
        waiting = to;
      } else {
        multiply_panel<form>(layer, panel, waiting, to);
        waiting = nullptr;
      }
    }
  }
  if (waiting != nullptr) multiply_panel<form>(layer, panel, waiting, waiting);
}

// All channels of one pixel, or of two, into the panel of a pointwise layer.
template <class Layer>
THIMBLE_INLINE void fill_pixel(const DspPanel& shape, const int8_t* from, int32_t* panel) {
  widen_row<Layer>(shape, from, panel);
  if (!shape.repeats) gather_rest(shape, from, 0, panel);
}
template <class Layer>
THIMBLE_INLINE void fill_pixels(const DspPanel& shape, const int8_t* pixel0, const int8_t* pixel1, int32_t* panel) {
  int32_t* const end = panel + shape.row_words * 4;
  if constexpr (Layer::fixed) {
    constexpr int32_t words = dsp_panel(typename Layer::ShapeType{}).row_words;
    constexpr int32_t unrolled = words % 4 == 0 ? 4 : words % 3 == 0 ? 3 : words % 2 == 0 ? 2 : 1;
    if constexpr (words > 0) do {
#pragma GCC unroll 4
        for (int32_t i = 0; i < unrolled; ++i) widen2(pixel0, pixel1, panel);
      } while (words != unrolled && panel != end);
  } else {
    if (shape.row_words & 1) widen2(pixel0, pixel1, panel);
    if (shape.row_words & 2) {
      widen2(pixel0, pixel1, panel);
      widen2(pixel0, pixel1, panel);
    }
    while (panel != end) {
      widen2(pixel0, pixel1, panel);
      widen2(pixel0, pixel1, panel);
      widen2(pixel0, pixel1, panel);
      widen2(pixel0, pixel1, panel);
    }
  }
  if (shape.repeats) {
    pixel0 -= 4 - shape.rest;
    pixel1 -= 4 - shape.rest;
    widen2(pixel0, pixel1, panel);
  } else if (shape.rest != 0) {
    gather_rest(shape, pixel0 - shape.row_words * 4, 0, panel);
    gather_rest(shape, pixel1 - shape.row_words * 4, 0, panel + 2);
  }
}

// Rows that follow each other in both views are one run of pixels. An odd pixel at the end of a run waits for the first
// of the next; only the last of the band goes alone.
template <DspForm form, class Layer>
THIMBLE_INLINE void pointwise(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                              void* scratch) {
  const DspPanel shape = dsp_panel(layer);
  int32_t* const panel = static_cast<int32_t*>(scratch);
  const int32_t channels = layer.in_channels, step = layer.pixel_step;
  const bool runs = layer.channel_step == 1;
  int8_t* waiting = nullptr;
  while (y0 < y1) {
    const int32_t in_row = int32_t(uint32_t(y0) % uint32_t(in.ring_rows));
    const int32_t out_row = int32_t(uint32_t(y0) % uint32_t(out.ring_rows));
    int32_t rows = 1;
    if (runs) {
      rows = y1 - y0;
      if (rows > in.ring_rows - in_row) rows = in.ring_rows - in_row;
      if (rows > out.ring_rows - out_row) rows = out.ring_rows - out_row;
    }
    const int8_t* from = reinterpret_cast<const int8_t*>(in.base) + in_row * in.row_bytes;
    int8_t* to = reinterpret_cast<int8_t*>(out.base) + out_row * out.row_bytes + layer.first;
    y0 += rows;
    int32_t pixels = rows * layer.out_width;
    if (waiting != nullptr) {
      fill_pixel<Layer>(shape, from, panel + 2);
      multiply_panel<form>(layer, panel, waiting, to);
      waiting = nullptr;
      from += channels;
      to += step;
      --pixels;
    }
    for (; pixels >= 2; pixels -= 2) {
      fill_pixels<Layer>(shape, from, from + channels, panel);
      multiply_panel<form>(layer, panel, to, to + step);
      from += 2 * channels;
      to += 2 * step;
    }
    if (pixels != 0) {
      fill_pixel<Layer>(shape, from, panel);
      waiting = to;
    }
  }
  if (waiting != nullptr) multiply_panel<form>(layer, panel, waiting, waiting);
}

}  // namespace dsp

// Output rows [y0, y1) of a convolution; see DspForm for the three forms.
template <class Shape>
void conv2d_dsp(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                void* scratch) {
  dsp::conv2d<DspForm::saturated>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void conv2d_dsp_clamped(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                        void* scratch) {
  dsp::conv2d<DspForm::clamped>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void conv2d_dsp_plain(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                      void* scratch) {
  dsp::conv2d<DspForm::plain>(layer, in, out, y0, y1, scratch);
}

// The same for a kernel of one pixel, stride 1, no padding.
template <class Shape>
void pointwise_dsp(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                   void* scratch) {
  dsp::pointwise<DspForm::saturated>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void pointwise_dsp_clamped(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                           void* scratch) {
  dsp::pointwise<DspForm::clamped>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void pointwise_dsp_plain(const ConvDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                         void* scratch) {
  dsp::pointwise<DspForm::plain>(layer, in, out, y0, y1, scratch);
}

}  // namespace thimble
