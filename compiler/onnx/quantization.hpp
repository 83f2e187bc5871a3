// Carries quantization back to where a model's integers come from, before its nodes are read.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "compiler/ir/type.hpp"

namespace onnx {
class GraphProto;
class NodeProto;
}  // namespace onnx

namespace thimble::compiler {

// Quantization by value name: a node that declares it for its operand (DequantizeLinear) has it carried from there back
// over nodes that only move data. Where two declarations differ the first in the order of nodes holds; quantization
// along an axis is not carried on, for that axis may be another one before a node. `declares` asks a node's op.
std::map<std::string, Quantization> carried_quantization(
    const onnx::GraphProto& graph, const std::function<std::optional<Quantization>(const onnx::NodeProto&)>& declares);

}  // namespace thimble::compiler
