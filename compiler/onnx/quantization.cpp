// One walk back for each declaration.
#include "compiler/onnx/quantization.hpp"

#include <onnx/onnx_pb.h>

#include "compiler/import_node.hpp"

namespace thimble::compiler {

std::map<std::string, Quantization> carried_quantization(
    const onnx::GraphProto& graph, const std::function<std::optional<Quantization>(const onnx::NodeProto&)>& declares) {
  std::map<std::string, const onnx::NodeProto*> moved_by;  // value name -> the node that moves data there
  std::map<std::string, Quantization> declared;
  for (const auto& node : graph.node()) {
    const OpEntry* op = node.domain().empty() ? find_op(node.op_type()) : nullptr;
    if (!op || node.input_size() == 0 || node.output_size() == 0) continue;
    if (op->moves_data) moved_by[node.output(0)] = &node;
    if (!op->declares) continue;
    const auto quantization = declares(node);
    if (!quantization) continue;
    std::string value = node.input(0);
    while (declared.emplace(value, *quantization).second && !quantization->per_axis()) {
      const auto by = moved_by.find(value);
      if (by == moved_by.end()) break;
      value = by->second->input(0);
    }
  }
  return declared;
}

}  // namespace thimble::compiler
