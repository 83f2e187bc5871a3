// Conversions between stored tensors and reals.
#include "compiler/ir/tensor.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

// Index into the scales for element i.
struct ScaleIndex {
  int64_t inner = 1, count = 1;
  ScaleIndex(const TensorType& t) {
    if (!t.quantization || !t.quantization->per_axis()) return;
    const size_t axis = size_t(t.quantization->axis);
    count = t.shape[axis];
    for (size_t k = axis + 1; k < t.shape.size(); ++k) inner *= t.shape[k];
  }
  size_t operator()(int64_t i) const { return size_t(i / inner % count); }
};

}  // namespace

int64_t Tensor::integer(int64_t i) const {
  int64_t v = 0;
  with_element(type.element, [&](auto zero) {
    using T = decltype(zero);
    T x;
    std::memcpy(&x, bytes.data() + size_t(i) * sizeof(T), sizeof(T));
    v = int64_t(x);
  });
  return v;
}

RealTensor to_real(const Tensor& t) {
  RealTensor r{t.type.shape, {}};
  const int64_t n = element_count(t.type.shape);
  r.values.resize(size_t(n));
  with_element(t.type.element, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0; i < n; ++i) {
      T x;
      std::memcpy(&x, t.bytes.data() + size_t(i) * sizeof(T), sizeof(T));
      r.values[size_t(i)] = double(x);
    }
  });
  if (!t.type.quantization) return r;
  const Quantization& q = *t.type.quantization;
  const ScaleIndex index(t.type);
  for (int64_t i = 0; i < n; ++i) {
    const size_t k = index(i);
    r.values[size_t(i)] = (r.values[size_t(i)] - q.zero_points[k]) * double(q.scales[k]);
  }
  return r;
}

Tensor from_real(const RealTensor& r, const TensorType& type) {
  const int64_t n = element_count(type.shape);
  ensure(int64_t(r.values.size()) == n, "from_real: element count differs from the type's");
  Tensor t{type, std::vector<std::byte>(size_t(byte_size(type)))};
  const ScaleIndex index(type);
  with_element(type.element, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0; i < n; ++i) {
      double v = r.values[size_t(i)];
      if (type.quantization) {
        const size_t k = index(i);
        v = std::nearbyint(v / double(type.quantization->scales[k])) + type.quantization->zero_points[k];
      }
      T x;
      if constexpr (std::is_floating_point_v<T>)
        x = T(v);
      else
        x = std::isnan(v)                ? T(0)
            : v >= highest(type.element) ? T(std::numeric_limits<T>::max())
            : v <= lowest(type.element)  ? T(lowest(type.element))
                                         : T(std::nearbyint(v));
      if (type.element == ElementType::boolean) x = T(v != 0);
      std::memcpy(t.bytes.data() + size_t(i) * sizeof(T), &x, sizeof(T));
    }
  });
  return t;
}

}  // namespace thimble::compiler
