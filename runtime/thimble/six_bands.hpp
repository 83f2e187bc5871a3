// The loops of conv_six, conv_long and conv_single over bands of rows: panels of six pixels. `Pixels` has the unit of
// its words, where the panel lies, and the places of six pixels' results. product() computes them.
#pragma once
#include <stdint.h>

#include "thimble/conv_six.pack.hpp"
#include "thimble/runs.hpp"
#include "thimble/six_panel.hpp"

namespace thimble {

// The pixels of a band in order, across the ends of rows.
template <class Shape>
class SixWalk {
 public:
  SixWalk(const Shape& s, const RowView& in, const RowRing& out, int32_t y0, int32_t* tables)
      : s_(s), in_(in), out_(out), tables_(tables), at_{y0 - 1, s.out_width - 1, {0, 0}, tables, nullptr} {}
  const SixPixel& at() const { return at_; }
  // How many pixels of the row come after this one; at its end, of the next row.
  int32_t ahead() const { return at_.x + 1 < s_.out_width ? s_.out_width - 1 - at_.x : s_.out_width; }
  void advance() {
    if (++at_.x < s_.out_width) {
      at_.to += s_.out_channels;
      return;
    }
    at_.x = 0;
    ++at_.y;
    at_.offsets = tables_ + ((at_.y & 1) != 0 ? s_.kernel_height : 0);
    at_.rows = rows_under(s_, in_, at_.y, at_.offsets);
    at_.to = reinterpret_cast<int8_t*>(out_.row(at_.y));
  }

 private:
  const Shape& s_;
  const RowView& in_;
  const RowRing& out_;
  int32_t* tables_;  // of row offsets: two rows' in turn
  SixPixel at_;
};

// The next pixels, two at a time by pair(first, second, words), into `pixels`. Where less than six are left the last
// comes again.
template <class Pixels, class Shape, class Pair>
inline void six_by_pairs(SixWalk<Shape>& walk, int32_t left, int32_t* panel, Pixels& pixels, Pair pair) {
  for (int32_t i = 0; i < 3; ++i) {
    if (left-- > 0) walk.advance();
    const SixPixel first = walk.at();
    if (left-- > 0) walk.advance();
    pair(first, walk.at(), panel + i);
    pixels.to[2 * i] = first.to;
    pixels.to[2 * i + 1] = walk.at().to;
  }
}

// Dense, any kernel, dilation, stride and pads. Scratch: conv2d_six_scratch_bytes().
template <class Pixels, class Shape, class Product>
[[gnu::always_inline]] inline void six_conv2d(const Shape& c, Pixels& pixels, const RowView& in, const RowRing& out,
                                              int32_t y0, int32_t y1, void* scratch, Product product) {
  int32_t* const tables = static_cast<int32_t*>(scratch);
  int32_t* const panel = tables + 2 * c.kernel_height;
  const Taps interior = c.dilation_x == 1 ? interior_columns(c) : Taps{0, 0};
  pixels.panel = panel;
  SixWalk<Shape> walk(c, in, out, y0, tables);
  for (int32_t left = (y1 - y0) * c.out_width; left > 0; left -= 6) {
    six_by_pairs(walk, left, panel, pixels, [&](const SixPixel& a, const SixPixel& b, int32_t* words) {
      if (a.y == b.y && a.x >= interior.first && b.x < interior.last)
        six_inside<Pixels::unit>(c, in, a, b, words);
      else
        six_gather<Pixels::unit>(c, in, a, b, words);
    });
    product();
  }
}

// Dense, has_six_columns(). Scratch: conv2d_six_three_scratch_bytes().
template <class Pixels, class Shape, class Product>
[[gnu::always_inline]] inline void six_conv2d_three(const Shape& c, Pixels& pixels, const RowView& in,
                                                    const RowRing& out, int32_t y0, int32_t y1, void* scratch,
                                                    Product product) {
  int32_t* const tables = static_cast<int32_t*>(scratch);
  int32_t* const panel = tables + 2 * c.kernel_height;
  int8_t* const outside = reinterpret_cast<int8_t*>(panel + 3 * conv_depth(c));
  for (int32_t i = 0; i < c.in_channels; ++i) outside[i] = int8_t(c.in_zero_point);
  pixels.panel = panel;
  SixWalk<Shape> walk(c, in, out, y0, tables);
  for (int32_t left = (y1 - y0) * c.out_width; left > 0; left -= 6) {
    if (left >= 6 && walk.ahead() >= 6) {
      for (int8_t*& to : pixels.to) {
        walk.advance();
        to = walk.at().to;
      }
      six_columns<3, Pixels::unit>(c, in, outside, walk.at(), 5, panel);
    } else {
      six_by_pairs(walk, left, panel, pixels, [&](const SixPixel& a, const SixPixel& b, int32_t* words) {
        if (b.x == a.x + 1)
          six_columns<1, Pixels::unit>(c, in, outside, b, 1, words);
        else
          six_gather<Pixels::unit>(c, in, a, b, words);
      });
    }
    product();
  }
}

// Dense, 1x1, stride 1, no pads: is_pointwise(). Exact in place when out_channels <= in_channels: six pixels are read
// before they are written. Scratch: six_panel_bytes().
template <class Pixels, class Shape, class Product>
void six_pointwise(const Shape& c, Pixels& pixels, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                   void* scratch, Product product) {
  int32_t* const panel = static_cast<int32_t*>(scratch);
  pixels.panel = panel;
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
            six_join<Pixels::unit>(a, b, c.in_channels, panel + pair);
          }
          product();
        }
      },
      out, in);
}

}  // namespace thimble
