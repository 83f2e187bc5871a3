// Convolutions for cores with the DSP extension. Two pixels at a time are widened into a panel of 16-bit halves, which
// is then multiplied with the weights of all output channels, two at a time (dsp.hpp: the product block).
// Cost on a Cortex-M4, saturated form: 0.75 instructions per MAC in the block, about 30 per four results around it.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_conv.pack.hpp"
#include "thimble/planes.hpp"
#include "thimble/rows.hpp"

namespace thimble {
namespace dsp {

// The panel of a specialised layer: members known at compile time (GCC would keep a DspPanel in memory).
template <class Shape>
struct FixedDspPanel {
  static constexpr DspPanel panel = dsp_panel(Shape{});
  static constexpr int32_t row_bytes = panel.row_bytes, row_words = panel.row_words, rest = panel.rest;
  static constexpr int32_t quads = panel.quads;
  static constexpr bool repeats = panel.repeats;
  static constexpr int32_t words_per_row() { return panel.words_per_row(); }
};

template <class Layer>
THIMBLE_INLINE auto panel_of(const Layer& layer) {
  if constexpr (Layer::fixed)
    return FixedDspPanel<typename Layer::ShapeType>{};
  else
    return dsp_panel(layer);
}

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

// The whole of the layer's pairs of channels.
template <DspForm form, class Layer, class Panel>
THIMBLE_INLINE Product product_of(const Layer& layer, const Panel& shape, const int32_t* panel) {
  constexpr bool shared = form != DspForm::plain;
  const int32_t* const end = layer.channels + layer.out_channels / 2 * 4;
  int32_t entry = entry_of<shared>(shape.quads);
#if THIMBLE_DSP_PRODUCT_LOOP
  if (form == DspForm::saturated) entry = entry_behind_first(shape.quads);
#endif
  return {panel,       panel + shape.quads * 4, layer.weights, layer.channels, end, entry, layer.offset,
          layer.shift, layer.channel_step};
}

// Multiplies the panel with p's pairs of channels. Gives the place behind the weights.
template <DspForm form, bool odd, class Layer>
THIMBLE_INLINE const int32_t* multiply_pairs(const Layer& layer, const Product& p, int8_t* out0, int8_t* out1) {
#if THIMBLE_DSP_PRODUCT_LOOP
  if constexpr (form == DspForm::saturated) {
    if constexpr (Layer::fixed) {
      // A constant distance fits STRB with post-increment below 128.
      constexpr int32_t near = !odd && Layer::channel_step < 128 ? Layer::channel_step : 0;
      return product_loop<dsp_panel(typename Layer::ShapeType{}).quads, Layer::shift, near>(p, out0, out1);
    } else {
      return product_loop(p, out0, out1);
    }
  }
#endif
  constexpr bool shared = form != DspForm::plain;
  const OutputStage stage = output_stage(layer);
  const int32_t offset_b = shared ? int32_t(uint32_t(p.offset) << 8) : p.offset, shift_b = p.shift + (shared ? 8 : 0);
  const int32_t* weights = p.weights;
  for (const int32_t* channel = p.channels; channel != p.channels_end;) {
    Sums sums{channel[0], channel[0], channel[1], channel[1]};
    mac22<shared>(p.panel, p.panel_end, p.entry, weights, sums);
    if constexpr (shared) {
      sums.b0 = wrapping_sub(sums.b0, sums.a0);
      sums.b1 = wrapping_sub(sums.b1, sums.a1);
    }
    const int32_t multiplier_a = channel[2], multiplier_b = channel[3];
    channel += 4;
    // The order of the product loop: see THIMBLE_STORE.
    out1[p.second] = int8_t(result<form, shared>(layer, sums.b1, multiplier_b, offset_b, shift_b, stage));
    out1[0] = int8_t(result<form, false>(layer, sums.a1, multiplier_a, p.offset, p.shift, stage));
    out0[p.second] = int8_t(result<form, shared>(layer, sums.b0, multiplier_b, offset_b, shift_b, stage));
    out0[0] = int8_t(result<form, false>(layer, sums.a0, multiplier_a, p.offset, p.shift, stage));
    out0 += 2 * p.second;
    out1 += 2 * p.second;
  }
  return weights;
}

// Whether the number of channels is known to be even.
template <class Layer>
constexpr bool always_even() {
  if constexpr (Layer::fixed)
    return Layer::out_channels % 2 == 0;
  else
    return false;
}

// A call of its own for each layer: the product loop takes all registers anyway.
template <DspForm form, class Layer>
[[gnu::noinline]] const int32_t* multiply_called(const Layer& layer, const Product& p, int8_t* out0, int8_t* out1) {
  return multiply_pairs<form, !always_even<Layer>()>(layer, p, out0, out1);
}

// An odd last channel: a pair whose second result has the place of the first.
template <DspForm form, class Layer>
[[gnu::noinline]] void multiply_last(const Layer& layer, Product p, const int32_t* weights, int8_t* out0,
                                     int8_t* out1) {
  out0 += (layer.out_channels - 1) * layer.channel_step;
  out1 += (layer.out_channels - 1) * layer.channel_step;
  p.weights = weights;
  p.channels = p.channels_end;
  p.channels_end += 4;
  p.second = 0;
  multiply_called<form>(layer, p, out0, out1);
}

// Multiplies the panel with all channels and stores both pixels' results at out0 and out1; equal addresses stand for a
// single pixel, the first.
template <DspForm form, class Layer>
THIMBLE_INLINE void multiply_panel(const Layer& layer, const Product& p, int8_t* out0, int8_t* out1) {
  if constexpr (always_even<Layer>()) {
    multiply_called<form>(layer, p, out0, out1);
  } else {
    const int32_t* weights = p.weights;
    if (layer.out_channels > 1) weights = multiply_called<form>(layer, p, out0, out1);
    if (layer.out_channels % 2 != 0) multiply_last<form>(layer, p, weights, out0, out1);
  }
}

// --- filling the panel ---

// Words in a turn of the loop over a kernel row of known length.
constexpr int32_t unrolled_words(int32_t words) {
  return words <= 8 ? words : words % 4 == 0 ? 4 : words % 3 == 0 ? 3 : words % 2 == 0 ? 2 : 1;
}

// One kernel row of one pixel, or of two that lie `next` bytes apart; `panel` moves on.
template <bool two>
THIMBLE_INLINE void widen(const int8_t*& pixel0, const int8_t*& pixel1, int32_t*& panel) {
  if constexpr (two)
    widen2(pixel0, pixel1, panel);
  else
    widen1(pixel0, panel);
}
template <bool two, class Layer, class Panel>
THIMBLE_INLINE void widen_row(const Panel& shape, const int8_t* from, int32_t next, int32_t*& panel) {
  const int8_t* second = from + next;
  int32_t* const end = panel + shape.row_words * 4;
  if constexpr (Layer::fixed) {
    constexpr int32_t words = Panel::row_words, unrolled = unrolled_words(words);
    if constexpr (words > 0) do {
#pragma GCC unroll 8
        for (int32_t i = 0; i < unrolled; ++i) widen<two>(from, second, panel);
      } while (words != unrolled && panel != end);
  } else {
    if (shape.row_words & 1) widen<two>(from, second, panel);
    while (panel != end) {
      widen<two>(from, second, panel);
      widen<two>(from, second, panel);
    }
  }
  if (shape.repeats) {
    from -= 4 - shape.rest;
    second -= 4 - shape.rest;
    widen<two>(from, second, panel);
  }
}

// Places of the gathered rests: one half after the other in a pixel's part of each quad.
struct Gathered {
  int8_t* to;
  int32_t count = 0;
  template <bool two>
  THIMBLE_INLINE void add(int32_t pixel0, int32_t pixel1) {
    store16(to, pixel0);
    if constexpr (two) store16(to + 8, pixel1);
    to += ++count % 4 == 0 ? 10 : 2;
  }
};

// The rest of one kernel row of one pixel, or of two.
template <bool two, class Panel>
THIMBLE_INLINE void gather_rest(const Panel& shape, const int8_t* rest, int32_t next, Gathered& gathered) {
#pragma GCC unroll 3
  for (int32_t i = 0; i < shape.rest; ++i) gathered.add<two>(rest[i], two ? rest[next + i] : 0);
}

// A pixel whose kernel lies inside the image, or two: `from` + offsets[ky] is the first byte of kernel row ky, and
// `next` bytes further that of the second pixel.
template <bool two, class Layer, class Panel>
THIMBLE_INLINE void fill(const Layer& layer, const Panel& shape, const int8_t* from, int32_t next,
                         const int32_t* offsets, int32_t* panel) {
#pragma GCC unroll 5
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) widen_row<two, Layer>(shape, from + offsets[ky], next, panel);
  if (shape.rest == 0 || shape.repeats) return;
  from += shape.row_words * 4;
  Gathered gathered{reinterpret_cast<int8_t*>(panel)};
#pragma GCC unroll 5
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) gather_rest<two>(shape, from + offsets[ky], next, gathered);
}

