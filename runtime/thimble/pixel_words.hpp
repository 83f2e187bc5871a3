// Dense int8 convolutions for cores without SIMD: the glue around kernels that take some pixels at a time, two of them
// in each word of a panel.
#pragma once
#include <stdint.h>

#include "thimble/conv.hpp"
#include "thimble/runs.hpp"

namespace thimble {

// What a kernel's `Pixels` has to have:
//   words   words of the panel for each value under the kernel: of the pixels 0 and 1, 2 and 3 ...
//   unit    a word holds value a of the first pixel and b of the second as a + unit*b
//   panel   where the words lie
//   to      for each pixel where its results lie; the same place twice where there are less pixels

// n values of two pixels into words of a panel. Gives the place behind.
template <class Pixels>
inline int32_t* join_words(const int8_t* a, const int8_t* b, int32_t n, int32_t* to) {
  constexpr int32_t words = Pixels::words, unit = Pixels::unit;
  for (; n >= 4; n -= 4, a += 4, b += 4, to += 4 * words) {
    to[0] = a[0] + b[0] * unit;
    to[words] = a[1] + b[1] * unit;
    to[2 * words] = a[2] + b[2] * unit;
    to[3 * words] = a[3] + b[3] * unit;
  }
  for (; n > 0; --n, to += words) *to = *a++ + *b++ * unit;
  return to;
}

// Values in the order of a kernel: the first pixel of a pair sets the words, the second is added.
template <class Pixels>
struct FirstOfWords {
  int32_t* to;
  void put(int32_t value) { *to = value, to += Pixels::words; }
};
template <class Pixels>
struct SecondOfWords {
  int32_t* to;
  void put(int32_t value) { *to += value * Pixels::unit, to += Pixels::words; }
};

// An output pixel and the rows under its kernel.
struct WindowPixel {
  int32_t y, x;
  Taps rows;
  int32_t* offsets;
  int8_t* to;
};

// The words of two pixels, padding included.
template <class Pixels, class Shape>
inline void window_words(const Shape& s, const RowView& in, Taps interior, const WindowPixel& a, const WindowPixel& b,
                         int32_t* panel) {
  if (a.x < interior.first || b.x >= interior.last || a.y != b.y) {
    gather_window(s, in, a.offsets, a.rows, a.x, FirstOfWords<Pixels>{panel});
    gather_window(s, in, b.offsets, b.rows, b.x, SecondOfWords<Pixels>{panel});
    return;
  }
  const int32_t run = s.kernel_width * s.in_channels, apart = (b.x - a.x) * s.stride_x * s.in_channels;
  const int8_t* const from = reinterpret_cast<const int8_t*>(in.base) + (a.x * s.stride_x - s.pad_left) * s.in_channels;
  for (int32_t ky = 0; ky < s.kernel_height; ++ky) {
    if (ky >= a.rows.first && ky < a.rows.last) {
      panel = join_words<Pixels>(from + a.offsets[ky], from + a.offsets[ky] + apart, run, panel);
    } else {
      for (int32_t n = run; n > 0; --n, panel += Pixels::words) *panel = s.in_zero_point * (1 + Pixels::unit);
    }
  }
}

// Any kernel, dilation, stride and pads. Pixels are taken in order, across the ends of rows. Calls product() for each
// panel of `pixels`. Scratch: two tables of row offsets, and the panel.
template <class Pixels, class Shape, class Product>
inline void conv2d_words(const Shape& c, Pixels& pixels, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                         void* scratch, Product product) {
  int32_t* const tables = static_cast<int32_t*>(scratch);  // of row offsets: two rows' in turn
  int32_t* const panel = tables + 2 * c.kernel_height;
  const Taps interior = c.dilation_x == 1 ? interior_columns(c) : Taps{0, 0};
  pixels.panel = panel;

  WindowPixel next{y0 - 1, c.out_width - 1, {0, 0}, tables, nullptr};
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
  for (int32_t left = (y1 - y0) * c.out_width; left > 0;) {
    for (int32_t pair = 0; pair < Pixels::words; ++pair) {
      if (left-- > 0) advance();
      const WindowPixel a = next;
      if (left-- > 0) advance();
      window_words<Pixels>(c, in, interior, a, next, panel + pair);
      pixels.to[2 * pair] = a.to;
      pixels.to[2 * pair + 1] = next.to;
    }
    product();
  }
}

// 1x1, stride 1, no pads: is_pointwise(). Exact in place when out_channels <= in_channels: the pixels are read before
// they are written. Scratch: the panel.
template <class Pixels, class Shape, class Product>
inline void pointwise_words(const Shape& c, Pixels& pixels, const RowView& in, const RowRing& out, int32_t y0,
                            int32_t y1, void* scratch, Product product) {
  int32_t* const panel = static_cast<int32_t*>(scratch);
  pixels.panel = panel;
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* q, const uint8_t* x) {
        int8_t* to = reinterpret_cast<int8_t*>(q);
        const int8_t* from = reinterpret_cast<const int8_t*>(x);
        const int8_t* const last = from + (rows * c.out_width - 1) * c.in_channels;
        while (from <= last) {
          for (int32_t pair = 0; pair < Pixels::words; ++pair) {
            const int8_t* const a = from > last ? last : from;
            const int8_t* const b = from >= last ? last : from + c.in_channels;
            pixels.to[2 * pair] = from > last ? to - c.out_channels : to;
            if (from <= last) from += c.in_channels, to += c.out_channels;
            pixels.to[2 * pair + 1] = from > last ? to - c.out_channels : to;
            if (from <= last) from += c.in_channels, to += c.out_channels;
            join_words<Pixels>(a, b, c.in_channels, panel + pair);
          }
          product();
        }
      },
      out, in);
}

}  // namespace thimble
