// op(constants) -> constant
// fold_constants leaves ops that do not fold early (DequantizeLinear of weights, which an integer layer may want as
// they are); fold_all_constants takes those too. A result over 64 MB stays: it would be weights that nobody stored.
#include "compiler/interpret.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

constexpr int64_t largest_result = 64 << 20;  // bytes

bool folds(const Node& node, bool late) {
  if (!late && !node.op->folds_early()) return false;
  for (const Value* v : node.inputs)
    if (!v->is_constant()) return false;
  for (const Value* v : node.outputs)
    if (byte_size(v->type) > largest_result) return false;
  return true;
}

void fold(Graph& graph, bool late) {
  for (Node* node : graph.nodes()) {
    if (!folds(*node, late)) continue;
    std::vector<const Tensor*> operands;
    for (const Value* v : node->inputs) operands.push_back(v->constant.get());
    std::vector<Tensor> results = evaluate(*node, operands);
    for (size_t i = 0; i < results.size(); ++i) replace_by_constant(graph, node->outputs[i], std::move(results[i]));
  }
}

}  // namespace

void fold_constants(Graph& graph, ReportLines&) {
  fold(graph, false);
}

void fold_all_constants(Graph& graph, ReportLines&) {
  fold(graph, true);
}

}  // namespace thimble::compiler
