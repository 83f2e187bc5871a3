// layers over channels that always hold the same number, or that nobody reads -> the same layers without them
// On integer layers (int8): an output of a Conv or Gemm whose weights are zero, or meet constant inputs only, is a
// constant; so is what channelwise ops make of it. A constant input goes into the bias (exact in int32) where padding
// taps, which carry the zero point, leave the sum alike at every place. Channels that meet only zero weights go as
// well. Conv, Gemm, channelwise ops (pools, Add ...), Reshape and Transpose take part; every other reader or maker
// keeps its channels, so do the graph's inputs and outputs, and every value keeps one. Exact: no channel that remains
// changes.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/ops/reshape.hpp"
#include "passes/channel_facts.hpp"
#include "passes/passes.hpp"

namespace thimble::compiler {

namespace {

class Elimination {
 public:
  explicit Elimination(Graph& graph) : graph_(graph), facts_(graph) {}

  // Channels removed from results of layers: those that always hold one number, and those that nobody reads.
  struct Removed {
    int64_t constant = 0, unread = 0;
  };
  Removed run() {
    choose();
    Removed count;
    for (const auto& [node, layer] : facts_.layers())
      for (int64_t m = 0; m < layer.outputs; ++m)
        if (is_removed(node->outputs[0], m))
          ++(facts_.of(node->outputs[0]).constants[size_t(m)] ? count.constant : count.unread);
    for (Node* node : graph_.nodes())
      if (touched(*node)) rewrite(*node);
    return count;
  }

 private:
  bool is_removed(const Value* v, int64_t channel) const { return removed_.count(facts_.set_of(v, channel)) > 0; }

  // Channels of `v` that stay.
  std::vector<int64_t> kept(const Value* v) const {
    std::vector<int64_t> all;
    for (int64_t c = 0; c < int64_t(facts_.of(v).sets.size()); ++c)
      if (!is_removed(v, c)) all.push_back(c);
    return all;
  }

  bool shrinks(const Value* v) const { return facts_.knows(v) && kept(v).size() < facts_.of(v).sets.size(); }
  bool touched(const Node& n) const {
    const auto smaller = [&](const Value* v) { return shrinks(v); };
    return std::any_of(n.inputs.begin(), n.inputs.end(), smaller) ||
           std::any_of(n.outputs.begin(), n.outputs.end(), smaller);
  }

  bool can_lose(const Node&, const SummingLayer&, int64_t input) const;
  std::set<int> needed() const;
  void choose();
  Node* smaller_layer(Node&, const SummingLayer&);
  Node* smaller_other(Node&);
  void rewrite(Node&);
  Value* current(Value* v) const {
    const auto it = smaller_.find(v);
    return it == smaller_.end() ? v : it->second;
  }

