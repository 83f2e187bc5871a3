// The inner products of the float kernels against sums in double precision. Needs no C++ library: the same checks run
// on the host and on a board.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/arch/float_products.hpp"

namespace thimble::grid {

constexpr int32_t longest_products = 21;

struct FloatOperands {
  float values[longest_products * 13 + 8], others[longest_products], weights[longest_products * 8], start[8],
      result[10];
  explicit FloatOperands(uint32_t seed) {
    Random random(seed);
    const auto fill = [&](auto& numbers) {
      for (float& v : numbers) v = float(random.between(-1000, 1000)) / 512;
    };
    fill(values), fill(others), fill(weights), fill(start), fill(result);
  }
};

// Whether result[k] is start[k] + sum over i of values[i * step + k * lane] * weights[i * lanes + k].
inline bool float_sums_right(const FloatOperands& o, const float* result, const float* values, int32_t lanes,
                             int32_t step, int32_t lane, int32_t n) {
  for (int32_t k = 0; k < lanes; ++k) {
    double sum = double(o.start[k]);
    for (int32_t i = 0; i < n; ++i) sum += double(values[i * step + k * lane]) * double(o.weights[i * lanes + k]);
    const double error = double(result[k]) - sum;
    if (!(error < 1e-4 && error > -1e-4)) return false;
  }
  return true;
}

inline Failure check_float_products() {
  for (int32_t n = 0; n <= longest_products; ++n) {
    FloatOperands o(uint32_t(n + 1));
    const float untouched = o.result[4], last = o.result[8];
    four_sums(o.start, o.values, o.weights, n, o.result);
    if (!float_sums_right(o, o.result, o.values, 4, 1, 0, n)) return {"four sums", 0, n};
    if (o.result[4] != untouched) return {"more than four sums", 0, n};
    four_sums_of_2({o.start, o.values, o.result}, {o.start, o.others, o.result + 4}, o.weights, n);
    if (!float_sums_right(o, o.result, o.values, 4, 1, 0, n)) return {"four sums of the first pixel", 0, n};
    if (!float_sums_right(o, o.result + 4, o.others, 4, 1, 0, n)) return {"four sums of the second pixel", 0, n};
    for (int32_t step = 8; step <= 13; step += 5) {
      if (n == 0) continue;
      eight_taps(o.start, o.values, step, o.weights, n, o.result);
      if (!float_sums_right(o, o.result, o.values, 8, step, 1, n)) return {"eight taps", step, n};
    }
    if (o.result[8] != last) return {"more than eight sums", 0, n};
  }
  return {};
}

}  // namespace thimble::grid
