// Reshape(Reshape(x)) -> Reshape(x)
// Transpose(Transpose(x)) -> Transpose(x), in the order that both make
// f(move(x)) -> move(f(x)), where f is a function of each single element and move only orders elements anew, so that
// transposes meet each other and f meets the layer that makes x
// f(Transpose(a), Transpose(b), c) -> Transpose(f(a, b, c')), where f is elementwise, both make the same order, and c'
// is the constant c in the order before clamp(pick(layer)) -> pick(clamp(layer)), where pick commutes with storing
// (MaxPool, Pad ...), clamp lets 0 through, and the layer can take it over The inner node of the last two forms is read
// by f or clamp alone. Exact.
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

// The constant `c`, which broadcasts to values whose axes are in the order of `permutation`, with its axes as they were
// before.
Value* order_before(Graph& graph, Value* c, const std::vector<int>& permutation) {
  if (element_count(c->type.shape) == 1) return c;
  Shape shape = c->type.shape, before(permutation.size());
  shape.insert(shape.begin(), permutation.size() - shape.size(), 1);
  std::vector<int> inverse(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i) inverse[size_t(permutation[i])] = int(i);
  for (size_t i = 0; i < inverse.size(); ++i) before[i] = shape[size_t(inverse[i])];
  RealTensor numbers = to_real(*c->constant);
  numbers.shape = shape;
  const RealTensor moved = TransposeOp(inverse).eval(std::vector<RealTensor>{numbers})[0];
  return graph.add_constant(graph.unique_name(c->name),
                            from_real(moved, {c->type.element, before, c->type.quantization}));
}

// Transposes of all operands of an elementwise node that are no constants pass to its result.
bool pass_all(Graph& graph, Node& node) {
  if (node.inputs.size() < 2 || node.outputs.size() != 1 || !node.op->channelwise()) return false;
  const TransposeOp* transpose = nullptr;
  for (const Value* v : node.inputs) {
    if (v->is_constant() && !(v->type.quantization && v->type.quantization->per_axis())) continue;
    const Node* producer = v->type.shape == node.outputs[0]->type.shape ? sole_producer(graph, v) : nullptr;
    const auto* own = producer ? as<TransposeOp>(*producer) : nullptr;
    if (!own || (transpose && transpose->permutation() != own->permutation())) return false;
    transpose = own;
  }
  if (!transpose) return false;
  std::vector<Value*> operands;
  for (Value* v : node.inputs)
    operands.push_back(v->is_constant() ? order_before(graph, v, transpose->permutation()) : v->producer->inputs[0]);
  Value* result = node.outputs[0];
  Node* moved = graph.insert_before(
      &node, {node.op, operands, node.name, {graph.unique_name(result->name + "_before_move")}, node.stored_as});
  replace_by_node(graph, result, std::make_shared<TransposeOp>(transpose->permutation()), {moved->outputs[0]});
  return true;
}

// Whether `f`, which reads what `inner` makes, may as well read what `inner` reads, and gains by it.
bool passes(const Graph& graph, const Node& f, const Node& inner) {
  if (!is_function(f) || !sole_producer(graph, f.inputs[0])) return false;
  if (orders_anew(inner)) return true;
  const auto range = f.op->clamp_range();
  if (!range || range->low > 0 || range->high < 0 || !inner.op->commutes_with_storing()) return false;
  if (inner.inputs.size() != 1 || inner.outputs.size() != 1) return false;
  const Node* layer = sole_producer(graph, inner.inputs[0]);
  return layer && !layer->op->commutes_with_storing() && layer->op->with_clamp(*range);
}

void merge(Graph& graph, Node& node) {
  if (pass_all(graph, node)) return;
  const Node* inner = node.inputs.empty() ? nullptr : node.inputs[0]->producer;
  if (!inner || inner->inputs.empty()) return;
  Value *source = inner->inputs[0], *result = node.outputs[0];
  const auto *transpose = as<TransposeOp>(node), *before = as<TransposeOp>(*inner);
  if (as<ReshapeOp>(node) && as<ReshapeOp>(*inner)) {
    replace_by_node(graph, result, node.op, {source});
  } else if (transpose && before) {
    std::vector<int> both;
    for (int axis : transpose->permutation()) both.push_back(before->permutation()[size_t(axis)]);
    replace_by_node(graph, result, std::make_shared<TransposeOp>(both), {source});
  } else if (passes(graph, node, *inner)) {
    Node* moved = graph.insert_before(
        &node, {node.op, {source}, node.name, {graph.unique_name(result->name + "_before_move")}, node.stored_as});
    replace_by_node(graph, result, inner->op, {moved->outputs[0]});
    merge(graph, *moved);
  }
}

}  // namespace

void merge_moves(Graph& graph, ReportLines&) {
  for (Node* node : graph.nodes()) merge(graph, *node);
}

}  // namespace thimble::compiler
