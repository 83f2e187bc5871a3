// Convolutions for cores with the DSP extension. Three pixels at a time are widened into a panel of 16-bit halves,
// which is then multiplied with the weights of all output channels, two at a time (dsp_product.hpp). Cost on a
// Cortex-M4, saturated form: 0.71 instructions per MAC in the block, about 40 per six results around it.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_conv.pack.hpp"
#include "thimble/arch/dsp_product.hpp"
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

// The layer's pairs of channels, without the last of an odd number, for kernels of so many quads in a turn.
template <DspForm form, int32_t turn = quads_per_turn, class Layer, class Panel>
THIMBLE_INLINE Product product_of(const Layer& layer, const Panel& shape, const int32_t* panel) {
  constexpr bool shared = form != DspForm::plain;
  const int32_t* const end = layer.weights + layer.out_channels / 2 * (shape.quads * 2 + conv_dsp_pair_words);
  int32_t entry = entry_of<shared, turn>(shape.quads);
#if THIMBLE_DSP_PRODUCT_LOOP
  if (form == DspForm::saturated) entry = entry_behind_first<turn>(shape.quads);
#endif
  return {panel,         panel + shape.quads * 2 * panel_pixels,
          layer.weights, end,
          entry,         layer.offset,
          layer.shift,   layer.channel_step};
}

// Whether the distance of a pair's results is Layer::channel_step, and fits an ADD.
template <bool odd, class Layer>
constexpr bool known_results() {
  if constexpr (Layer::fixed)
    return !odd && Layer::channel_step < 4096;
  else
    return false;
}

