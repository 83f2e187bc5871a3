// Edits that keep the names of values.
#include "passes/rewrite.hpp"

#include <algorithm>
#include <iterator>

namespace thimble::compiler {

namespace {

bool is_input(const Graph& graph, const Value* value) {
  return std::find(graph.inputs.begin(), graph.inputs.end(), value) != graph.inputs.end();
}

// Nodes that a rewrite has replaced stay until the sweep; chains of them are no longer than a rewrite's pattern.
constexpr int deepest_rewrite = 6;

bool is_dead(const Graph& graph, const Node* node, int depth) {
  if (depth == 0) return false;
  return std::all_of(node->outputs.begin(), node->outputs.end(), [&](const Value* v) {
    return !graph.is_output(v) &&
           std::all_of(v->users.begin(), v->users.end(), [&](const Node* n) { return is_dead(graph, n, depth - 1); });
  });
}

// `with` is new and stands for `old`: it takes its readers, and its name in any case.
void take_over(Graph& graph, Value* old, Value* with) {
  const bool renamed = graph.is_output(old);  // replace_uses swaps the names itself
  graph.replace_uses(old, with);
  if (!renamed) std::swap(old->name, with->name);
}

}  // namespace

bool can_replace(const Graph& graph, const Value* old, const Value* with) {
  if (old == with || !(old->type == with->type)) return false;
  return !graph.is_output(old) || !(graph.is_output(with) || is_input(graph, with) || with->is_constant());
}

void replace(Graph& graph, Value* old, Value* with) {
  graph.replace_uses(old, with);
}

Node* replace_by_node(Graph& graph, Value* old, OpPtr op, std::vector<Value*> inputs,
                      std::optional<Storage> stored_as) {
  Node* at = old->producer;
  Node* made = graph.insert_before(
      at, {std::move(op), std::move(inputs), at->name, {graph.unique_name(old->name)}, std::move(stored_as)});
  take_over(graph, old, made->outputs[0]);
  return made;
}

void replace_by_constant(Graph& graph, Value* old, Tensor tensor) {
  Value* made = graph.add_constant(graph.unique_name(old->name), std::move(tensor));
  take_over(graph, old, made);
}

std::vector<Node*> readers(const Graph& graph, const Value* value) {
  std::vector<Node*> live;
  std::copy_if(value->users.begin(), value->users.end(), std::back_inserter(live),
               [&](const Node* n) { return !is_dead(graph, n, deepest_rewrite); });
  return live;
}

Node* sole_reader(const Graph& graph, const Value* value) {
  if (graph.is_output(value)) return nullptr;
  const std::vector<Node*> live = readers(graph, value);
  return live.size() == 1 ? live[0] : nullptr;
}

Node* sole_producer(const Graph& graph, const Value* value) {
  return value->producer && sole_reader(graph, value) ? value->producer : nullptr;
}

}  // namespace thimble::compiler
