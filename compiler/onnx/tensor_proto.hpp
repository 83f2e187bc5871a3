// ONNX's element types and tensors as ours.
#pragma once
#include <optional>
#include <string>

#include "compiler/ir/tensor.hpp"

namespace onnx {
class TensorProto;
class TypeProto;
}  // namespace onnx

namespace thimble::compiler {

// Our element type for ONNX's number of one: float16, bfloat16 and double become float32, int4 and int2 int8, uint4 and
// uint2 uint8. Absent where there is none (strings, complex numbers, 16 bits and more without a sign, 8-bit floats).
std::optional<ElementType> element_type(int onnx_type);
// Whether values that are made at run time may have this type: types that only store constants may not.
bool runs_as(int onnx_type);
// "float16": ONNX's own name, for messages.
std::string onnx_type_name(int onnx_type);

// Elements that a tensor's dimensions call for. Throws Error at `where` for a negative dimension and for more than the
// largest constant (1 GiB).
int64_t checked_element_count(const onnx::TensorProto&, const std::string& where);
// Bytes of raw data for this many elements of ONNX's element type: 4-bit and 2-bit elements are packed. 0 for types of
// no fixed size.
int64_t raw_bytes(int onnx_type, int64_t elements);

// Throws Error at `where` when the type is not supported, the data are not as many as the dimensions say, or a number
// does not fit its type.
Tensor to_tensor(const onnx::TensorProto&, const std::string& where);

// Absent when it is no tensor, the element type is not supported, or a dimension is unknown.
std::optional<TensorType> to_type(const onnx::TypeProto&);

}  // namespace thimble::compiler
