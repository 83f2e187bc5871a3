// Softmax over bands of rows: softmax for int8, in integers alone, softmax_f32 for float. Exact in place.
#pragma once
#include "thimble/arch/multiply.hpp"
#include "thimble/math.hpp"
#include "thimble/rows.hpp"
#include "thimble/softmax.pack.hpp"

namespace thimble {

// floor((high * 2^31 + low) / divisor) for high < divisor < 2^31: a bit at a time, for cores without a long division.
inline uint32_t divide_long(uint32_t high, uint32_t low, uint32_t divisor) {
  uint32_t rest = high, quotient = 0;
  for (int32_t bit = 30; bit >= 0; --bit) {
    rest = (rest << 1) | ((low >> bit) & 1);
    quotient <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
  }
  return quotient;
}

// Calls distribution(x, y) with the first element of each distribution in the rows [y0, y1).
template <class T, class Shape, class Distribution>
inline void for_each_distribution(const Shape& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                                  Distribution distribution) {
  for (int32_t y = y0; y < y1; ++y) {
    const T* x = reinterpret_cast<const T*>(in.row(y));
    T* result = reinterpret_cast<T*>(out.row(y));
    for (int32_t block = 0; block < c.outer; ++block, x += c.count * c.inner, result += c.count * c.inner)
      for (int32_t column = 0; column < c.inner; ++column) distribution(x + column, result + column);
  }
}

template <class Shape>
void softmax(const Softmax<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_distribution<int8_t>(c, in, out, y0, y1, [&](const int8_t* x, int8_t* result) {
    const int32_t size = c.count * c.inner;
    int32_t largest = x[0];
    for (int32_t i = c.inner; i < size; i += c.inner) largest = x[i] > largest ? x[i] : largest;
    const auto exp_of = [&](int32_t v) { return largest - v < c.exps_count ? uint32_t(c.exps[largest - v]) : 0u; };
    uint32_t sum = 0;
    for (int32_t i = 0; i < size; i += c.inner) sum += exp_of(x[i]);
    const uint32_t quotient = divide_long(uint32_t(c.numerator_high), uint32_t(c.numerator_low), sum);
    const int32_t shift = c.shift - 32, half = int32_t(1) << (shift - 1);
    for (int32_t i = 0; i < size; i += c.inner) {
      const int32_t q = ((multiply_high(int32_t(exp_of(x[i])), int32_t(quotient)) + half) >> shift) + c.zero_point;
      result[i] = int8_t(q > 127 ? 127 : q);
    }
  });
}

template <class Shape>
void softmax_f32(const SoftmaxF32<Shape>& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_distribution<float>(c, in, out, y0, y1, [&](const float* x, float* result) {
    const int32_t size = c.count * c.inner;
    float largest = x[0], sum = 0;
    for (int32_t i = c.inner; i < size; i += c.inner) largest = x[i] > largest ? x[i] : largest;
    for (int32_t i = 0; i < size; i += c.inner) {
      result[i] = exp(x[i] - largest);
      sum += result[i];
    }
    const float inverse = 1.0f / sum;
    for (int32_t i = 0; i < size; i += c.inner) result[i] *= inverse;
  });
}

}  // namespace thimble
