// Element by element.
#include "compiler/verify/compare.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

Difference compare_floats(std::span<const float> made, std::span<const float> reference) {
  double scale = 0;
  for (float r : reference)
    if (std::isfinite(r)) scale = std::max(scale, std::abs(double(r)));
  Difference d;
  d.total = int64_t(reference.size());
  for (size_t i = 0; i < reference.size(); ++i) {
    const double m = made[i], r = reference[i];
    if (std::isnan(r) || std::isinf(r)) {
      d.equal += std::isnan(r) ? std::isnan(m) : m == r;
      continue;
    }
    const double error = std::abs(m - r);
    d.equal += error <= 1e-3 * std::abs(r) + 1e-5 * scale;  // false for a NaN
    d.max_abs_error = std::isnan(error) ? HUGE_VAL : std::max(d.max_abs_error, error);
  }
  d.within_tolerance = d.equal == d.total;
  return d;
}

}  // namespace

void Difference::add(const Difference& other) {
  total += other.total;
  equal += other.equal;
  max_abs_error = std::max(max_abs_error, other.max_abs_error);
  within_tolerance = within_tolerance && other.within_tolerance;
}

Difference compare(const Tensor& made, const Tensor& reference) {
  ensure(made.type.element == reference.type.element && made.type.shape == reference.type.shape,
         "compare: the types differ");
  if (made.type.element == ElementType::float32) return compare_floats(made.as<float>(), reference.as<float>());
  Difference d;
  d.total = element_count(reference.type.shape);
  for (int64_t i = 0; i < d.total; ++i) {
    const double steps = std::abs(double(made.integer(i)) - double(reference.integer(i)));
    d.equal += steps == 0;
    d.max_abs_error = std::max(d.max_abs_error, steps);
  }
  d.within_tolerance = d.max_abs_error <= 1;
  return d;
}

}  // namespace thimble::compiler
