// Pooling over bands of rows: max_pool, max_pool_u8, max_pool_f32, average_pool, average_pool_f32.
#pragma once
#include "thimble/pool.pack.hpp"
#include "thimble/requantize.hpp"
#include "thimble/rows.hpp"
#include "thimble/taps.hpp"

namespace thimble {

// The pixels of one window: rows and columns of taps, from `first_row` on. Rows may wrap round a ring.
template <class T>
struct Window {
  const T* corner;  // first tap
  int32_t rows, columns;
  int32_t row_step, column_step;  // elements from tap to tap
  const T* ring_end;
  int32_t ring_elements;
};

// Calls tap(pixel) for each pixel of the window, top to bottom, left to right; `pixel` points at channel `channel`.
template <class T, class Tap>
inline void for_each_tap(const Window<T>& w, int32_t channel, Tap tap) {
  const T* row = w.corner;
  for (int32_t i = 0; i < w.rows; ++i) {
    const T* pixel = row + channel;
    const T* const end = pixel + w.columns * w.column_step;
    for (; pixel != end; pixel += w.column_step) tap(pixel);
    row += w.row_step;
    if (row >= w.ring_end) row -= w.ring_elements;
  }
}

// Calls pool(window, start_y, start_x, result) for each output pixel of the rows [y0, y1). A window that lies outside
// the input altogether has no rows or no columns.
template <class T, class Shape, class Pool>
inline void for_each_window(const Shape& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1, Pool pool) {
  const int32_t row_elements = in.row_bytes / int32_t(sizeof(T));
  Window<T> w;
  w.row_step = row_elements * c.dilation_y;
  w.column_step = c.channels * c.dilation_x;
  w.ring_elements = row_elements * in.ring_rows;
  w.ring_end = reinterpret_cast<const T*>(in.base) + w.ring_elements;
  for (int32_t y = y0; y < y1; ++y) {
    const int32_t start_y = y * c.stride_y - c.pad_top;
    const Taps vertical = taps_inside(start_y, c.dilation_y, c.kernel_height, c.in_height);
    w.rows = vertical.count();
    const int32_t top = w.rows > 0 ? start_y + vertical.first * c.dilation_y : 0;
    const T* const row = reinterpret_cast<const T*>(in.row(top));
    T* result = reinterpret_cast<T*>(out.row(y));
    for (int32_t x = 0; x < c.out_width; ++x, result += c.channels) {
      const int32_t start_x = x * c.stride_x - c.pad_left;
      const Taps horizontal = taps_inside(start_x, c.dilation_x, c.kernel_width, c.in_width);
      w.columns = horizontal.count();
      w.corner = row + (w.columns > 0 ? (start_x + horizontal.first * c.dilation_x) * c.channels : 0);
      // Rows of taps that follow one another without a gap are one row.
      Window<T> run = w;
      if (w.row_step == w.columns * w.column_step && w.corner + w.rows * w.row_step <= w.ring_end) {
        run.columns = w.rows * w.columns;
        run.rows = 1;
      }
      pool(run, start_y, start_x, result);
    }
  }
}

// Four channels at a time stay in registers over the whole window: a load, a comparison and a conditional move for each
// element.
template <class T, class Wide, class Shape>
inline void max_rows(const Shape& c, Wide lowest, Wide low, Wide high, const RowView& in, const RowRing& out,
                     int32_t y0, int32_t y1) {
  const auto larger = [](Wide a, Wide b) { return a < b ? b : a; };
  const auto clipped = [&](Wide v) { return T(v < low ? low : v > high ? high : v); };
  for_each_window<T>(c, in, out, y0, y1, [&](const Window<T>& w, int32_t, int32_t, T* result) {
    const int32_t fours = c.channels / 4 * 4;
    for (int32_t channel = 0; channel < fours; channel += 4) {
      Wide m0 = lowest, m1 = lowest, m2 = lowest, m3 = lowest;
      for_each_tap(w, channel, [&](const T* pixel) {
        m0 = larger(m0, Wide(pixel[0]));
        m1 = larger(m1, Wide(pixel[1]));
        m2 = larger(m2, Wide(pixel[2]));
        m3 = larger(m3, Wide(pixel[3]));
      });
      result[channel] = clipped(m0);
      result[channel + 1] = clipped(m1);
      result[channel + 2] = clipped(m2);
      result[channel + 3] = clipped(m3);
    }
    for (int32_t channel = fours; channel < c.channels; ++channel) {
      Wide m = lowest;
      for_each_tap(w, channel, [&](const T* pixel) { m = larger(m, Wide(*pixel)); });
      result[channel] = clipped(m);
    }
  });
}

template <class Shape>
void max_pool(const MaxPool<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  max_rows<int8_t, int32_t>(c, -128, c.low, c.high, in, out, y0, y1);
}

template <class Shape>
void max_pool_u8(const MaxPool<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  max_rows<uint8_t, int32_t>(c, 0, c.low, c.high, in, out, y0, y1);
}

template <class Shape>
void max_pool_f32(const MaxPoolF32<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  max_rows<float, float>(c, -__builtin_inff(), c.low, c.high, in, out, y0, y1);
}

// What the average of this window divides by.
template <class Constants, class T>
inline int32_t divisor_of(const Constants& c, const Window<T>& w, int32_t start_y, int32_t start_x) {
  if (c.include_pad == 0) return w.rows * w.columns;
  const int32_t before_y = c.pad_top, before_x = c.pad_left;  // the padding in front counts as input
  return taps_inside(start_y + before_y, c.dilation_y, c.kernel_height, c.padded_height + before_y).count() *
         taps_inside(start_x + before_x, c.dilation_x, c.kernel_width, c.padded_width + before_x).count();
}

// Calls store(result, channel, sum, divisor) for each sum over a window, which starts at `first` a tap. Four channels
// at a time stay in registers: a load and an add for each element.
template <class T, class Sum, class Constants, class Store>
inline void sum_rows(const Constants& c, Sum first, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                     Store store) {
  for_each_window<T>(c, in, out, y0, y1, [&](const Window<T>& w, int32_t start_y, int32_t start_x, T* result) {
    const int32_t divisor = divisor_of(c, w, start_y, start_x);
    const Sum start = first * Sum(w.rows * w.columns);
    int32_t channel = 0;
    while (channel < c.channels) {
      Sum sums[4];
      const int32_t block = c.channels - channel >= 4 ? 4 : 1;
      if (block == 4) {
        Sum s0 = start, s1 = start, s2 = start, s3 = start;
        for_each_tap(w, channel, [&](const T* pixel) {
          s0 += Sum(pixel[0]);
          s1 += Sum(pixel[1]);
          s2 += Sum(pixel[2]);
          s3 += Sum(pixel[3]);
        });
        sums[0] = s0;
        sums[1] = s1;
        sums[2] = s2;
        sums[3] = s3;
      } else {
        Sum s = start;
        for_each_tap(w, channel, [&](const T* pixel) { s += Sum(*pixel); });
        sums[0] = s;
      }
      for (int32_t i = 0; i < block; ++i, ++channel) result[channel] = store(sums[i], divisor);
    }
  });
}

template <class Shape>
void average_pool(const AveragePool<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const OutputStage stage = output_stage(c);
  sum_rows<int8_t, int32_t>(c, -c.in_zero, in, out, y0, y1, [&](int32_t sum, int32_t divisor) {
    return int8_t(requantize(sum, c.multipliers[divisor - c.fewest], stage));
  });
}

template <class Shape>
void average_pool_f32(const AveragePoolF32<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  sum_rows<float, float>(c, 0.0f, in, out, y0, y1, [&](float sum, int32_t divisor) {
    const float y = sum / float(divisor);
    return y < c.low ? c.low : y > c.high ? c.high : y;
  });
}

}  // namespace thimble