  Graph& graph_;
  ChannelFacts facts_;
  std::set<int> removed_;             // sets of channels
  std::map<Value*, Value*> smaller_;  // values that have lost channels
};

// Whether the layer's outputs that stay can do without this input channel.
bool Elimination::can_lose(const Node& node, const SummingLayer& layer, int64_t input) const {
  const auto& constant = facts_.of(node.inputs[0]).constants[size_t(input)];
  for (int64_t m = 0; m < layer.outputs; ++m) {
    if (is_removed(node.outputs[0], m) || !layer.reads(m, input)) continue;
    if (!constant || !layer.contribution(m, input, *constant)) return false;
  }
  return true;
}

// Sets of channels that a layer's outputs that stay are made from. Depthwise layers ask for nothing: their outputs go
// with their inputs.
std::set<int> Elimination::needed() const {
  std::set<int> all;
  for (const auto& [node, layer] : facts_.layers())
    for (int64_t c = 0; c < layer.inputs && !layer.depthwise; ++c)
      if (const int set = facts_.set_of(node->inputs[0], c); all.count(set) == 0 && !can_lose(*node, layer, c))
        all.insert(set);
  return all;
}

// Fewer outputs need fewer inputs, so until nothing changes.
void Elimination::choose() {
  std::map<int, std::map<const Value*, size_t>> members;  // channels of each value in each set
  std::map<const Value*, size_t> left;
  for (const Value* v : graph_.values())
    for (size_t c = 0; facts_.knows(v) && c < facts_.of(v).sets.size(); ++c) {
      ++members[facts_.set_of(v, int64_t(c))][v];
      ++left[v];
    }
  for (bool changed = true; changed;) {
    changed = false;
    const std::set<int> keep = needed();
    for (const auto& [set, counts] : members) {
      const bool empties =
          std::any_of(counts.begin(), counts.end(), [&](const auto& e) { return left[e.first] <= e.second; });
      if (facts_.pinned(set) || empties || removed_.count(set) > 0 || keep.count(set) > 0) continue;
      for (const auto& [v, n] : counts) left[v] -= n;
      removed_.insert(set);
      changed = true;
    }
  }
}

Node* Elimination::smaller_layer(Node& node, const SummingLayer& layer) {
  const Value* in = node.inputs[0];
  const std::vector<int64_t> outputs = kept(node.outputs[0]);
  std::vector<int64_t> added(outputs.size());
  for (size_t i = 0; i < outputs.size() && !layer.depthwise; ++i)
    for (int64_t c = 0; c < layer.inputs; ++c)
      if (is_removed(in, c) && layer.reads(outputs[i], c))
        added[i] += *layer.contribution(outputs[i], c, *facts_.of(in).constants[size_t(c)]);
  return with_channels(graph_, node, current(node.inputs[0]), outputs, kept(in), added);
}

Node* Elimination::smaller_other(Node& node) {
  const Value* old = node.outputs[0];
  std::vector<Value*> operands;
  for (Value* v : node.inputs) operands.push_back(current(v));
  OpPtr op = node.op;
  if (dynamic_cast<const ReshapeOp*>(op.get())) {
    Shape shape = old->type.shape;
    shape[size_t(facts_.of(old).axis)] = int64_t(kept(old).size());
    op = std::make_shared<ReshapeOp>(shape);
  }
  return graph_.insert_before(&node, {op, operands, node.name, {graph_.unique_name(old->name)}, node.stored_as});
}

void Elimination::rewrite(Node& node) {
  Value* old = node.outputs[0];
  const auto layer = facts_.layers().find(&node);
  const Node* made = layer == facts_.layers().end() ? smaller_other(node) : smaller_layer(node, layer->second);
  Value* with = made->outputs[0];
  const bool renamed = !shrinks(old) && graph_.is_output(old);  // replace_uses swaps the names of outputs
  if (shrinks(old))
    smaller_[old] = with;
  else
    graph_.replace_uses(old, with);
  if (!renamed) std::swap(old->name, with->name);
}

struct Totals {
  int64_t macs = 0, weight_bytes = 0;
};

// Over what the outputs need: nodes that have been replaced are still in the graph.
Totals totals(const Graph& graph) {
  Totals all;
  std::set<const Value*> needed(graph.outputs.begin(), graph.outputs.end());
  const std::vector<Node*> nodes = graph.nodes();
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    const Node& n = **it;
    if (std::none_of(n.outputs.begin(), n.outputs.end(), [&](const Value* v) { return needed.count(v) > 0; })) continue;
    needed.insert(n.inputs.begin(), n.inputs.end());
    std::vector<TensorType> in, out;
    for (const Value* v : n.inputs) in.push_back(v->type);
    for (const Value* v : n.outputs) out.push_back(v->type);
    const int64_t macs = n.op->macs(in, out);
    all.macs += macs;
    if (macs > 0 && n.inputs.size() > 1 && n.inputs[1]->is_constant()) all.weight_bytes += byte_size(in[1]);
  }
  return all;
}

}  // namespace

void constant_channels(Graph& graph, ReportLines& lines) {
  const Totals before = totals(graph);
  const auto removed = Elimination(graph).run();
  if (removed.constant + removed.unread == 0) return;
  const Totals after = totals(graph);
  lines.push_back(fmt::format("channels removed: {} constant, {} unread; MACs {} to {}, weights {} to {} bytes",
                              removed.constant, removed.unread, before.macs, after.macs, before.weight_bytes,
                              after.weight_bytes));
}

}  // namespace thimble::compiler
