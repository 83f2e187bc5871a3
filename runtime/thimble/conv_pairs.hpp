// Dense int8 convolutions over bands of rows, two pixels at a time in the halves of one word.
#pragma once
#include <stdint.h>

#include "thimble/conv.hpp"
#include "thimble/conv_pairs.pack.hpp"
#include "thimble/runs.hpp"

namespace thimble {

// The results of n channels of two pixels; `sums` holds both pixels' sums of a channel in turn. Out of the product's
// way: its registers hold sums.
__attribute__((noinline)) inline void store_pairs(const int32_t* sums, const int32_t* channels, int32_t n,
                                                  const OutputStage& stage, int8_t* first, int8_t* second) {
  const Requantizer stored(stage);
  for (const int32_t* const end = channels + 2 * n; channels != end; channels += 2, sums += 2) {
    const int32_t bias = channels[0], multiplier = channels[1];
    *second++ = int8_t(stored(sums[1] + bias, multiplier));
    *first++ = int8_t(stored(sums[0] + bias, multiplier));
  }
}

// `Block` output channels of two pixels. `panel` holds `steps` times two words. For each channel, `all` sums the words
// t of weights_pair() and `upper` their upper halves, which is the second pixel's sum; what is left of `all`, less
// 32768 a step, is the first pixel's. A step costs two loads for the pixels and for each channel two loads, two
// multiplies and five additions or shifts, for four products.
template <int32_t Block>
inline const int8_t* pair_products(const int32_t* panel, int32_t steps, const int8_t* w, const int32_t* channels,
                                   const OutputStage& stage, int8_t* first, int8_t* second) {
  uint32_t all[Block] = {};
  int32_t upper[Block] = {};
  for (const int32_t* const end = panel + 2 * steps; panel != end; panel += 2, w += 2 * Block) {
    const int32_t a = panel[0], c = panel[1];
#pragma GCC unroll 4
    for (int32_t b = 0; b < Block; ++b) {
      const int32_t t = w[2 * b] * a + w[2 * b + 1] * c + 32768;
      all[b] += uint32_t(t);
      upper[b] += t >> 16;
    }
  }
  int32_t sums[2 * Block];
#pragma GCC unroll 4
  for (int32_t b = 0; b < Block; ++b) {
    sums[2 * b] = int32_t(all[b] - (uint32_t(upper[b]) << 16) - (uint32_t(steps) << 15));
    sums[2 * b + 1] = upper[b];
  }
  store_pairs(sums, channels, Block, stage, first, second);
  return w;
}

// All output channels of two pixels. One pixel alone is passed twice: `first` == `second`.
template <class Shape>
inline void pair_pixels(const ConvPairs<Shape>& c, const OutputStage& stage, const int32_t* panel, int8_t* first,
                        int8_t* second) {
  const int32_t steps = pair_depth(c) / 2;
  const int8_t* w = c.weights;
  const int32_t* channels = c.channels;
  int32_t left = c.out_channels;
  for (; left >= pair_block; left -= pair_block) {
    w = pair_products<pair_block>(panel, steps, w, channels, stage, first, second);
    channels += 2 * pair_block;
    first += pair_block;
    second += pair_block;
  }
  for (; left > 0; --left, channels += 2) w = pair_products<1>(panel, steps, w, channels, stage, first++, second++);
}

// n values of two pixels into the halves of words. Gives the place behind.
inline int32_t* join_values(const int8_t* a, const int8_t* b, int32_t n, int32_t* to) {
  for (; n >= 4; n -= 4, a += 4, b += 4, to += 4) {
    to[0] = a[0] + b[0] * 65536;
    to[1] = a[1] + b[1] * 65536;
    to[2] = a[2] + b[2] * 65536;
    to[3] = a[3] + b[3] * 65536;
  }
  for (; n > 0; --n) *to++ = *a++ + *b++ * 65536;
  return to;
}

// Values in the order of a kernel, added to one half of each word.
struct HalfValues {
  int32_t* to;
  int32_t unit;  // 1 or 65536
  void put(int32_t value) { *to++ += value * unit; }
};

// An output pixel and the rows under its kernel.
struct PairPixel {
  int32_t y, x;
  Taps rows;
  int32_t* offsets;
  int8_t* to;
};

// The words of two pixels, padding included.
template <class Shape>
inline void pair_panel(const Shape& s, const RowView& in, Taps interior, const PairPixel& a, const PairPixel& b,
                       int32_t* panel) {
  if (a.x < interior.first || b.x >= interior.last || a.y != b.y) {
    for (int32_t k = 0; k < conv_depth(s); ++k) panel[k] = 0;
    gather_window(s, in, a.offsets, a.rows, a.x, HalfValues{panel, 1});
    gather_window(s, in, b.offsets, b.rows, b.x, HalfValues{panel, 65536});
    return;
  }
  const int32_t run = s.kernel_width * s.in_channels, apart = (b.x - a.x) * s.stride_x * s.in_channels;
  const int8_t* const from = reinterpret_cast<const int8_t*>(in.base) + (a.x * s.stride_x - s.pad_left) * s.in_channels;
  for (int32_t ky = 0; ky < s.kernel_height; ++ky) {
    if (ky >= a.rows.first && ky < a.rows.last) {
      panel = join_values(from + a.offsets[ky], from + a.offsets[ky] + apart, run, panel);
    } else {
      for (int32_t n = run; n > 0; --n) *panel++ = s.in_zero_point * 65537;
    }
  }
}

// Dense, any kernel, dilation, stride and pads. The odd last pixel of a row pairs with the first of the next. Scratch:
// conv2d_pairs_scratch_bytes().
template <class Shape>
void conv2d_pairs(const ConvPairs<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                  void* scratch) {
  const OutputStage stage = output_stage(c);
  int32_t* const tables = static_cast<int32_t*>(scratch);  // of row offsets: two rows' in turn
  int32_t* const panel = tables + 2 * c.kernel_height;
  const Taps interior = c.dilation_x == 1 ? interior_columns(c) : Taps{0, 0};
  panel[pair_depth(c) - 1] = 0;  // stays so when the depth is odd

  PairPixel next{y0 - 1, c.out_width - 1, {0, 0}, tables, nullptr};
  const auto advance = [&] {
    if (++next.x < c.out_width) {
      next.to += c.out_channels;
      return;
    }
    next.x = 0;
    ++next.y;
    next.offsets = tables + ((next.y & 1) != 0 ? c.kernel_height : 0);
    next.rows = rows_under(c, in, next.y, next.offsets);
    next.to = reinterpret_cast<int8_t*>(out.row(next.y));
  };
  for (int32_t left = (y1 - y0) * c.out_width; left > 0; left -= 2) {
    advance();
    const PairPixel a = next;
    if (left > 1) advance();
    pair_panel(c, in, interior, a, next, panel);
    pair_pixels(c, stage, panel, a.to, next.to);
  }
}

// Dense, 1x1, stride 1, no pads: is_pointwise(). Exact in place when out_channels <= in_channels: two pixels are read
// before they are written. Scratch: pointwise_pairs_scratch_bytes().
template <class Shape>
void pointwise_pairs(const ConvPairs<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                     void* scratch) {
  const OutputStage stage = output_stage(c);
  int32_t* const panel = static_cast<int32_t*>(scratch);
  panel[pair_depth(c) - 1] = 0;  // stays so when the depth is odd
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* q, const uint8_t* x) {
        int8_t* to = reinterpret_cast<int8_t*>(q);
        const int8_t* from = reinterpret_cast<const int8_t*>(x);
        for (int32_t left = rows * c.out_width; left > 0; left -= 2) {
          const int32_t other = left > 1 ? 1 : 0;
          join_values(from, from + other * c.in_channels, c.in_channels, panel);
          pair_pixels(c, stage, panel, to, to + other * c.out_channels);
          from += 2 * c.in_channels;
          to += 2 * c.out_channels;
        }
      },
      out, in);
}

}  // namespace thimble