// One pixel, called: there are few that find no partner.
template <class Layer, class Panel>
[[gnu::noinline]] void fill_one(const Layer& layer, const Panel& shape, const int8_t* from, const int32_t* offsets,
                                int32_t* panel) {
  fill<false>(layer, shape, from, 0, offsets, panel);
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
  const auto shape = panel_of(layer);
  const int32_t channels = layer.in_channels, width = layer.kernel_width;
  const int32_t begin = x < 0 ? (-x < width ? -x : width) : 0;  // kernel columns [begin, end) lie inside
  const int32_t inside = layer.in_width - x < width ? layer.in_width - x : width;
  const int32_t end = inside < begin ? begin : inside;
  Gathered gathered{reinterpret_cast<int8_t*>(panel + shape.words_per_row() * layer.kernel_height * 4)};
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) {
    if (offsets[ky] == outside_image) {
      fill_bytes(row, layer.in_zero_point, shape.row_bytes);
    } else {
      int8_t* to = fill_bytes(row, layer.in_zero_point, begin * channels);
      to = copy_bytes(to, base + offsets[ky] + (x + begin) * channels, (end - begin) * channels);
      fill_bytes(to, layer.in_zero_point, (width - end) * channels);
    }
    widen_row<false, Layer>(shape, row, 0, panel);
    if (!shape.repeats) gather_rest<false>(shape, row + shape.row_words * 4, 0, gathered);
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
  const auto shape = panel_of(layer);
  int32_t* const panel = static_cast<int32_t*>(scratch);
  int32_t* const offsets = panel + shape.quads * 4;
  int8_t* const edge_row = reinterpret_cast<int8_t*>(offsets + layer.kernel_height);
  const int8_t* const base = reinterpret_cast<const int8_t*>(in.base);
  const Product product = product_of<form>(layer, shape, panel);
  const int32_t next = layer.stride_x * layer.in_channels;
  int8_t* waiting = nullptr;  // place of the pixel in the panel's first half
  for (int32_t y = y0; y < y1; ++y) {
    const bool rows_inside = find_rows(layer, in, y, offsets);
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y)) + layer.first;
    int8_t* const row_end = to + layer.out_width * layer.pixel_step;
    const int32_t last_inside = rows_inside ? layer.in_width - layer.kernel_width : -1;
    for (int32_t x = -layer.pad_left; to != row_end; to += layer.pixel_step, x += layer.stride_x) {
      if (waiting == nullptr && x >= 0 && x + layer.stride_x <= last_inside && to + layer.pixel_step != row_end) {
        fill<true>(layer, shape, base + x * layer.in_channels, next, offsets, panel);
        multiply_panel<form>(layer, product, to, to + layer.pixel_step);
        to += layer.pixel_step;
        x += layer.stride_x;
        continue;
      }
      int32_t* const half = waiting == nullptr ? panel : panel + 2;
      if (x >= 0 && x <= last_inside)
        fill_one(layer, shape, base + x * layer.in_channels, offsets, half);
      else
        fill_edge(layer, base, offsets, x, half, edge_row);
      if (waiting == nullptr) {
        waiting = to;
      } else {
        multiply_panel<form>(layer, product, waiting, to);
        waiting = nullptr;
      }
    }
  }
  if (waiting != nullptr) multiply_panel<form>(layer, product, waiting, waiting);
}

// Rows that follow each other in both views are one run of pixels. An odd pixel at the end of a run waits for the first
// of the next; only the last of the band goes alone.
template <DspForm form, class Layer>
THIMBLE_INLINE void pointwise(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                              void* scratch) {
  const auto shape = panel_of(layer);
  int32_t* const panel = static_cast<int32_t*>(scratch);
  const int32_t channels = layer.in_channels, step = layer.pixel_step;
  const Product product = product_of<form>(layer, shape, panel);
  const bool runs = layer.channel_step == 1;
  const int32_t no_offset = 0;  // of the one kernel row
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
      fill_one(layer, shape, from, &no_offset, panel + 2);
      multiply_panel<form>(layer, product, waiting, to);
      waiting = nullptr;
      from += channels;
      to += step;
      --pixels;
    }
    for (; pixels >= 2; pixels -= 2) {
      fill<true>(layer, shape, from, channels, &no_offset, panel);
      multiply_panel<form>(layer, product, to, to + step);
      from += 2 * channels;
      to += 2 * step;
    }
    if (pixels != 0) {
      fill_one(layer, shape, from, &no_offset, panel);
      waiting = to;
    }
  }
  if (waiting != nullptr) multiply_panel<form>(layer, product, waiting, waiting);
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
