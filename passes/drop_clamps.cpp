// QuantizeLinear(clamp(x)) -> QuantizeLinear(x)
// clamp(DequantizeLinear(x)) -> DequantizeLinear(x)
// For a clamp (Relu, Clip) that lets through all that the quantized type can hold: storing saturates at the same two
// numbers. In the first form the clamp is read by the QuantizeLinear alone. Exact.
#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

bool lets_all_through(const Node& clamp, const TensorType& stored) {
  const auto range = clamp.op->clamp_range();
  if (!range || stored.quantization->per_axis()) return false;
  const ClampRange all = representable(stored);
  return range->low <= all.low && range->high >= all.high;
}

}  // namespace

void drop_clamps(Graph& graph, ReportLines&) {
  for (Node* node : graph.nodes()) {
    if (quantizes(*node)) {
      const Node* clamp = sole_producer(graph, node->inputs[0]);
      if (clamp && clamp->op->clamp_range() && lets_all_through(*clamp, node->outputs[0]->type) &&
          is_real(clamp->inputs[0]->type))
        graph.set_input(node, 0, clamp->inputs[0]);
    } else if (node->op->clamp_range() && is_real(node->outputs[0]->type)) {
      const Value* source = quantized_source(node->inputs[0]);
      if (source && lets_all_through(*node, source->type) && can_replace(graph, node->outputs[0], node->inputs[0]))
        replace(graph, node->outputs[0], node->inputs[0]);
    }
  }
}

}  // namespace thimble::compiler