// Multiplies the panel with p's pairs of channels. `small`: in little code.
template <DspForm form, bool odd, bool small = false, class Layer>
THIMBLE_INLINE void multiply_pairs(const Layer& layer, const Product& p, const PanelOut& out) {
#if THIMBLE_DSP_PRODUCT_LOOP
  if constexpr (form == DspForm::saturated) {
    if constexpr (small)
      product_loop_small(p, out);
    else if constexpr (known_results<odd, Layer>())
      product_loop<dsp_panel(typename Layer::ShapeType{}).quads, Layer::shift, Layer::channel_step>(p, out);
    else
      product_loop(p, out);
    return;
  }
#endif
  constexpr bool shared = form != DspForm::plain;
  const OutputStage stage = output_stage(layer);
  const int32_t offset_b = shared ? int32_t(uint32_t(p.offset) << 8) : p.offset, shift_b = p.shift + (shared ? 8 : 0);
  int8_t* to = out.first;
  for (const int32_t* weights = p.weights; weights != p.weights_end; to += 2 * p.second) {
    const int32_t a = weights[0], b = weights[1];
    Sums sums{{a, a, a}, {b, b, b}};
    weights += 2;
    mac32<shared, small>(p, weights, sums);
    const int32_t distance[panel_pixels] = {0, out.to_second, out.to_third};
#pragma GCC unroll 3
    for (int32_t i = panel_pixels - 1; i >= 0; --i) {
      int8_t* const pixel = to + distance[i];
      const int32_t sum_b = shared ? wrapping_sub(sums.b[i], sums.a[i]) : sums.b[i];
      pixel[p.second] = int8_t(result<form, shared>(layer, sum_b, weights[1], offset_b, shift_b, stage));
      *pixel = int8_t(result<form, false>(layer, sums.a[i], weights[0], p.offset, p.shift, stage));
    }
    weights += 2;
  }
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
template <DspForm form, bool small = false, class Layer>
[[gnu::noinline]] void multiply_called(const Layer& layer, const Product& p, const PanelOut& out) {
  multiply_pairs<form, !always_even<Layer>(), small>(layer, p, out);
}

// An odd last channel: a pair whose second result has the place of the first.
template <DspForm form, bool small = false, class Layer>
[[gnu::noinline]] void multiply_last(const Layer& layer, Product p, PanelOut out) {
  const int32_t* const pair = p.weights_end;
  out.first += (layer.out_channels - 1) * layer.channel_step;
  p.weights = pair;
  p.weights_end = pair + (p.panel_end - p.panel) / panel_pixels + conv_dsp_pair_words;
  p.second = 0;
  multiply_called<form, small>(layer, p, out);
}

// Multiplies the panel with all channels and stores the results.
template <DspForm form, bool small = false, class Layer>
THIMBLE_INLINE void multiply_panel(const Layer& layer, const Product& p, const PanelOut& out) {
  if constexpr (always_even<Layer>()) {
    multiply_called<form, small>(layer, p, out);
  } else {
    if (layer.out_channels > 1) multiply_called<form, small>(layer, p, out);
    if (layer.out_channels % 2 != 0) multiply_last<form, small>(layer, p, out);
  }
}

// --- filling the panel ---

// Words in a turn of the loop over a kernel row of known length.
constexpr int32_t unrolled_words(int32_t words) {
  return words <= 8 ? words : words % 4 == 0 ? 4 : words % 3 == 0 ? 3 : words % 2 == 0 ? 2 : 1;
}

// The same places under one pixel or under three that follow each other.
template <int32_t pixels>
struct Places;
template <>
struct Places<1> {
  const int8_t* at;
  Places(const int8_t* first, int32_t) : at(first) {}
  THIMBLE_INLINE void widen(int32_t*& panel) {
    put_quad(load32(at), panel);
    at += 4;
  }
  THIMBLE_INLINE void back(int32_t bytes) { at -= bytes; }
};
template <>
struct Places<3> {
  const int8_t *at, *second, *third;
  Places(const int8_t* first, int32_t next) : at(first), second(first + next), third(first + 2 * next) {}
  THIMBLE_INLINE void widen(int32_t*& panel) { put_three(at, second, third, panel); }
  THIMBLE_INLINE void back(int32_t bytes) {
    at -= bytes;
    second -= bytes;
    third -= bytes;
  }
};

// One kernel row of one pixel, or of three that lie `next` bytes apart; `panel` moves on.
template <int32_t pixels, class Layer, class Panel>
THIMBLE_INLINE void widen_row(const Panel& shape, const int8_t* from, int32_t next, int32_t*& panel) {
  Places<pixels> places(from, next);
  int32_t* const end = panel + shape.row_words * 2 * panel_pixels;
  if constexpr (Layer::fixed) {
    constexpr int32_t words = Panel::row_words, unrolled = unrolled_words(words);
    if constexpr (words > 0) do {
#pragma GCC unroll 8
        for (int32_t i = 0; i < unrolled; ++i) places.widen(panel);
      } while (words != unrolled && panel != end);
  } else {
    if (shape.row_words & 1) places.widen(panel);
    while (panel != end) {
      places.widen(panel);
      places.widen(panel);
    }
  }
  if (shape.repeats) {
    places.back(4 - shape.rest);
    places.widen(panel);
  }
}

// Places of the gathered rests: one half after the other in a pixel's part of each quad.
struct Gathered {
  int8_t* to;
  int32_t count = 0;
  template <int32_t pixels>
  THIMBLE_INLINE void add(const int8_t* from, int32_t next) {
#pragma GCC unroll 3
    for (int32_t i = 0; i < pixels; ++i) store16(to + 4 * i, from[i * next]);
    to += ++count % 2 == 0 ? 4 * panel_pixels - 2 : 2;
  }
};

// A pixel whose kernel lies inside the image, or three: `from` + offsets[ky] is the first byte of kernel row ky, and
// `next` bytes further that of the next pixel.
template <int32_t pixels, class Layer, class Panel>
THIMBLE_INLINE void fill(const Layer& layer, const Panel& shape, const int8_t* from, int32_t next,
                         const int32_t* offsets, int32_t* panel) {
#pragma GCC unroll 5
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) widen_row<pixels, Layer>(shape, from + offsets[ky], next, panel);
  if (shape.rest == 0 || shape.repeats) return;
  from += shape.row_words * 4;
  Gathered gathered{reinterpret_cast<int8_t*>(panel)};
#pragma GCC unroll 5
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky)
#pragma GCC unroll 3
    for (int32_t i = 0; i < shape.rest; ++i) gathered.add<pixels>(from + offsets[ky] + i, next);
}

// One pixel, called: there are few that find no partners.
template <class Layer, class Panel>
[[gnu::noinline]] void fill_one(const Layer& layer, const Panel& shape, const int8_t* from, const int32_t* offsets,
                                int32_t* panel) {
  fill<1>(layer, shape, from, 0, offsets, panel);
}

// Three pixels: a call where the sizes come at run time, so that the kernels share it.
template <class Layer, class Panel>
[[gnu::noinline]] void fill_three_called(const Layer& layer, const Panel& shape, const int8_t* from, int32_t next,
                                         const int32_t* offsets, int32_t* panel) {
  fill<3>(layer, shape, from, next, offsets, panel);
}
template <class Layer, class Panel>
THIMBLE_INLINE void fill_three(const Layer& layer, const Panel& shape, const int8_t* from, int32_t next,
                               const int32_t* offsets, int32_t* panel) {
  if constexpr (Layer::fixed)
    fill<3>(layer, shape, from, next, offsets, panel);
  else
    fill_three_called(layer, shape, from, next, offsets, panel);
}

