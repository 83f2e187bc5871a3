// The graph as text, one line a node.
#include <fmt/format.h>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

namespace {
std::string operand(const Value* v) {
  return v->is_constant() ? fmt::format("{}{{{}}}", v->name, to_string(v->type)) : v->name;
}
}  // namespace

std::string print(const Graph& graph) {
  std::string text = fmt::format("graph {}\n", graph.name);
  for (const Value* v : graph.inputs) text += fmt::format("  input {}: {}\n", v->name, to_string(v->type));
  for (const Node* n : graph.nodes()) {
    std::vector<std::string> in, out;
    for (const Value* v : n->inputs) in.push_back(operand(v));
    for (const Value* v : n->outputs) out.push_back(fmt::format("{}: {}", v->name, to_string(v->type)));
    const std::string attributes = n->op->attributes();
    text += fmt::format("  {} = {}{}({})\n", fmt::join(out, ", "), n->op->name(),
                        attributes.empty() ? "" : "{" + attributes + "}", fmt::join(in, ", "));
  }
  for (const Value* v : graph.outputs) text += fmt::format("  output {}: {}\n", v->name, to_string(v->type));
  return text;
}

}  // namespace thimble::compiler
