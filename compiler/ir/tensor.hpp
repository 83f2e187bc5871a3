// Constants as stored bytes, and the same numbers as reals for the interpreter.
#pragma once
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "compiler/ir/type.hpp"

namespace thimble::compiler {

template <class T>
constexpr ElementType element_type_of();
template <>
constexpr ElementType element_type_of<float>() {
  return ElementType::float32;
}
template <>
constexpr ElementType element_type_of<int8_t>() {
  return ElementType::int8;
}
template <>
constexpr ElementType element_type_of<uint8_t>() {
  return ElementType::uint8;
}
template <>
constexpr ElementType element_type_of<int16_t>() {
  return ElementType::int16;
}
template <>
constexpr ElementType element_type_of<int32_t>() {
  return ElementType::int32;
}
template <>
constexpr ElementType element_type_of<int64_t>() {
  return ElementType::int64;
}

// Calls f with a zero of the element's C++ type: uint8_t for booleans.
template <class F>
void with_element(ElementType element, F&& f) {
  switch (element) {
    case ElementType::float32:
      return f(float{});
    case ElementType::int8:
      return f(int8_t{});
    case ElementType::uint8:
    case ElementType::boolean:
      return f(uint8_t{});
    case ElementType::int16:
      return f(int16_t{});
    case ElementType::int32:
      return f(int32_t{});
    case ElementType::int64:
      return f(int64_t{});
  }
}

// A constant: row-major elements as the model stores them, little-endian.
struct Tensor {
  TensorType type;
  std::vector<std::byte> bytes;  // byte_size(type)

  template <class T>
  static Tensor of(Shape shape, const std::vector<T>& values, std::optional<Quantization> q = {}) {
    Tensor t{{element_type_of<T>(), std::move(shape), std::move(q)}, std::vector<std::byte>(values.size() * sizeof(T))};
    if (!values.empty()) std::memcpy(t.bytes.data(), values.data(), t.bytes.size());
    return t;
  }
  template <class T>
  std::span<const T> as() const {  // T must be the stored element type
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  int64_t integer(int64_t i) const;  // stored integer element i, of any integer type or boolean
  bool operator==(const Tensor&) const = default;
};

// Real numbers, row-major. What an op's eval() works on.
struct RealTensor {
  Shape shape;
  std::vector<double> values;
};

RealTensor to_real(const Tensor&);  // dequantizes where the type is quantized
// Stores reals in `type`: rounds half to even and saturates for integers, quantizes where the type is quantized.
Tensor from_real(const RealTensor&, const TensorType& type);

}  // namespace thimble::compiler
