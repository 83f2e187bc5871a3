// Evaluates nodes one after the other.
#include "compiler/interpret.hpp"

#include "compiler/error.hpp"

namespace thimble::compiler {

std::vector<Tensor> evaluate(const Op& op, const std::vector<const Tensor*>& inputs,
                             const std::vector<TensorType>& results) {
  std::vector<RealTensor> reals;
  for (const Tensor* t : inputs) reals.push_back(to_real(*t));
  const std::vector<RealTensor> made = op.eval(reals);
  ensure(made.size() == results.size(), "eval of " + std::string(op.name()) + ": wrong number of results");
  std::vector<Tensor> stored;
  for (size_t i = 0; i < made.size(); ++i) stored.push_back(from_real(made[i], results[i]));
  return stored;
}

std::vector<Tensor> evaluate(const Node& node, const std::vector<const Tensor*>& inputs) {
  std::vector<TensorType> types;
  for (const Value* v : node.outputs) types.push_back(v->type);
  return evaluate(*node.op, inputs, types);
}

std::map<std::string, Tensor> interpret(const Graph& graph, const std::map<std::string, Tensor>& inputs) {
  std::map<std::string, Tensor> made;
  for (const Value* v : graph.inputs) {
    const auto it = inputs.find(v->name);
    if (it == inputs.end())
      throw Error("input '" + v->name + "'", "no data was given for it", "Give it with --input or a test data set.");
    if (it->second.type.element != v->type.element || it->second.type.shape != v->type.shape)
      throw Error("input '" + v->name + "'",
                  "the data is " + to_string(it->second.type) + ", the model takes " + to_string(v->type),
                  "Give data of the model's type.");
    made.emplace(v->name, Tensor{v->type, it->second.bytes});
  }
  for (const Value* v : graph.values())
    if (v->is_constant()) made.emplace(v->name, *v->constant);
  for (const Node* n : graph.nodes()) {
    std::vector<const Tensor*> operands;
    for (const Value* v : n->inputs) operands.push_back(&made.at(v->name));
    std::vector<Tensor> results = evaluate(*n, operands);
    for (size_t i = 0; i < results.size(); ++i) made.emplace(n->outputs[i]->name, std::move(results[i]));
  }
  return made;
}

}  // namespace thimble::compiler
