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
inline void depthwise_columns(const Shape& s, const DepthwiseRow<Element, Sum>& r, const Channel& shared, int32_t first,
                              int32_t last) {
  const Channel channel = shared;  // its members in registers
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

// A column of three values, times one column of the kernel.
template <class Element, class Sum>
struct Column3 {
  Sum a, b, c;  // weights
  Sum of(const Element* top, const Element* middle, const Element* bottom) const {
    return *top * a + *middle * b + *bottom * c;
  }
  Sum of_padding(Sum pad) const { return pad == 0 ? Sum(0) : pad * (a + b + c); }
};

// A 3x3 kernel with at most one column of padding on each side, dilation 1 along x. A row outside the image reads
// another one, with weights of zero: only where numbers are finite, so for integers.
template <class Element, class Sum, class Shape, class Channel>
inline void depthwise_3x3(const Shape& s, const DepthwiseRow<Element, Sum>& r, const Channel& shared) {
  const Channel channel = shared;  // its members in registers
  const int32_t pixel = s.in_channels, out_pixel = s.out_channels;
  const auto inside = [&](int32_t ky) { return ky >= r.rows.first && ky < r.rows.last; };
  const Element* a = r.row(inside(0) ? 0 : r.rows.first);
  const Element* b = r.row(inside(1) ? 1 : r.rows.first);
  const Element* c = r.row(inside(2) ? 2 : r.rows.first);
  const auto column = [&](int32_t kx) {
    return Column3<Element, Sum>{inside(0) ? Sum(r.weights[kx]) : Sum(0), inside(1) ? Sum(r.weights[3 + kx]) : Sum(0),
                                 inside(2) ? Sum(r.weights[6 + kx]) : Sum(0)};
  };
  const Column3<Element, Sum> first = column(0), second = column(1), third = column(2);
  const Sum bias = r.sum;
  Element* to = r.to;
  Element* const end = to + s.out_width * out_pixel;
  const bool padded_right = (s.out_width - 1) * s.stride_x - s.pad_left + 3 > s.in_width;
  Element* const inner_end = padded_right ? end - out_pixel : end;
  if (s.stride_x == 1) {
    // Each column of the image is read once: it ends one result, and is the middle of the next and the start of a
    // third.
    Sum two, one;  // of the next result: the sum of its first two columns; and of the one after: of its first
    if (s.pad_left != 0) {
      one = bias + first.of_padding(r.pad);
    } else {
      one = bias + first.of(a, b, c);
      a += pixel, b += pixel, c += pixel;
    }
    two = one + second.of(a, b, c);
    one = bias + first.of(a, b, c);
    for (; to != inner_end; to += out_pixel) {
      a += pixel, b += pixel, c += pixel;
      *to = channel.finish(two + third.of(a, b, c));
      two = one + second.of(a, b, c);
      one = bias + first.of(a, b, c);
    }
    if (padded_right) *to = channel.finish(two + third.of_padding(r.pad));
    return;
  }
  const int32_t step = s.stride_x * pixel;
  if (s.pad_left != 0) {
    const int32_t next = s.in_width > 1 ? pixel : 0;
    *to = channel.finish(bias + first.of_padding(r.pad) + second.of(a, b, c) + third.of(a + next, b + next, c + next));
    to += out_pixel;
    a += step - pixel, b += step - pixel, c += step - pixel;
  }
  for (; to < inner_end; to += out_pixel, a += step, b += step, c += step)
    *to = channel.finish(bias + first.of(a, b, c) + second.of(a + pixel, b + pixel, c + pixel) +
                         third.of(a + 2 * pixel, b + 2 * pixel, c + 2 * pixel));
  if (to < end)
    *to =
        channel.finish(bias + first.of(a, b, c) + second.of(a + pixel, b + pixel, c + pixel) + third.of_padding(r.pad));
}

// Whether depthwise_3x3 can make a row.
template <class Element, class Shape>
inline bool takes_3x3(const Shape& s, Taps rows) {
  const bool all_rows = rows.first == 0 && rows.last == 3, integers = sizeof(Element) == 1;
  const int32_t right = (s.out_width - 1) * s.stride_x - s.pad_left + 3;
  return s.kernel_height == 3 && s.kernel_width == 3 && s.dilation_x == 1 && s.pad_left <= 1 && s.in_width >= 3 &&
         right <= s.in_width + 1 && (all_rows || (integers && rows.first < rows.last));
}

// Output rows [y0, y1). `channels(m)` gives output channel m's bias and finish(sum).
template <class Element, class Sum, class Shape, class Channels>
inline void depthwise_rows(const Shape& s, const Element* weights, Sum pad, const Channels& channels, const RowView& in,
                           const RowRing& out, int32_t y0, int32_t y1, int32_t* offsets) {
  const int32_t taps = s.kernel_height * s.kernel_width;
  for (int32_t y = y0; y < y1; ++y) {
    const Taps inside = rows_under(s, in, y, offsets);
    const bool three = takes_3x3<Element>(s, inside);
    const int32_t taps_above = inside.first * s.kernel_width, taps_below = inside.last * s.kernel_width;
    DepthwiseRow<Element, Sum> r{in.base, offsets, inside, weights, reinterpret_cast<Element*>(out.row(y)), pad, 0};
    for (int32_t m = 0; m < s.out_channels; r.base += sizeof(Element))
      for (int32_t copy = 0; copy < s.group_out_channels; ++copy, ++m, ++r.to, r.weights += taps) {
        const auto channel = channels(m);
        r.sum = channel.bias;
        for (int32_t k = 0; k < taps_above; ++k) r.sum += pad * r.weights[k];
        for (int32_t k = taps_below; k < taps; ++k) r.sum += pad * r.weights[k];
        if (three)
          depthwise_3x3(s, r, channel);
        else
          depthwise_columns(s, r, channel, 0, s.out_width);
      }
  }
}

}  // namespace thimble
