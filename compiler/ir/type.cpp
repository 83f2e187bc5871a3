// Element types, shapes and their printed forms.
#include "compiler/ir/type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {
struct Facts {
  std::string_view name;
  int64_t size;
  double lowest, highest;
};
constexpr double int64_limit = 9223372036854775807.0;
constexpr Facts facts[] = {{"float32", 4, -3.4028234663852886e38, 3.4028234663852886e38},
                           {"int8", 1, -128, 127},
                           {"uint8", 1, 0, 255},
                           {"int16", 2, -32768, 32767},
                           {"int32", 4, -2147483648.0, 2147483647.0},
                           {"int64", 8, -int64_limit, int64_limit},
                           {"bool", 1, 0, 1}};
const Facts& of(ElementType e) {
  return facts[size_t(e)];
}
// Both are 0 or more.
int64_t saturating_product(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}
}  // namespace

std::string_view name_of(ElementType e) {
  return of(e).name;
}
int64_t size_of(ElementType e) {
  return of(e).size;
}
bool is_integer(ElementType e) {
  return e != ElementType::float32 && e != ElementType::boolean;
}
double lowest(ElementType e) {
  return of(e).lowest;
}
double highest(ElementType e) {
  return of(e).highest;
}

int64_t element_count(const Shape& shape) {
  int64_t n = 1;
  for (int64_t d : shape) n = saturating_product(n, d);
  return n;
}

int64_t byte_size(const TensorType& type) {
  return saturating_product(element_count(type.shape), size_of(type.element));
}

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ","));
}

std::string to_string(const TensorType& type) {
  std::string text = fmt::format("{}{}", name_of(type.element), to_string(type.shape));
  if (!type.quantization) return text;
  const Quantization& q = *type.quantization;
  if (q.per_axis()) return text + fmt::format(" quantized along axis {}", q.axis);
  return text + fmt::format(" x{}{:+}", q.scales[0], q.zero_points[0]);
}

int64_t normalized_axis(int64_t axis, size_t rank, const std::string& where) {
  const int64_t r = int64_t(rank);
  if (axis < -r || axis >= r)
    throw Error(where, fmt::format("axis {} lies outside a value of rank {}", axis, r),
                fmt::format("Give an axis from {} to {}.", -r, r - 1));
  return axis < 0 ? axis + r : axis;
}

Shape broadcast_shape(const Shape& a, const Shape& b, const std::string& where) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t da = i < out.size() - a.size() ? 1 : a[i - (out.size() - a.size())];
    const int64_t db = i < out.size() - b.size() ? 1 : b[i - (out.size() - b.size())];
    if (da != db && da != 1 && db != 1)
      throw Error(where, fmt::format("operands of shapes {} and {} do not broadcast", to_string(a), to_string(b)),
                  "Each pair of dimensions must be equal, or one of them 1.");
    out[i] = da == 1 ? db : da;
  }
  return out;
}

}  // namespace thimble::compiler
