// Reshape(Reshape(x)) -> Reshape(x)
// Transpose(Transpose(x)) -> Transpose(x), in the order that both make
// f(move(x)) -> move(f(x)), where f is a function of each single element and move only orders elements anew, so that
// transposes meet each other and f meets the layer that makes x
// The inner node of the last form is read by f alone. Exact.
#include "compiler/ops/reshape.hpp"
#include "compiler/ops/transpose.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

template <class Kind>
const Kind* as(const Node& n) {
  return dynamic_cast<const Kind*>(n.op.get());
}

bool orders_anew(const Node& n) {
  return n.op->moves_data() && n.inputs.size() == 1 && n.outputs.size() == 1 &&
         element_count(n.inputs[0]->type.shape) == element_count(n.outputs[0]->type.shape);
}

bool is_function(const Node& n) {
  return n.op->elementwise_unary() && !n.op->is_identity() && n.inputs.size() == 1 && n.outputs.size() == 1;
}

void merge(Graph& graph, Node& node) {
  const Node* inner = node.inputs.empty() ? nullptr : node.inputs[0]->producer;
  if (!inner || !orders_anew(*inner)) return;
  Value *source = inner->inputs[0], *result = node.outputs[0];
  const auto *transpose = as<TransposeOp>(node), *before = as<TransposeOp>(*inner);
  if (as<ReshapeOp>(node) && as<ReshapeOp>(*inner)) {
    replace_by_node(graph, result, node.op, {source});
  } else if (transpose && before) {
    std::vector<int> both;
    for (int axis : transpose->permutation()) both.push_back(before->permutation()[size_t(axis)]);
    replace_by_node(graph, result, std::make_shared<TransposeOp>(both), {source});
  } else if (is_function(node) && sole_producer(graph, node.inputs[0])) {
    Node* moved = graph.insert_before(
        &node, {node.op, {source}, node.name, {graph.unique_name(result->name + "_before_move")}, node.stored_as});
    replace_by_node(graph, result, inner->op, {moved->outputs[0]});
  }
}

}  // namespace

void merge_moves(Graph& graph, ReportLines&) {
  for (Node* node : graph.nodes()) merge(graph, *node);
}

}  // namespace thimble::compiler
