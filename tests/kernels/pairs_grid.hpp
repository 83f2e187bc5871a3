// Sums and products of int8 on every pair of operands, and look-ups of every byte.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/arch/mve_add_int8.hpp"
#include "thimble/arch/mve_multiply_int8.hpp"
#include "thimble/arch/mve_table.hpp"
#include "thimble/binary_int8.hpp"
#include "thimble/table.hpp"

namespace thimble::grid {

constexpr int32_t pair_row = 257, pair_rows = 255, pair_band = 3;

inline RowRing rows_at(int8_t* at, int32_t row_bytes, int32_t rows) {
  return {reinterpret_cast<uint8_t*>(at), row_bytes, rows};
}

// 255 rows of 257 pairs, so that rows are no whole words or vectors, in bands through rings; the result goes over the
// first operand where it is `in_place`.
template <class Kernel, class Expected>
Failure check_pairs(Workspace& w, int32_t index, bool in_place, Kernel kernel, Expected expected) {
  for (int32_t y = 0; y < pair_rows; y += pair_band) {
    const int32_t count = pair_band * pair_row;
    for (int8_t& b : w.result) b = untouched;
    int8_t* const left = in_place ? w.result : w.input;
    for (int32_t i = 0; i < count; ++i) {
      const int32_t pair = y * pair_row + i;
      left[i] = w.reference[i] = int8_t(pair & 0xff);
      w.weights[i] = int8_t((pair >> 8) & 0xff);
    }
    kernel(rows_at(left, pair_row, pair_band), rows_at(w.weights, pair_row, pair_band),
           rows_at(w.result, pair_row, pair_band), y, y + pair_band);
    for (int32_t i = 0; i < count; ++i)
      if (w.result[i] != expected(w.reference[i], w.weights[i])) return {"pair", index, y * pair_row + i};
    if (w.result[count] != untouched) return {"behind the rows", index, y};
  }
  return {};
}

constexpr Int8Sum pair_sums[] = {
    {9'000'001, 7'654'321, 123'456, 24, 3, -128, 127},       // the largest shift
    {700'000, -1'300'001, -5'000'000, 20, -7, -128, 127},    // a difference
    {40'000, 35'001, 100, 12, 0, -128, 127},                 // saturates at both ends
    {7'000'001, 5'654'321, -400'654'321, 24, 5, -100, -20},  // clamped
    {128, 128, 0, 8, 1, -128, 127},                          // ties
};

constexpr Int8Product pair_products[] = {
    {3, -5, 1'300'000'000, {2 * 128 + 64, 7, 0, 2, -128, 127, 0}},
    {-128, 127, 1'900'000'000, {-100 * 256 + 128, 8, 0, -100, -128, 127, 0}},  // saturates
    {0, 0, 1 << 30, {-20 * 64 + 32, 6, 0, -20, -90, 60, 0}},                   // clamped
    {7, 7, 1 << 30, {0 * 64 + 32, 6, 0, 0, -128, 127, 1}},                     // ties to even
    {1, 2, 1'200'000'000, {5 * 64 + 32, 6, 4, 5, -128, 127, 0}},               // a left shift
};

template <class Report>
void check_all_pairs(Workspace& w, Report& report) {
  int32_t index = 0;
  for (const Int8Sum& sum : pair_sums) {
    const AddInt8 layer{pair_row, sum};
    const bool in_place = index % 2 == 1;
    const auto plain = [&](int8_t a, int8_t b) { return apply(sum, a, b); };
    const auto even = [&](int8_t a, int8_t b) { return apply_ties_to_even(sum, a, b); };
    report("sums", check_pairs(
                       w, index, in_place, [&](auto... r) { add_int8(layer, r...); }, plain));
    report("sums, ties to even", check_pairs(
                                     w, index, in_place, [&](auto... r) { add_int8_ties_to_even(layer, r...); }, even));
    report("Helium's sums", check_pairs(
                                w, index, in_place, [&](auto... r) { add_int8_mve(layer, r...); }, plain));
    report("Helium's sums, ties to even",
           check_pairs(
               w, index, in_place, [&](auto... r) { add_int8_ties_to_even_mve(layer, r...); }, even));
    ++index;
  }
  index = 0;
  for (const Int8Product& product : pair_products) {
    const MultiplyInt8 layer{pair_row, product};
    const bool in_place = index % 2 == 1;
    const auto plain = [&](int8_t a, int8_t b) { return apply(product, a, b); };
    report("products", check_pairs(
                           w, index, in_place, [&](auto... r) { multiply_int8(layer, r...); }, plain));
    if (product.out.ties_to_even == 0 && product.out.left_shift == 0) {
      report("common products", check_pairs(
                                    w, index, in_place, [&](auto... r) { multiply_int8_common(layer, r...); }, plain));
      report("Helium's products", check_pairs(
                                      w, index, in_place, [&](auto... r) { multiply_int8_mve(layer, r...); }, plain));
    }
    ++index;
  }
}

// Operands that repeat along the innermost axis, along an outer one, and that lie strided; runs of a few elements.
inline Failure check_broadcast_products(Workspace& w) {
  constexpr int32_t outer = 7, inner = 19;
  const Int8Product& product = pair_products[0];
  constexpr int32_t extents[] = {outer, inner}, dense[] = {inner, 1};
  constexpr int32_t others[][2] = {{0, 1}, {1, 0}, {inner, 1}, {1, outer}};
  Random random(1);
  int8_t* const to = w.result;
  for (int32_t i = 0; i < outer * inner; ++i) {
    w.input[i] = int8_t(random.between(-128, 127));
    w.weights[i] = int8_t(random.between(-128, 127));
  }
  int32_t index = 0;
  for (const auto& strides : others) {
    for (int32_t swapped = 0; swapped < 2; ++swapped) {
      const MultiplyInt8Broadcast layer{
          {2, extents, swapped ? strides : dense, swapped ? dense : strides, nullptr, 0, 0}, product};
      const int8_t *a = swapped ? w.weights : w.input, *b = swapped ? w.input : w.weights;
      for (int32_t helium = 0; helium < 2; ++helium) {
        clear(w);
        if (helium)
          multiply_int8_mve_broadcast(layer, a, b, to);
        else
          multiply_int8_common_broadcast(layer, a, b, to);
        for (int32_t i = 0; i < outer * inner; ++i) {
          const int8_t other = w.weights[i / inner * strides[0] + i % inner * strides[1]], x = w.input[i];
          const int8_t expected = swapped ? apply(product, other, x) : apply(product, x, other);
          if (w.result[i] != expected) return {"broadcast product", index, i};
        }
        if (w.result[outer * inner] != untouched) return {"behind the products", index, helium};
      }
    }
    ++index;
  }
  return {};
}

// Rows of 1 to 40 bytes of all values, in place and not.
inline Failure check_tables(Workspace& w) {
  for (int32_t i = 0; i < 256; ++i) w.weights[i] = int8_t(i * 7 + 3);
  for (int32_t row = 1; row <= 40; ++row)
    for (int32_t kind = 0; kind < 4; ++kind) {
      const bool helium = kind % 2 == 1, in_place = kind >= 2;
      const Table layer{row, reinterpret_cast<const uint8_t*>(w.weights)};
      clear(w);
      int8_t* const from = in_place ? w.result : w.input;
      constexpr int32_t rows = 9;
      for (int32_t i = 0; i < rows * row; ++i) from[i] = int8_t(i + row);
      const RowRing in = rows_at(from, row, rows), out = rows_at(w.result, row, rows);
      if (helium)
        table_mve(layer, in, out, 0, rows);
      else
        table(layer, in, out, 0, rows);
      for (int32_t i = 0; i < rows * row; ++i)
        if (w.result[i] != int8_t(((i + row) & 0xff) * 7 + 3)) return {"table", row, i};
      if (w.result[rows * row] != untouched) return {"behind the table", row, kind};
    }
  return {};
}

}  // namespace thimble::grid
