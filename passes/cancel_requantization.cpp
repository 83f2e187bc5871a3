// QuantizeLinear(DequantizeLinear(x)) -> x
// Where both are of one type. Exact: a stored number times its scale, rounded to float32 and divided by the scale
// again, is well within half a step of itself. Different types are a rescale, which becomes a table.
#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

void cancel_requantization(Graph& graph, ReportLines&) {
  for (Node* node : graph.nodes()) {
    if (!quantizes(*node)) continue;
    Value* source = quantized_source(node->inputs[0]);
    if (source && can_replace(graph, node->outputs[0], source)) replace(graph, node->outputs[0], source);
  }
}

}  // namespace thimble::compiler
