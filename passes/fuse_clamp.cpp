// y = clamp(f(x)) -> y = f'(x), where f' clips its result itself
// clamp is any op with a clamp_range() (Relu, Clip), f any op that answers with_clamp(). f(x) is read by the clamp
// alone and is no output; both are stored alike. Not into an f that commutes with storing (MaxPool) when a
// QuantizeLinear follows, which shall meet what f reads. Exact: the same comparison of the same number, before it is
// stored.
#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

void fuse_clamp(Graph& graph, ReportLines&) {
  for (Node* clamp : graph.nodes()) {
    const auto range = clamp->op->clamp_range();
    if (!range || clamp->inputs.size() != 1) continue;
    const Node* producer = sole_producer(graph, clamp->inputs[0]);
    if (!producer || producer->outputs.size() != 1) continue;
    if (!(producer->outputs[0]->type == clamp->outputs[0]->type)) continue;
    const Node* reader = sole_reader(graph, clamp->outputs[0]);
    if (reader && quantizes(*reader) && producer->op->commutes_with_storing()) continue;
    const OpPtr clipped = producer->op->with_clamp(*range);
    if (!clipped) continue;
    replace_by_node(graph, clamp->outputs[0], clipped, producer->inputs, producer->stored_as);
  }
}

}  // namespace thimble::compiler
