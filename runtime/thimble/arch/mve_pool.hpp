// Pooling of int8 on cores with Helium, 16 channels at a time: max_pool_mve, average_pool_mve, global_average_mve.
#pragma once
#include "thimble/arch/mve_requantize.hpp"
#include "thimble/arch/mve_rows.hpp"
#include "thimble/global_average.pack.hpp"
#include "thimble/pool.hpp"
#include "thimble/pool_words.pack.hpp"

namespace thimble {
namespace mve {

// Adds 16 channels of `pixels` pixels, none or more, `step` bytes apart, to sums that fit 16 bits. Two loads that
// widen, two additions and two instructions for the loop: 0.38 instructions a byte.
THIMBLE_INLINE void add_pixels(const int8_t* pixel, int32_t pixels, int32_t step, int16_t* sums) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "vldrh.u16 q0,[%[sums]]\n\t vldrh.u16 q1,[%[sums],#16]\n\t wls lr,%[pixels],2f\n1:\n\t vldrb.s16 "
      "q2,[%[pixel]]\n\t"
      "vadd.i16 q0,q0,q2\n\t vldrb.s16 q3,[%[pixel],#8]\n\t vadd.i16 q1,q1,q3\n\t add %[pixel],%[pixel],%[step]\n\t"
      "le lr,1b\n2:\n\t vstrh.16 q0,[%[sums]]\n\t vstrh.16 q1,[%[sums],#16]\n\t"
      : [pixel] "+l"(pixel)
      : [pixels] "r"(pixels), [step] "r"(step), [sums] "r"(sums)
      : "lr", "q0", "q1", "q2", "q3", "memory");
#else
  for (; pixels > 0; --pixels, pixel += step)
    for (int32_t i = 0; i < 16; ++i) sums[i] = int16_t(sums[i] + pixel[i]);
#endif
}

// Raises 16 numbers to the largest of as many channels of such pixels. A load, a comparison and two instructions for
// the loop: 0.25 instructions a byte.
THIMBLE_INLINE void raise_to_pixels(const int8_t* pixel, int32_t pixels, int32_t step, int8_t* largest) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "vldrb.u8 q0,[%[largest]]\n\t wls lr,%[pixels],2f\n1:\n\t vldrb.u8 q1,[%[pixel]]\n\t vmax.s8 q0,q0,q1\n\t"
      "add %[pixel],%[pixel],%[step]\n\t le lr,1b\n2:\n\t vstrb.8 q0,[%[largest]]\n\t"
      : [pixel] "+r"(pixel)
      : [pixels] "r"(pixels), [step] "r"(step), [largest] "r"(largest)
      : "lr", "q0", "q1", "memory");
#else
  for (; pixels > 0; --pixels, pixel += step)
    for (int32_t i = 0; i < 16; ++i) largest[i] = largest[i] < pixel[i] ? pixel[i] : largest[i];
#endif
}

// Calls take(first pixel) for each row of the window, from channel `channel` on.
template <class Take>
THIMBLE_INLINE void for_each_tap_row(const Window<int8_t>& w, int32_t channel, Take take) {
  const int8_t* row = w.corner;
  for (int32_t rows = w.rows; rows > 0; --rows) {
    take(row + channel);
    row += w.row_step;
    if (row >= w.ring_end) row -= w.ring_elements;
  }
}

}  // namespace mve

template <class Shape>
void max_pool_mve(const MaxPool<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_window<int8_t>(c, in, out, y0, y1, [&](const Window<int8_t>& w, int32_t, int32_t, int8_t* result) {
    mve::fill_bytes(result, -128, c.channels);
    for (int32_t channel = 0; channel < c.channels; channel += pool_block_mve) {
      channel = min(channel, c.channels - pool_block_mve);
      mve::for_each_tap_row(w, channel, [&](const int8_t* pixel) {
        mve::raise_to_pixels(pixel, w.columns, w.column_step, result + channel);
      });
    }
  });
  mve::clamp_rows(c, out, y0, y1, c.out_width * c.channels);
}

template <class Shape>
void average_pool_mve(const AveragePool<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_window<int8_t>(
      c, in, out, y0, y1, [&](const Window<int8_t>& w, int32_t start_y, int32_t start_x, int8_t* result) {
        const int32_t multiplier = c.multipliers[divisor_of(c, w, start_y, start_x) - c.fewest];
        const int32_t start = -c.in_zero * w.rows * w.columns;
        for (int32_t channel = 0; channel < c.channels; channel += pool_block_mve) {
          channel = min(channel, c.channels - pool_block_mve);
          int16_t sums[16] = {};
          mve::for_each_tap_row(w, channel,
                                [&](const int8_t* pixel) { mve::add_pixels(pixel, w.columns, w.column_step, sums); });
          mve::store_sums(sums, start, multiplier, output_stage(c), result + channel);
        }
      });
}

// What global_average() computes.
template <class Shape>
void global_average_mve(const GlobalAverage<Shape>& c, const RowView& in, const RowRing& out, int32_t, int32_t) {
  for (int32_t channel = 0; channel < c.channels; channel += pool_block_mve) {
    channel = min(channel, c.channels - pool_block_mve);
    int16_t sums[16] = {};
    mve::add_pixels(reinterpret_cast<const int8_t*>(in.base) + channel, c.kernel_height * c.kernel_width, c.channels,
                    sums);
    mve::store_sums(sums, c.start, c.multiplier, output_stage(c), reinterpret_cast<int8_t*>(out.base) + channel);
  }
}

}  // namespace thimble
