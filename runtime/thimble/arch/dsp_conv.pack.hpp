// Convolutions for cores with the DSP extension: their constants, when they may be used, how weights are packed.
// Results equal requantize() of the exact sum bit for bit. A kernel reads nothing outside the rows of its input.
#pragma once
#include <stdint.h>

#include "thimble/arch/dsp_form.pack.hpp"
#include "thimble/band.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// Geometry and output stage. dilation is 1 along x; groups are 1.
struct ConvDspShape {
  static constexpr bool fixed = false;
  int32_t in_height, in_width, in_channels;
  int32_t out_width, out_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_y, stride_x;
  int32_t pad_top, pad_left;  // rows and columns of padding before the input; those behind follow from the sizes
  int32_t dilation_y;         // input rows between two rows of the kernel
  int32_t in_zero_point;      // value of the padding
  // Where channel c of pixel x lies in an output row: first + x * pixel_step + c * channel_step. NHWC: 0, out_channels,
  // 1. Planes: border, 1, out_width + border.
  int32_t first, pixel_step, channel_step;
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // OutputStage
};

template <class Shape>
struct ConvDsp : Shape {
  using ShapeType = Shape;
  const int32_t* weights;  // pack_conv_dsp
};

// How the values under the kernel lie in the panel. A kernel row is kernel_width * in_channels consecutive bytes, read
// as whole words. The rest of 1 to 3 bytes is either one more word that ends with the row (it repeats bytes, which meet
// zero weights), or, where that makes fewer quads, gathered with the other rows' rests.
struct DspPanel {
  int32_t row_bytes, row_words;  // words without the rest
  int32_t rest;                  // bytes of the rest
  bool repeats;                  // the rest is a word of its own
  int32_t quads;
  constexpr int32_t words_per_row() const { return row_words + (repeats ? 1 : 0); }
};

template <class Shape>
constexpr DspPanel dsp_panel(const Shape& s) {
  DspPanel p{};
  p.row_bytes = s.kernel_width * s.in_channels;
  p.row_words = p.row_bytes / 4;
  p.rest = p.row_bytes % 4;
  const int32_t gathered = (p.rest * s.kernel_height + 3) / 4;
  p.repeats = p.rest > 0 && p.row_words > 0 && s.kernel_height <= gathered;
  p.quads = s.kernel_height * p.row_words + (p.repeats ? s.kernel_height : gathered);
  return p;
}

// Index in [kernel_height][kernel_width][in_channels] of byte `element` (0 to 3) of quad `quad`; -1: its weight is
// zero.
constexpr int32_t dsp_panel_source(const DspPanel& p, int32_t kernel_height, int32_t quad, int32_t element) {
  const int32_t words = p.words_per_row();
  if (quad < kernel_height * words) {
    const int32_t row = quad / words, word = quad % words;
    if (word < p.row_words) return row * p.row_bytes + word * 4 + element;
    const int32_t byte = p.row_bytes - 4 + element;
    return byte < p.row_words * 4 ? -1 : row * p.row_bytes + byte;
  }
  // Gathered bytes lie in the order of the panel's halves, which is 0 2 1 3.
  const int32_t half = element == 1 ? 2 : element == 2 ? 1 : element;
  const int32_t n = (quad - kernel_height * words) * 4 + half;
  if (n >= p.rest * kernel_height) return -1;
  return n / p.rest * p.row_bytes + p.row_words * 4 + n % p.rest;
}

// Rows that may lie outside the image are noted as this offset.
constexpr int32_t outside_image = -1;

// Scratch of one call: the panel of three pixels, for more than one pixel's kernel the offsets of the rows under it
// too.
template <class Shape>
constexpr int32_t pointwise_dsp_scratch_bytes(const Shape& s) {
  return dsp_panel(s).quads * 24;
}
template <class Shape>
constexpr int32_t conv_dsp_scratch_bytes(const Shape& s) {
  return pointwise_dsp_scratch_bytes(s) + s.kernel_height * 4;
}
// conv2d_small_dsp: a kernel row besides.
template <class Shape>
constexpr int32_t conv_small_dsp_scratch_bytes(const Shape& s) {
  return conv_dsp_scratch_bytes(s) + dsp_panel(s).row_bytes;
}

template <class Shape>
constexpr BandContract conv_dsp_contract(const Shape& s) {
  BandContract c;
  c.window = (s.kernel_height - 1) * s.dilation_y + 1;
  c.stride = s.stride_y;
  c.pad_top = s.pad_top;
  c.pairs_pixels = true;
  return c;
}

// --- packing ---
// For each pair of channels: bias of a, bias of b (shared halves: of a + 256*b), two words for each quad, multipliers
// of a and b. An odd last channel is paired with zeros.
constexpr int32_t conv_dsp_pair_words = 4;  // beside the quads'
constexpr int32_t packed_conv_dsp_words(int32_t quads, int32_t out_channels) {
  return (out_channels + 1) / 2 * (quads * 2 + conv_dsp_pair_words);
}

// weights: [out_channels][kernel_height][kernel_width][in_channels].
template <class Shape>
constexpr void pack_conv_dsp(const Shape& s, DspForm form, const int8_t* weights, const int32_t* bias,
                             const int32_t* multipliers, int32_t* packed) {
  const DspPanel panel = dsp_panel(s);
  const int64_t count = int64_t(s.kernel_height) * panel.row_bytes;
  for (int32_t c = 0; c < s.out_channels; c += 2) {
    const bool paired = c + 1 < s.out_channels;
    const int32_t bias_b = paired ? bias[c + 1] : 0;
    *packed++ = bias[c];
    *packed++ = form == DspForm::plain ? bias_b : int32_t(uint32_t(bias[c]) + 256u * uint32_t(bias_b));
    for (int32_t q = 0; q < panel.quads; ++q) {
      int32_t a[4] = {}, b[4] = {};
      for (int32_t e = 0; e < 4; ++e) {
        const int32_t k = dsp_panel_source(panel, s.kernel_height, q, e);
        if (k < 0) continue;
        a[e] = weights[c * count + k];
        if (paired) b[e] = weights[(c + 1) * count + k];
      }
      if (form == DspForm::plain) {
        *packed++ = word_of_bytes(a);
        *packed++ = word_of_bytes(b);
      } else {
        *packed++ = word_of_halves(shared_half(a[0], b[0]), shared_half(a[2], b[2]));
        *packed++ = word_of_halves(shared_half(a[1], b[1]), shared_half(a[3], b[3]));
      }
    }
    *packed++ = multipliers[c];
    *packed++ = paired ? multipliers[c + 1] : 0;
  }
}

}  // namespace thimble
