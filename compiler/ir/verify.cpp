// The graph's invariants, checked after every pass.
#include <algorithm>
#include <map>
#include <set>

#include "compiler/error.hpp"
#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

void verify(const Graph& graph) {
  std::set<const Value*> ready(graph.inputs.begin(), graph.inputs.end());
  std::map<const Value*, std::multiset<const Node*>> users;
  std::set<std::string> names;
  for (const auto& v : graph.values_) {
    ensure(names.insert(v->name).second, "verify: two values are named '" + v->name + "'");
    if (v->is_constant()) {
      ensure(v->constant->type == v->type, "verify: constant '" + v->name + "' differs from its type");
      ready.insert(v.get());
    }
  }
  for (const auto& n : graph.nodes_) {
    std::vector<TensorType> types;
    for (const Value* v : n->inputs) {
      ensure(ready.count(v) > 0, "verify: node '" + n->name + "' reads '" + v->name + "' before it is made");
      users[v].insert(n.get());
      types.push_back(v->type);
    }
    std::vector<TensorType> results = n->op->infer(types, n->name);
    for (size_t i = 0; i < n->outputs.size(); ++i) {
      const Value* v = n->outputs[i];
      if (n->stored_as) results[i] = {n->stored_as->element, results[i].shape, n->stored_as->quantization};
      ensure(v->type == results[i], "verify: '" + v->name + "' is " + to_string(v->type) + ", node '" + n->name +
                                        "' makes " + to_string(results[i]));
      ensure(v->producer == n.get(), "verify: '" + v->name + "' does not name its producer '" + n->name + "'");
      ready.insert(v);
    }
  }
  for (const auto& v : graph.values_)
    ensure(std::multiset<const Node*>(v->users.begin(), v->users.end()) == users[v.get()],
           "verify: the users of '" + v->name + "' are not its readers");
  for (const Value* v : graph.outputs) ensure(ready.count(v) > 0, "verify: output '" + v->name + "' is never made");
}

}  // namespace thimble::compiler
