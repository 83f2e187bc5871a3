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

// fold(... fold(first, x) ..., x) over the pixels of the window, top to bottom, left to right, of one channel and of
// four neighbours. Single numbers that no lambda refers to stay in registers.
template <class T, class Wide, class Fold>
inline Wide fold_one(const Window<T>& w, int32_t channel, Wide first, Fold fold) {
  Wide v = first;
  const T* row = w.corner;
  const int32_t step = w.column_step, width = w.columns * step;
  for (int32_t rows = w.rows; rows > 0; --rows) {
    const T* pixel = row + channel;
    for (const T* const end = pixel + width; pixel != end; pixel += step) v = fold(v, Wide(*pixel));
    row += w.row_step;
    if (row >= w.ring_end) row -= w.ring_elements;
  }
  return v;
}
template <class Wide>
struct FourOf {
  Wide v0, v1, v2, v3;
};
template <class T, class Wide, class Fold>
inline FourOf<Wide> fold_four(const Window<T>& w, int32_t channel, Wide first, Fold fold) {
  Wide v0 = first, v1 = first, v2 = first, v3 = first;
  const T* row = w.corner;
  const int32_t step = w.column_step, width = w.columns * step;
  for (int32_t rows = w.rows; rows > 0; --rows) {
    const T* pixel = row + channel;
    for (const T* const end = pixel + width; pixel != end; pixel += step) {
      v0 = fold(v0, Wide(pixel[0]));
      v1 = fold(v1, Wide(pixel[1]));
      v2 = fold(v2, Wide(pixel[2]));
      v3 = fold(v3, Wide(pixel[3]));
    }
    row += w.row_step;
    if (row >= w.ring_end) row -= w.ring_elements;
  }
  return {v0, v1, v2, v3};
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

// result[channel] = store(folded) for each channel, four of them at a time: a load and a fold for each element.
template <class Shape, class T, class Wide, class Fold, class Store>
inline void fold_channels(const Shape& c, const Window<T>& w, Wide first, Fold fold, T* result, Store store) {
  if (c.kernel_height == 2 && c.kernel_width == 2 && w.rows == 2 && w.columns == 2) {
    // The most frequent window: four loads at known places in place of two loops.
    const T *upper = w.corner, *lower = w.corner + w.row_step;
    if (lower >= w.ring_end) lower -= w.ring_elements;
    for (T* const end = result + c.channels; result != end; ++upper, ++lower) {
      const Wide half = fold(fold(first, Wide(upper[0])), Wide(upper[w.column_step]));
      *result++ = store(fold(fold(half, Wide(lower[0])), Wide(lower[w.column_step])));
    }
    return;
  }
  const int32_t fours = c.channels / 4 * 4;
  for (int32_t channel = 0; channel < fours; channel += 4) {
    const FourOf<Wide> four = fold_four(w, channel, first, fold);
    result[channel] = store(four.v0);
    result[channel + 1] = store(four.v1);
    result[channel + 2] = store(four.v2);
    result[channel + 3] = store(four.v3);
  }
  for (int32_t channel = fours; channel < c.channels; ++channel)
    result[channel] = store(fold_one(w, channel, first, fold));
}

template <class T, class Wide, class Shape>
inline void max_rows(const Shape& c, Wide lowest, Wide low, Wide high, const RowView& in, const RowRing& out,
                     int32_t y0, int32_t y1) {
  for_each_window<T>(c, in, out, y0, y1, [&](const Window<T>& w, int32_t, int32_t, T* result) {
    fold_channels(
        c, w, lowest, [](Wide a, Wide b) { return a < b ? b : a; }, result,
        [=](Wide v) {
          return T(v < low ? low : v > high ? high : v);
        });
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

// Stores store(sum, divisor) for each sum over a window, which starts at `first` a tap.
template <class T, class Sum, class Constants, class Store>
inline void sum_rows(const Constants& c, Sum first, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                     Store store) {
  for_each_window<T>(c, in, out, y0, y1, [&](const Window<T>& w, int32_t start_y, int32_t start_x, T* result) {
    const int32_t divisor = divisor_of(c, w, start_y, start_x);
    fold_channels(
        c, w, first * Sum(w.rows * w.columns), [](Sum a, Sum b) { return a + b; }, result,
        [=](Sum sum) { return store(sum, divisor); });
  });
}

template <class Shape>
void average_pool(const AveragePool<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  sum_rows<int8_t, int32_t>(c, -c.in_zero, in, out, y0, y1, [&](int32_t sum, int32_t divisor) {
    return int8_t(requantize(sum, c.multipliers[divisor - c.fewest], output_stage(c)));
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
