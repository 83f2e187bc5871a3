// The loops of a depthwise convolution, the same for int8 and float: channel by channel along each row.
#pragma once
#include <stdint.h>

#include "thimble/conv_window.hpp"
#include "thimble/rows.hpp"

namespace thimble {

// One output row of one channel. Neighbours in a row of the image are in_channels elements apart, in a row of the
// result out_channels.
template <class Element, class Sum>
struct DepthwiseRow {
  const uint8_t* base;     // the channel in the row at offset 0
  const int32_t* offsets;  // of the rows under the kernel, in bytes
  Taps rows;               // those inside the image; the others have no offset
  const Element* weights;  // [kernel_height][kernel_width]
  Element* to;             // the channel in the result's row
  Sum pad;                 // value of the padding
  Sum sum;                 // the bias, and what the rows outside the image add
  const Element* row(int32_t ky) const { return reinterpret_cast<const Element*>(base + offsets[ky]); }
};

// Any kernel, columns [first, last).
template <class Element, class Sum, class Shape, class Channel>
inline void depthwise_columns(const Shape& s, const DepthwiseRow<Element, Sum>& r, const Channel& channel,
                              int32_t first, int32_t last) {
  const int32_t step = s.dilation_x * s.in_channels;
  for (int32_t x = first; x < last; ++x) {
    const int32_t left = x * s.stride_x - s.pad_left;
    const Taps columns = taps_inside(left, s.dilation_x, s.kernel_width, s.in_width);
    Sum sum = r.sum;
    for (int32_t ky = r.rows.first; ky < r.rows.last; ++ky) {
      const Element* w = r.weights + ky * s.kernel_width;
      const Element* from = r.row(ky) + left * s.in_channels + columns.first * step;
      int32_t kx = 0;
      for (; kx < columns.first; ++kx) sum += r.pad * w[kx];
      for (; kx < columns.last; ++kx, from += step) sum += *from * w[kx];
      for (; kx < s.kernel_width; ++kx) sum += r.pad * w[kx];
    }
    r.to[x * s.out_channels] = channel.finish(sum);
  }
}

// Weights of one 3x3 kernel as depthwise_3x3 applies them: to three neighbouring columns inside the image, from
// `column` on, and to rows of which some may be outside.
template <class Sum>
struct Moved3x3 {
  Sum w[9];
  Sum sum;         // the row's, and what the columns outside the image add
  int32_t column;  // leftmost column read
};

// The kernel at a column of the image from -2 to in_width - 1. A weight outside the image is moved into the sum, and
// those inside take the places of the three columns that are read.
template <class Element, class Sum, class Shape>
inline Moved3x3<Sum> moved_3x3(const Shape& s, const DepthwiseRow<Element, Sum>& r, int32_t left) {
  Moved3x3<Sum> m{{}, r.sum, left};
  if (left < 0) m.column = 0;
  if (left > s.in_width - 3) m.column = s.in_width - 3;
  for (int32_t ky = r.rows.first; ky < r.rows.last; ++ky)
    for (int32_t kx = 0; kx < 3; ++kx) {
      const int32_t ix = left + kx;
      const Sum w = r.weights[3 * ky + kx];
      if (ix >= 0 && ix < s.in_width)
        m.w[3 * ky + ix - m.column] = w;
      else
        m.sum += r.pad * w;
    }
  return m;
}

// Columns [x, last) with moved weights. The nine weights stay in registers where there are as many: a result costs nine
// loads and nine products. A row outside the image reads another one, with weights of zero.
template <class Element, class Sum, class Shape, class Channel>
inline void depthwise_3x3(const Shape& s, const DepthwiseRow<Element, Sum>& r, const Channel& channel,
                          const Moved3x3<Sum>& m, int32_t x, int32_t last) {
  const int32_t pixel = s.in_channels, step = s.stride_x * pixel, start = m.column * pixel;
  const auto row = [&](int32_t ky) {
    return r.row(ky < r.rows.first || ky >= r.rows.last ? r.rows.first : ky) + start;
  };
  const Element *a = row(0), *b = row(1), *c = row(2);
  const Sum w0 = m.w[0], w1 = m.w[1], w2 = m.w[2], w3 = m.w[3], w4 = m.w[4], w5 = m.w[5], w6 = m.w[6], w7 = m.w[7],
            w8 = m.w[8], bias = m.sum;
  Element* to = r.to + x * s.out_channels;
  for (; x < last; ++x, a += step, b += step, c += step, to += s.out_channels)
    *to = channel.finish(bias + a[0] * w0 + a[pixel] * w1 + a[2 * pixel] * w2 + b[0] * w3 + b[pixel] * w4 +
                         b[2 * pixel] * w5 + c[0] * w6 + c[pixel] * w7 + c[2 * pixel] * w8);
}

// Zero weights stand for what lies outside the image: only where numbers are finite, so for integers.
template <class Element, class Sum, class Shape, class Channel>
inline void depthwise_row(const Shape& s, const DepthwiseRow<Element, Sum>& r, const Channel& channel, Taps interior) {
  constexpr bool integers = sizeof(Element) == 1;
  const bool three =
      s.kernel_height == 3 && s.kernel_width == 3 && s.dilation_x == 1 && s.in_width >= 3 && r.rows.first < r.rows.last;
  const int32_t rightmost = (s.out_width - 1) * s.stride_x - s.pad_left;
  if (three && integers && s.pad_left < 3 && rightmost < s.in_width) {
    for (int32_t x = 0; x < s.out_width; ++x) {
      const int32_t last = x == interior.first && x < interior.last ? interior.last : x + 1;
      depthwise_3x3(s, r, channel, moved_3x3(s, r, x * s.stride_x - s.pad_left), x, last);
      x = last - 1;
    }
    return;
  }
  if (three && r.rows.first == 0 && r.rows.last == 3 && interior.first < interior.last) {
    depthwise_columns(s, r, channel, 0, interior.first);
    depthwise_3x3(s, r, channel, moved_3x3(s, r, interior.first * s.stride_x - s.pad_left), interior.first,
                  interior.last);
    depthwise_columns(s, r, channel, interior.last, s.out_width);
    return;
  }
  depthwise_columns(s, r, channel, 0, s.out_width);
}

// Output rows [y0, y1). `channels(m)` gives output channel m's bias and finish(sum).
template <class Element, class Sum, class Shape, class Channels>
inline void depthwise_rows(const Shape& s, const Element* weights, Sum pad, const Channels& channels, const RowView& in,
                           const RowRing& out, int32_t y0, int32_t y1, int32_t* offsets) {
  const Taps interior = interior_columns(s);
  const int32_t taps = s.kernel_height * s.kernel_width;
  for (int32_t y = y0; y < y1; ++y) {
    const Taps inside = rows_under(s, in, y, offsets);
    DepthwiseRow<Element, Sum> r{in.base, offsets, inside, weights, reinterpret_cast<Element*>(out.row(y)), pad, 0};
    for (int32_t m = 0; m < s.out_channels; r.base += sizeof(Element))
      for (int32_t copy = 0; copy < s.group_out_channels; ++copy, ++m, ++r.to, r.weights += taps) {
        const auto channel = channels(m);
        r.sum = channel.bias;
        for (int32_t k = 0; k < inside.first * s.kernel_width; ++k) r.sum += pad * r.weights[k];
        for (int32_t k = inside.last * s.kernel_width; k < taps; ++k) r.sum += pad * r.weights[k];
        depthwise_row(s, r, channel, interior);
      }
  }
}

}  // namespace thimble
