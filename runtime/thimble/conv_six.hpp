// Dense int8 convolutions over bands of rows, six pixels at a time in the halves of three words.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32_six.hpp"
#include "thimble/conv.hpp"
#include "thimble/conv_six.pack.hpp"
#include "thimble/runs.hpp"

namespace thimble {

// Words of a panel lie three apart: the pairs of pixels interleave.
// n values of two pixels into the halves of words. Gives the place behind.
inline int32_t* six_join(const int8_t* a, const int8_t* b, int32_t n, int32_t* to) {
  for (; n >= 4; n -= 4, a += 4, b += 4, to += 12) {
    to[0] = a[0] + b[0] * 65536;
    to[3] = a[1] + b[1] * 65536;
    to[6] = a[2] + b[2] * 65536;
    to[9] = a[3] + b[3] * 65536;
  }
  for (; n > 0; --n, to += 3) *to = *a++ + *b++ * 65536;
  return to;
}

// Values in the order of a kernel: the first pixel of a pair sets the words, the second is added to the upper halves.
struct SixFirst {
  int32_t* to;
  void put(int32_t value) { *to = value, to += 3; }
};
struct SixSecond {
  int32_t* to;
  void put(int32_t value) { *to += value * 65536, to += 3; }
};

// An output pixel and the rows under its kernel.
struct SixPixel {
  int32_t y, x;
  Taps rows;
  int32_t* offsets;
  int8_t* to;
};

// The words of two pixels, padding included.
template <class Shape>
inline void six_pair(const Shape& s, const RowView& in, Taps interior, const SixPixel& a, const SixPixel& b,
                     int32_t* panel) {
  if (a.x < interior.first || b.x >= interior.last || a.y != b.y) {
    gather_window(s, in, a.offsets, a.rows, a.x, SixFirst{panel});
    gather_window(s, in, b.offsets, b.rows, b.x, SixSecond{panel});
    return;
  }
  const int32_t run = s.kernel_width * s.in_channels, apart = (b.x - a.x) * s.stride_x * s.in_channels;
  const int8_t* const from = reinterpret_cast<const int8_t*>(in.base) + (a.x * s.stride_x - s.pad_left) * s.in_channels;
  for (int32_t ky = 0; ky < s.kernel_height; ++ky) {
    if (ky >= a.rows.first && ky < a.rows.last) {
      panel = six_join(from + a.offsets[ky], from + a.offsets[ky] + apart, run, panel);
    } else {
      for (int32_t n = run; n > 0; --n, panel += 3) *panel = s.in_zero_point * 65537;
    }
  }
}

template <class Shape>
inline SixPixels six_stage(const ConvSix<Shape>& c, int32_t* panel) {
  SixPixels p{};
  p.panel = panel;
  p.weights = c.weights;
  p.channels_end = c.channels + six_pairs(c.out_channels) * six_channel_words;
  p.offset = c.offset;
  p.shift = c.shift;
  p.low = c.low;
  p.high = c.high;
  return p;
}

// Dense, any kernel, dilation, stride and pads. Pixels are taken in order, across the ends of rows. Scratch:
// conv2d_six_scratch_bytes().
template <class Shape>
void conv2d_six(const ConvSix<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
  int32_t* const tables = static_cast<int32_t*>(scratch);  // of row offsets: two rows' in turn
  int32_t* const panel = tables + 2 * c.kernel_height;
  const Taps interior = c.dilation_x == 1 ? interior_columns(c) : Taps{0, 0};
  SixPixels pixels = six_stage(c, panel);

  SixPixel next{y0 - 1, c.out_width - 1, {0, 0}, tables, nullptr};
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
    for (int32_t pair = 0; pair < 3; ++pair) {
      if (left-- > 0) advance();
      const SixPixel a = next;
      if (left-- > 0) advance();
      six_pair(c, in, interior, a, next, panel + pair);
      pixels.to[2 * pair] = a.to;
      pixels.to[2 * pair + 1] = next.to;
    }
    pixels.channels = c.channels;
    six_pixels(pixels);
  }
}

// Dense, 1x1, stride 1, no pads: is_pointwise(). Exact in place when out_channels <= in_channels: six pixels are read
// before they are written. Scratch: six_panel_bytes().
template <class Shape>
void pointwise_six(const ConvSix<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                   void* scratch) {
  int32_t* const panel = static_cast<int32_t*>(scratch);
  SixPixels pixels = six_stage(c, panel);
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* q, const uint8_t* x) {
        int8_t* to = reinterpret_cast<int8_t*>(q);
        const int8_t* from = reinterpret_cast<const int8_t*>(x);
        const int8_t* const last = from + (rows * c.out_width - 1) * c.in_channels;
        while (from <= last) {
          for (int32_t pair = 0; pair < 3; ++pair) {
            const int8_t* const a = from > last ? last : from;
            const int8_t* const b = from >= last ? last : from + c.in_channels;
            pixels.to[2 * pair] = from > last ? to - c.out_channels : to;
            if (from <= last) from += c.in_channels, to += c.out_channels;
            pixels.to[2 * pair + 1] = from > last ? to - c.out_channels : to;
            if (from <= last) from += c.in_channels, to += c.out_channels;
            six_join(a, b, c.in_channels, panel + pair);
          }
          pixels.channels = c.channels;
          six_pixels(pixels);
        }
      },
      out, in);
}

}  // namespace thimble