// Four bytes from `at` on of a row of `length` bytes; those outside the row are the bytes of `padding`.
inline int32_t bytes_over_edge(const int8_t* row, int32_t length, int32_t at, uint32_t padding) {
  uint32_t v = 0;
  for (int32_t i = 0; i < 4; ++i)
    v |= (at + i < 0 || at + i >= length ? padding & 0xff : uint32_t(uint8_t(row[at + i]))) << (8 * i);
  return int32_t(v);
}
// A word that reaches over an end of a row of four bytes or more, from `at` bytes into it: the word `from` bytes into
// it, shifted to the right or to the left, and the padding's bits.
struct WordOverEdge {
  int32_t from, right, left;
  uint32_t padding;
  WordOverEdge(int32_t length, int32_t at, uint32_t padding_word)
      : from(at < 0 ? 0 : length - 4), right(at < 0 ? 0 : 8 * (at - from)), left(at < 0 ? -8 * at : 0) {
    padding = at < 0 ? padding_word >> (32 - left) : padding_word << (32 - right);
  }
  THIMBLE_INLINE int32_t of(const int8_t* row) const {
    return int32_t(uint32_t(load32(row + from)) >> right << left | padding);
  }
};

// A pixel whose kernel reaches over an edge of the image; input column `x` is under the kernel's first.
template <class Layer, class Panel>
[[gnu::noinline]] void fill_edge(const Layer& layer, const Panel& shape, const int8_t* base, const int32_t* offsets,
                                 int32_t x, int32_t* panel) {
  const int32_t length = layer.in_width * layer.in_channels, begin = x * layer.in_channels;
  const uint32_t padding = (uint32_t(layer.in_zero_point) & 0xff) * 0x01010101u;
  const int32_t words = shape.words_per_row(), row_step = (words - 1) * 2 * panel_pixels;
  for (int32_t i = 0; i < words; ++i) {
    const int32_t at = i < shape.row_words ? begin + i * 4 : begin + shape.row_bytes - 4;
    // The word of all kernel rows; `of` gives it from a row inside the image.
    const auto put = [&](auto of) {
      int32_t* to = panel + i * 2 * panel_pixels;
      for (int32_t ky = 0; ky < layer.kernel_height; ++ky, to += row_step)
        put_quad(offsets[ky] == outside_image ? int32_t(padding) : of(base + offsets[ky]), to);
    };
    if (at <= -4 || at >= length)
      put([&](const int8_t*) { return int32_t(padding); });
    else if (length < 4)
      put([&](const int8_t* row) { return bytes_over_edge(row, length, at, padding); });
    else if (at >= 0 && at <= length - 4)
      put([&](const int8_t* row) { return load32(row + at); });
    else
      put([word = WordOverEdge(length, at, padding)](const int8_t* row) { return word.of(row); });
  }
  if (shape.rest == 0 || shape.repeats) return;
  const int8_t zero = int8_t(layer.in_zero_point);
  Gathered gathered{reinterpret_cast<int8_t*>(panel + words * layer.kernel_height * 2 * panel_pixels)};
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky)
    for (int32_t at = begin + shape.row_words * 4; at < begin + shape.row_bytes; ++at) {
      const bool inside = offsets[ky] != outside_image && at >= 0 && at < length;
      gathered.add<1>(inside ? base + offsets[ky] + at : &zero, 0);
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

// Pixels that wait in the panel until there are three of them.
struct Waiting {
  int32_t* panel;
  int8_t* at[panel_pixels] = {};
  int32_t count = 0;

  // Where the next pixel's words go.
  int32_t* next() const { return panel + count; }
  void add(int8_t* to) { at[count++] = to; }
  // All go; those that are missing have the place of the last that is there.
  PanelOut take() {
    const int8_t* const second = at[count > 1 ? 1 : 0];
    const int8_t* const third = at[count - 1];
    count = 0;
    return {at[0], int32_t(second - at[0]), int32_t(third - at[0])};
  }
};

template <DspForm form, class Layer>
THIMBLE_INLINE void conv2d(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                           void* scratch) {
  const auto shape = panel_of(layer);
  int32_t* const panel = static_cast<int32_t*>(scratch);
  int32_t* const offsets = panel + shape.quads * 2 * panel_pixels;
  const int8_t* const base = reinterpret_cast<const int8_t*>(in.base);
  const Product product = product_of<form>(layer, shape, panel);
  const int32_t next = layer.stride_x * layer.in_channels, step = layer.pixel_step;
  Waiting waiting{panel};
  for (int32_t y = y0; y < y1; ++y) {
    const bool rows_inside = find_rows(layer, in, y, offsets);
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y)) + layer.first;
    int8_t* const row_end = to + layer.out_width * step;
    const int32_t last_inside = rows_inside ? layer.in_width - layer.kernel_width : -1;
    int32_t x = -layer.pad_left;
    while (to != row_end) {
      if (waiting.count == 0 && x >= 0 && x + 2 * layer.stride_x <= last_inside && row_end - to >= 3 * step) {
        fill_three(layer, shape, base + x * layer.in_channels, next, offsets, panel);
        multiply_panel<form>(layer, product, {to, step, 2 * step});
        to += 3 * step;
        x += 3 * layer.stride_x;
        continue;
      }
      if (x >= 0 && x <= last_inside)
        fill_one(layer, shape, base + x * layer.in_channels, offsets, waiting.next());
      else
        fill_edge(layer, shape, base, offsets, x, waiting.next());
      waiting.add(to);
      if (waiting.count == panel_pixels) multiply_panel<form>(layer, product, waiting.take());
      to += step;
      x += layer.stride_x;
    }
  }
  if (waiting.count != 0) multiply_panel<form>(layer, product, waiting.take());
}

