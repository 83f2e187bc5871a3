// Reductions: reduce_sum and reduce_order for int8, reduce_sum_f32 and reduce_order_f32 for float.
#pragma once
#include "thimble/reduce.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// Calls step(element) with the address of each element that goes into the result of the first column at `in`.
template <class T, class Shape, class Step>
inline void for_each_element(const Shape& c, const T* in, Step step) {
  const int32_t group = c.middle * c.second * c.inner;
  for (int32_t i = 0; i < c.first; ++i, in += group) {
    const T* element = in;
    for (int32_t j = 0; j < c.second; ++j, element += c.inner) step(element);
  }
}

// Calls store(sum) for each result in order, fold(start, x, x, ...) of its elements. Four neighbours stay in registers:
// a load and a fold for each element.
template <class T, class Wide, class Shape, class Fold, class Store>
inline void reduce(const Shape& c, const T* in, Wide start, Fold fold, Store store) {
  const int32_t block = c.first * c.middle * c.second * c.inner;
  for (int32_t outer = 0; outer < c.outer; ++outer, in += block)
    for (int32_t middle = 0; middle < c.middle; ++middle) {
      const T* const corner = in + middle * c.second * c.inner;
      int32_t column = 0;
      while (column < c.inner) {
        Wide folded[4];
        const int32_t columns = c.inner - column >= 4 ? 4 : 1;
        if (columns == 4) {
          Wide f0 = start, f1 = start, f2 = start, f3 = start;
          for_each_element(c, corner + column, [&](const T* x) {
            f0 = fold(f0, Wide(x[0]));
            f1 = fold(f1, Wide(x[1]));
            f2 = fold(f2, Wide(x[2]));
            f3 = fold(f3, Wide(x[3]));
          });
          folded[0] = f0;
          folded[1] = f1;
          folded[2] = f2;
          folded[3] = f3;
        } else {
          Wide f = start;
          for_each_element(c, corner + column, [&](const T* x) { f = fold(f, Wide(*x)); });
          folded[0] = f;
        }
        for (int32_t i = 0; i < columns; ++i, ++column) store(folded[i]);
      }
    }
}

template <class Shape>
void reduce_sum(const ReduceSum<Shape>& c, const int8_t* in, int8_t* out) {
  const OutputStage stage = output_stage(c);
  reduce<int8_t, int32_t>(
      c, in, c.start, [](int32_t a, int32_t b) { return a + b; },
      [&](int32_t sum) { *out++ = int8_t(requantize(sum, c.multiplier, stage)); });
}

template <class Shape>
void reduce_sum_f32(const ReduceSumF32<Shape>& c, const float* in, float* out) {
  reduce<float, float>(
      c, in, 0.0f, [](float a, float b) { return a + b; }, [&](float sum) { *out++ = c.factor * sum; });
}

// The largest or smallest of numbers within [lowest, highest].
template <class T, class Wide, class Shape>
inline void reduce_by_order(const ReduceOrder<Shape>& c, const T* in, T* out, Wide lowest, Wide highest) {
  const auto store = [&](Wide v) { *out++ = T(v); };
  if (c.smallest != 0)
    reduce<T, Wide>(
        c, in, highest, [](Wide a, Wide b) { return b < a ? b : a; }, store);
  else
    reduce<T, Wide>(
        c, in, lowest, [](Wide a, Wide b) { return a < b ? b : a; }, store);
}

template <class Shape>
void reduce_order(const ReduceOrder<Shape>& c, const int8_t* in, int8_t* out) {
  reduce_by_order<int8_t, int32_t>(c, in, out, -128, 127);
}

template <class Shape>
void reduce_order_u8(const ReduceOrder<Shape>& c, const uint8_t* in, uint8_t* out) {
  reduce_by_order<uint8_t, int32_t>(c, in, out, 0, 255);
}

template <class Shape>
void reduce_order_f32(const ReduceOrder<Shape>& c, const float* in, float* out) {
  reduce_by_order<float, float>(c, in, out, -__builtin_inff(), __builtin_inff());
}

}  // namespace thimble
