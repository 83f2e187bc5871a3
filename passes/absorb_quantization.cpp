// QuantizeLinear(f(DequantizeLinear(a), DequantizeLinear(b), ...)) -> f(a, b, ...), stored as the QuantizeLinear says
// f answers integer_form() for these operands and this storage, or commutes with storing and its operands are stored so
// already. f's real result is read by the QuantizeLinear alone. A float32 bias of a Conv or Gemm becomes an integer
// one. Not exact: f's result is rounded once, not first to float32.
#include <algorithm>

#include "passes/integer_bias.hpp"
#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

// The type of f's result when its operands keep their quantized types; nullopt when f computes.
bool stored_so_already(const Node& f, const std::vector<TensorType>& types, const TensorType& wanted) {
  if (!f.op->commutes_with_storing()) return false;
  const bool alike = std::all_of(types.begin(), types.end(), [&](const TensorType& t) {
    return !is_real(t) && (!is_quantized(t) || storage_of(t) == storage_of(wanted));
  });
  return alike && f.op->infer(types, f.name)[0] == wanted;
}

void absorb(Graph& graph, Node& quantize) {
  const Node* f = sole_producer(graph, quantize.inputs[0]);
  if (!f || f->outputs.size() != 1 || f->stored_as || f->op->is_identity()) return;
  std::vector<Value*> operands;
  for (Value* v : f->inputs) {
    Value* source = quantized_source(v);
    operands.push_back(source ? source : v);
  }
  if (Value* bias = integer_bias(graph, *f)) operands[2] = bias;
  std::vector<TensorType> types;
  for (const Value* v : operands) types.push_back(v->type);
  if (std::none_of(types.begin(), types.end(), is_quantized)) return;
  Value* result = quantize.outputs[0];
  const Storage storage = storage_of(result->type);
  if (stored_so_already(*f, types, result->type))
    replace_by_node(graph, result, f->op, operands);
  else if (f->op->integer_form(types, storage))
    replace_by_node(graph, result, f->op, operands, storage);
}

}  // namespace

void absorb_quantization(Graph& graph, ReportLines&) {
  for (Node* node : graph.nodes())
    if (quantizes(*node)) absorb(graph, *node);
}

}  // namespace thimble::compiler
