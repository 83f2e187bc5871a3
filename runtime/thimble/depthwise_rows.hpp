// The loops of a depthwise convolution, the same for int8 and float: channel by channel along each row.
#pragma once
#include <stdint.h>

#include "thimble/conv_window.hpp"
#include "thimble/rows.hpp"
#include "thimble/stack.hpp"

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

// Floats are computed by a library where there is no FPU: what the loops do beside costs little, registers are few.
template <class Element>
constexpr bool spares_stack = sizeof(Element) > 1;

// Any kernel, columns [first, last).
template <class Element, class Sum, class Shape, class Channel>
inline void depthwise_columns(const Shape& s, const DepthwiseRow<Element, Sum>& r, const Channel& shared, int32_t first,
                              int32_t last) {
  const Channel channel = shared;  // its members in registers
  const int32_t step = s.dilation_x * s.in_channels;
  for (int32_t x = first; x < last; ++x) {
    if (spares_stack<Element>) forget_reads();
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

// One column of a 3x3 kernel.
template <class Sum>
struct Weights3 {
  Sum top, middle, bottom;
  Sum times(Sum padding) const { return padding == 0 ? Sum(0) : padding * (top + middle + bottom); }
};

// Three elements of a column of the image, one in each row under the kernel.
template <class Element>
struct Column3 {
  const Element *top, *middle, *bottom;
  void advance(int32_t elements) { top += elements, middle += elements, bottom += elements; }
  template <class Sum>
  Sum times(const Weights3<Sum>& w, int32_t ahead = 0) const {
    return top[ahead] * w.top + middle[ahead] * w.middle + bottom[ahead] * w.bottom;
  }
};

// Stride 1. Each column of the image is read once: it ends one result, is the middle of the next and the start of a
// third. A result costs three loads and nine products.
template <class Element, class Sum, class Shape, class Channel>
__attribute__((always_inline)) inline void depthwise_3x3_unit(const Shape& s, const DepthwiseRow<Element, Sum>& r,
                                                              const Channel& channel, Column3<Element> column,
                                                              const Weights3<Sum>* w, Element* inner_end,
                                                              Element* end) {
  const int32_t pixel = s.in_channels, out_pixel = s.out_channels;
  const Weights3<Sum> first = w[0], second = w[1], third = w[2];
  const Sum bias = r.sum;
  Sum one = bias + (s.pad_left != 0 ? first.times(r.pad) : column.times(first));  // of a result, its first column
  if (s.pad_left == 0) column.advance(pixel);
  Sum two = one + column.times(second);  // of the result before, its first two
  one = bias + column.times(first);
  Element* to = r.to;
  for (; to != inner_end; to += out_pixel) {
    column.advance(pixel);
    *to = channel.finish_fast(two + column.times(third));
    two = one + column.times(second);
    one = bias + column.times(first);
  }
  if (to != end) *to = channel.finish_fast(two + third.times(r.pad));
}

// Any other stride: nine loads and nine products a result.
template <class Element, class Sum, class Shape, class Channel>
__attribute__((always_inline)) inline void depthwise_3x3_strided(const Shape& s, const DepthwiseRow<Element, Sum>& r,
                                                                 const Channel& channel, Column3<Element> column,
                                                                 const Weights3<Sum>* w, Element* inner_end,
                                                                 Element* end) {
  const int32_t pixel = s.in_channels, out_pixel = s.out_channels, step = s.stride_x * pixel;
  const Weights3<Sum> first = w[0], second = w[1], third = w[2];
  const Sum bias = r.sum;
  Element* to = r.to;
  if (s.pad_left != 0) {
    *to = channel.finish_fast(bias + first.times(r.pad) + column.times(second) + column.times(third, pixel));
    to += out_pixel;
    column.advance(step - pixel);
  }
  for (; to != inner_end; to += out_pixel, column.advance(step))
    *to =
        channel.finish_fast(bias + column.times(first) + column.times(second, pixel) + column.times(third, 2 * pixel));
  if (to != end)
    *to = channel.finish_fast(bias + column.times(first) + column.times(second, pixel) + third.times(r.pad));
}

// A row that takes_3x3(). A row of the kernel outside the image reads another one, with weights of zero.
template <class Element, class Sum, class Shape, class Channel>
inline void depthwise_3x3(const Shape& s, const DepthwiseRow<Element, Sum>& r, const Channel& shared) {
  const Channel channel = shared;  // its members in registers
  static constexpr Element zeros[3] = {};
  const auto inside = [&](int32_t ky) { return ky >= r.rows.first && ky < r.rows.last; };
  const auto row = [&](int32_t ky) { return r.row(inside(ky) ? ky : r.rows.first); };
  const auto weights = [&](int32_t ky) { return inside(ky) ? r.weights + 3 * ky : zeros; };
  const Column3<Element> column{row(0), row(1), row(2)};
  const Element *const a = weights(0), *const b = weights(1), *const c = weights(2);
  const Weights3<Sum> w[3] = {
      {Sum(a[0]), Sum(b[0]), Sum(c[0])}, {Sum(a[1]), Sum(b[1]), Sum(c[1])}, {Sum(a[2]), Sum(b[2]), Sum(c[2])}};
  Element* const end = r.to + s.out_width * s.out_channels;
  const bool padded_right = (s.out_width - 1) * s.stride_x - s.pad_left + 3 > s.in_width;
  Element* const inner_end = padded_right ? end - s.out_channels : end;
  if (s.stride_x == 1)
    depthwise_3x3_unit(s, r, channel, column, w, inner_end, end);
  else
    depthwise_3x3_strided(s, r, channel, column, w, inner_end, end);
}

// Whether depthwise_3x3 can make a row: at most one column of padding on each side. Zero weights for rows outside the
// image do only where numbers are finite, so for integers.
template <class Element, class Shape>
inline bool takes_3x3(const Shape& s, Taps rows) {
  const bool all_rows = rows.first == 0 && rows.last == 3, integers = sizeof(Element) == 1;
  const int32_t right = (s.out_width - 1) * s.stride_x - s.pad_left + 3;
  return s.kernel_height == 3 && s.kernel_width == 3 && s.dilation_x == 1 && s.pad_left <= 1 && s.in_width >= 3 &&
         right <= s.in_width + 1 && (all_rows || (integers && rows.first < rows.last));
}

// Output rows [y0, y1). `channels(m)` gives output channel m's bias and finish(sum), and finish_fast(sum) for the same
// where finishes_fast().
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
        if (spares_stack<Element>) forget_reads();
        const auto channel = channels(m);
        r.sum = channel.bias;
        for (int32_t k = 0; k < taps_above; ++k) r.sum += pad * r.weights[k];
        for (int32_t k = taps_below; k < taps; ++k) r.sum += pad * r.weights[k];
        const auto row_3x3 = [](const auto& a, const auto& b, const auto& d) { depthwise_3x3(a, b, d); };
        const auto row = [](const auto& a, const auto& b, const auto& d) {
          depthwise_columns(a, b, d, 0, a.out_width);
        };
        const bool fast = three && channel.finishes_fast();
        if constexpr (spares_stack<Element>)
          fast ? out_of_line(row_3x3, s, r, channel) : out_of_line(row, s, r, channel);
        else
          fast ? row_3x3(s, r, channel) : row(s, r, channel);
      }
  }
}

}  // namespace thimble
