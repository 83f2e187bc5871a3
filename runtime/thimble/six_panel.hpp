// The panel of conv_six, conv_long and conv_single: the values under the kernels of six pixels, two of them in each
// word, padding included.
#pragma once
#include <stdint.h>

#include "thimble/conv.hpp"
#include "thimble/stack.hpp"

namespace thimble {

// A word holds value a of one pixel and b of the next as a + unit*b.

// n values of two pixels into words, which lie three apart: the pairs of pixels interleave. Gives the
// place behind.
template <int32_t unit>
inline int32_t* six_join(const int8_t* a, const int8_t* b, int32_t n, int32_t* to) {
  for (; n >= 4; n -= 4, a += 4, b += 4, to += 12) {
    to[0] = a[0] + b[0] * unit;
    to[3] = a[1] + b[1] * unit;
    to[6] = a[2] + b[2] * unit;
    to[9] = a[3] + b[3] * unit;
  }
  for (; n > 0; --n, to += 3) *to = *a++ + *b++ * unit;
  return to;
}

// An output pixel and the rows under its kernel.
struct SixPixel {
  int32_t y, x;
  Taps rows;
  int32_t* offsets;
  int8_t* to;
  bool reads(int32_t ky) const { return ky >= rows.first && ky < rows.last; }
};

// Values in the order of a kernel, added to one part of each word.
struct SixPart {
  int32_t* to;
  int32_t unit;  // 1 for the first pixel
  void put(int32_t value) { *to += value * unit, to += 3; }
};

// The words of two pixels wherever they are. The kernel's rows and columns are gathered one by one: for the few that
// the others below do not take.
template <int32_t unit, class Shape>
__attribute__((noinline)) void six_gather(const Shape& s, const RowView& in, const SixPixel& a, const SixPixel& b,
                                          int32_t* panel) {
  for (int32_t k = 0; k < conv_depth(s); ++k) panel[3 * k] = 0;
  for (int32_t half = 0; half < 2; ++half) {
    const SixPixel& p = half == 0 ? a : b;
    gather_window(s, in, p.offsets, p.rows, p.x, SixPart{panel, half == 0 ? 1 : unit});
  }
}

// The words of two pixels of a row whose kernels lie inside the image but for rows above and below: 6 instructions
// each.
template <int32_t unit, class Shape>
__attribute__((noinline)) void six_inside(const Shape& s, const RowView& in, const SixPixel& a, const SixPixel& b,
                                          int32_t* panel) {
  const int32_t run = s.kernel_width * s.in_channels, apart = (b.x - a.x) * s.stride_x * s.in_channels;
  const int8_t* const from = reinterpret_cast<const int8_t*>(in.base) + (a.x * s.stride_x - s.pad_left) * s.in_channels;
  for (int32_t ky = 0; ky < s.kernel_height; ++ky) {
    if (a.reads(ky)) {
      panel = six_join<unit>(from + a.offsets[ky], from + a.offsets[ky] + apart, run, panel);
    } else {
      for (int32_t n = run; n > 0; --n, panel += 3) *panel = s.in_zero_point * (1 + unit);
    }
  }
}

// One value of each column at `from`, as the words of a kernel three wide. Columns serve several words.
template <int32_t pairs, int32_t unit>
inline void six_three_wide(const int8_t* const* from, int32_t* const* to, int32_t at) {
  constexpr int32_t columns = 2 * pairs + 2;
  int32_t value[columns];
#pragma GCC unroll 8
  for (int32_t j = 0; j < columns; ++j) value[j] = from[j][at];
#pragma GCC unroll 3
  for (int32_t pair = 0; pair < pairs; ++pair)
#pragma GCC unroll 3
    for (int32_t kx = 0; kx < 3; ++kx) {
      const int32_t j = 2 * pair + kx;
      to[kx][3 * at + pair] = value[j] + value[j + 1] * unit;
    }
}

// The words of 2*pairs neighbours in a row, the first `before` in front of `p`, for has_six_columns(): 4 to 5
// instructions each. A column outside the image is `outside`, one pixel of the zero point.
template <int32_t pairs, int32_t unit, class Shape>
__attribute__((noinline)) void six_columns(const Shape& s, const RowView& in, const int8_t* outside, const SixPixel& p,
                                           int32_t before, int32_t* panel) {
  constexpr int32_t columns = 2 * pairs + 2;
  const int32_t kernel_column = 3 * s.in_channels;
  for (int32_t ky = 0; ky < s.kernel_height; ++ky, panel += 3 * kernel_column) {
    forget_reads();
    const int32_t left = p.x - before - s.pad_left;
    const int8_t* const row = reinterpret_cast<const int8_t*>(in.base) + (p.reads(ky) ? p.offsets[ky] : 0);
    const int8_t* from[columns];
#pragma GCC unroll 8
    for (int32_t j = 0; j < columns; ++j) {
      const bool inside = p.reads(ky) && left + j >= 0 && left + j < s.in_width;
      from[j] = inside ? row + (left + j) * s.in_channels : outside;
    }
    int32_t* to[3] = {panel, panel + kernel_column, panel + 2 * kernel_column};
    int32_t n = s.in_channels;
    for (; n >= 2; n -= 2) {
      six_three_wide<pairs, unit>(from, to, 0);
      six_three_wide<pairs, unit>(from, to, 1);
#pragma GCC unroll 8
      for (int32_t j = 0; j < columns; ++j) from[j] += 2;
#pragma GCC unroll 3
      for (int32_t kx = 0; kx < 3; ++kx) to[kx] += 6;
    }
    if (n > 0) six_three_wide<pairs, unit>(from, to, 0);
  }
}

}  // namespace thimble
