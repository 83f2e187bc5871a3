// Types of values: element type, static shape, and quantization, which lives in the type.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thimble::compiler {

using Shape = std::vector<int64_t>;

enum class ElementType : uint8_t { float32, int8, uint8, int16, int32, int64, boolean };

// real = (stored - zero_point) * scale. One scale for the tensor (axis == -1), or one for each index of `axis`.
struct Quantization {
  std::vector<float> scales;
  std::vector<int32_t> zero_points;  // as many as scales
  int axis = -1;
  bool per_axis() const { return axis >= 0; }
  bool operator==(const Quantization&) const = default;
};

struct TensorType {
  ElementType element = ElementType::float32;
  Shape shape;
  std::optional<Quantization> quantization;
  bool operator==(const TensorType&) const = default;
};

// How an operator stores a result that it computes in real numbers: the element type and quantization asked of it.
struct Storage {
  ElementType element = ElementType::int8;
  Quantization quantization;
  bool operator==(const Storage&) const = default;
};

std::string_view name_of(ElementType);
int64_t size_of(ElementType);                      // bytes of one element
bool is_integer(ElementType);                      // int8 ... int64, not boolean
double lowest(ElementType), highest(ElementType);  // the range of stored integers
int64_t element_count(const Shape&);               // 1 for a scalar; stops at the largest int64_t
int64_t byte_size(const TensorType&);
std::string to_string(const Shape&);       // [1,49,10,1]
std::string to_string(const TensorType&);  // int8[1,12] x0.0039-128
// `axis` of a value of this rank made non-negative; throws Error at `where` when it lies outside [-rank, rank).
int64_t normalized_axis(int64_t axis, size_t rank, const std::string& where);
// The shape two operands broadcast to (ONNX multidirectional); throws Error at `where` when they do not.
Shape broadcast_shape(const Shape& a, const Shape& b, const std::string& where);

}  // namespace thimble::compiler
