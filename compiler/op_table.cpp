// The table of ops, from ops.inc.
#include "compiler/import_node.hpp"

namespace thimble::compiler {

#define THIMBLE_OP(onnx_name, import, moves_data, declares, notes) void import(ImportNode&);
#include "compiler/ops/ops.inc"
#undef THIMBLE_OP
std::optional<Quantization> declared_quantization(ImportNode&);  // of DequantizeLinear

const std::vector<OpEntry>& op_table() {
  static const std::vector<OpEntry> table = {
#define THIMBLE_OP(onnx_name, import, moves_data, declares, notes) {#onnx_name, import, moves_data, declares, notes},
#include "compiler/ops/ops.inc"
#undef THIMBLE_OP
  };
  return table;
}

const OpEntry* find_op(const std::string& onnx_name) {
  for (const OpEntry& e : op_table())
    if (onnx_name == e.onnx_name) return &e;
  return nullptr;
}

}  // namespace thimble::compiler
