// f(x) -> x
// For nodes that store the same numbers in the same type: identities (Cast or QuantizeLinear to the type it has),
// clamps that let all through, Reshape to the same shape, Transpose that moves no axis. Exact.
#include <algorithm>

#include "compiler/ops/reshape.hpp"
#include "compiler/ops/transpose.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

bool does_nothing(const Node& n) {
  if (n.inputs.empty() || n.outputs.size() != 1 || !(n.inputs[0]->type == n.outputs[0]->type)) return false;
  if (n.op->is_identity() || dynamic_cast<const ReshapeOp*>(n.op.get())) return true;
  if (const auto* transpose = dynamic_cast<const TransposeOp*>(n.op.get()))
    return std::is_sorted(transpose->permutation().begin(), transpose->permutation().end());
  const auto range = n.op->clamp_range();
  return range && range->open();
}

}  // namespace

void remove_noops(Graph& graph, ReportLines&) {
  for (Node* node : graph.nodes())
    if (does_nothing(*node) && can_replace(graph, node->outputs[0], node->inputs[0]))
      replace(graph, node->outputs[0], node->inputs[0]);
}

}  // namespace thimble::compiler
