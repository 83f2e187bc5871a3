// a = f(x), b = f(x) -> a = f(x), b read as a
// For nodes of the same op, attributes, operands and storage, and for constants of the same type and bytes. Not where
// both results are outputs of the graph: each keeps its name.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

// Everything a node's results follow from; operands by address. Quantization is spelled out in full.
std::string key_of(const Node& node) {
  std::string key = fmt::format("{}\n{}\n", node.op->name(), node.op->attributes());
  for (const Value* v : node.inputs) key += fmt::format("{} ", static_cast<const void*>(v));
  if (!node.stored_as) return key;
  const Quantization& q = node.stored_as->quantization;
  key += fmt::format("\n{} axis {}", name_of(node.stored_as->element), q.axis);
  for (size_t i = 0; i < q.scales.size(); ++i) key += fmt::format(" {:a} {}", q.scales[i], q.zero_points[i]);
  return key;
}

void merge_constants(Graph& graph) {
  std::multimap<size_t, Value*> seen;  // by hash of the bytes
  for (Value* v : graph.values()) {
    if (!v->is_constant() || v->users.empty()) continue;
    const auto& bytes = v->constant->bytes;
    const size_t hash = std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    const auto [first, last] = seen.equal_range(hash);
    const auto same = std::find_if(first, last, [&](const auto& e) { return *e.second->constant == *v->constant; });
    if (same == last)
      seen.emplace(hash, v);
    else if (can_replace(graph, v, same->second))
      replace(graph, v, same->second);
  }
}

}  // namespace

void common_subexpressions(Graph& graph, ReportLines&) {
  merge_constants(graph);
  std::map<std::string, Node*> seen;
  for (Node* node : graph.nodes()) {
    const auto [it, is_new] = seen.emplace(key_of(*node), node);
    if (is_new) continue;
    const Node* first = it->second;
    for (size_t i = 0; i < node->outputs.size(); ++i)
      if (can_replace(graph, node->outputs[i], first->outputs[i])) replace(graph, node->outputs[i], first->outputs[i]);
  }
}

}  // namespace thimble::compiler
