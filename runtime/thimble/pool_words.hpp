// Pooling of int8 over bands of rows, eight channels at a time in two words: max_pool_words for cores with SIMD,
// average_pool_words for all.
#pragma once
#include "thimble/arch/byte_order.hpp"
#include "thimble/arch/byte_sums.hpp"
#include "thimble/pool.hpp"
#include "thimble/pool_words.pack.hpp"

namespace thimble {

// What eight channels come to, in two words' worth of it.
template <class Four>
struct EightChannels {
  Four lower, upper;
};

// Adds all pixels of the window, from channel `channel` on. Two loads, what `add` costs, and three instructions for the
// loop, for eight bytes; windows of 2x2, the most frequent, do without a loop.
template <class Four, class Shape>
THIMBLE_INLINE EightChannels<Four> take_window(const Shape& c, const Window<int8_t>& w, int32_t channel,
                                               const Four& first) {
  const bool aligned = c.channels % 4 == 0;
  Four lower = first, upper = first;
  const int8_t* row = w.corner + channel;
  const int8_t* const ring_end = w.ring_end + channel;
  const int32_t step = w.column_step, width = w.columns * step;
  if (c.kernel_height == 2 && c.kernel_width == 2 && w.rows == 2 && w.columns == 2) {
    const int8_t* second = row + w.row_step;
    if (second >= ring_end) second -= w.ring_elements;
    const auto add = [&](const int8_t* pixel) {
      lower.add(load_four(pixel, aligned));
      upper.add(load_four(pixel + 4, aligned));
    };
    add(row);
    add(row + step);
    add(second);
    add(second + step);
    return {lower, upper};
  }
  for (int32_t rows = w.rows; rows > 0; --rows) {
    const int8_t* pixel = row;
    for (const int8_t* const end = row + width; pixel != end; pixel += step) {
      lower.add(load_four(pixel, aligned));
      upper.add(load_four(pixel + 4, aligned));
    }
    row += w.row_step;
    if (row >= ring_end) row -= w.ring_elements;
  }
  return {lower, upper};
}

template <class Shape>
void max_pool_words(const MaxPool<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const uint32_t low = four_of(c.low), high = four_of(c.high);
  for_each_window<int8_t>(c, in, out, y0, y1, [&](const Window<int8_t>& w, int32_t, int32_t, int8_t* result) {
    for (int32_t channel = 0; channel < c.channels; channel += pool_block) {
      channel = min(channel, c.channels - pool_block);
      const auto largest = take_window(c, w, channel, FourLargest(low));
      store_four(result + channel, smaller_four(largest.lower.four(), high));
      store_four(result + channel + 4, smaller_four(largest.upper.four(), high));
    }
  });
}

template <class Shape>
void average_pool_words(const AveragePool<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_window<int8_t>(
      c, in, out, y0, y1, [&](const Window<int8_t>& w, int32_t start_y, int32_t start_x, int8_t* result) {
        const int32_t multiplier = c.multipliers[divisor_of(c, w, start_y, start_x) - c.fewest];
        const int32_t start = -(c.in_zero + FourSums::bias) * w.rows * w.columns;
        for (int32_t channel = 0; channel < c.channels; channel += pool_block) {
          channel = min(channel, c.channels - pool_block);
          const auto eight = take_window(c, w, channel, FourSums());
          const FourSums sums[] = {eight.lower, eight.upper};
          int8_t* to = result + channel;
          for (const FourSums& four : sums)
            four.each([&](int32_t sum) { *to++ = int8_t(requantize(start + sum, multiplier, output_stage(c))); });
        }
      });
}

}  // namespace thimble
