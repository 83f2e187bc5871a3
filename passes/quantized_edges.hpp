// Where numbers change between real and quantized storage: what QuantizeLinear and DequantizeLinear do, told by types.
#pragma once
#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

// An int8, uint8 or other integer type with quantization.
bool is_quantized(const TensorType&);
// A float32 type.
bool is_real(const TensorType&);

// Nodes that change nothing but the storage: from real to quantized, back, and between two quantized types.
bool quantizes(const Node&);
bool dequantizes(const Node&);
bool requantizes(const Node&);

// The storage a quantized type describes.
Storage storage_of(const TensorType&);

// The quantized value that `value` was dequantized from; null when it was not.
Value* quantized_source(const Value* value);

// The real numbers that the stored range of a quantized type (one scale) stands for.
ClampRange representable(const TensorType&);

}  // namespace thimble::compiler