// Walks over the places of a run of output pixels, row by row.
class PixelPlaces {
 public:
  // `row_step` from one row's first pixel to the next's.
  PixelPlaces(int8_t* first, int32_t pixels_of_row, int32_t step, int32_t row_step)
      : to_(first),
        step_(step),
        gap_(row_step - pixels_of_row * step),
        of_row_(gap_ == 0 ? INT32_MAX : pixels_of_row),
        left_(of_row_) {}
  int8_t* next() {
    int8_t* const place = to_;
    to_ += step_;
    if (--left_ == 0) {
      to_ += gap_;
      left_ = of_row_;
    }
    return place;
  }
  THIMBLE_INLINE PanelOut next_three() {
    if (left_ > panel_pixels) {
      PanelOut out{to_, step_, 2 * step_};
      to_ += 3 * step_;
      left_ -= 3;
      return out;
    }
    int8_t* const first = next();
    const int32_t second = int32_t(next() - first);
    return {first, second, int32_t(next() - first)};
  }

 private:
  int8_t* to_;
  int32_t step_, gap_, of_row_, left_;  // rows without a gap are one
};

// Rows that follow each other in both views are one run of pixels. One or two pixels at the end of a run wait for the
// first of the next; only the last of the band go with less than three.
template <DspForm form, class Layer>
THIMBLE_INLINE void pointwise(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                              void* scratch) {
  const auto shape = panel_of(layer);
  int32_t* const panel = static_cast<int32_t*>(scratch);
  const int32_t channels = layer.in_channels;
  const Product product = product_of<form>(layer, shape, panel);
  const int32_t no_offset = 0;  // of the one kernel row
  Waiting waiting{panel};
  while (y0 < y1) {
    const int32_t in_row = int32_t(uint32_t(y0) % uint32_t(in.ring_rows));
    const int32_t out_row = int32_t(uint32_t(y0) % uint32_t(out.ring_rows));
    int32_t rows = y1 - y0;
    if (rows > in.ring_rows - in_row) rows = in.ring_rows - in_row;
    if (rows > out.ring_rows - out_row) rows = out.ring_rows - out_row;
    const int8_t* from = reinterpret_cast<const int8_t*>(in.base) + in_row * in.row_bytes;
    PixelPlaces places(reinterpret_cast<int8_t*>(out.base) + out_row * out.row_bytes + layer.first, layer.out_width,
                       layer.pixel_step, out.row_bytes);
    y0 += rows;
    for (int32_t pixels = rows * layer.out_width; pixels > 0;) {
      if (waiting.count == 0 && pixels >= panel_pixels) {
        fill_three(layer, shape, from, channels, &no_offset, panel);
        multiply_panel<form>(layer, product, places.next_three());
        from += 3 * channels;
        pixels -= 3;
        continue;
      }
      fill_one(layer, shape, from, &no_offset, waiting.next());
      waiting.add(places.next());
      if (waiting.count == panel_pixels) multiply_panel<form>(layer, product, waiting.take());
      from += channels;
      --pixels;
    }
  }
  if (waiting.count != 0) multiply_panel<form>(layer, product, waiting.take());
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
