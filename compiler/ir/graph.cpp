// The graph's mutators: they keep types, users and names consistent.
#include "compiler/ir/graph.hpp"

#include <algorithm>
#include <set>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

void forget_user(Value* value, Node* user) {
  const auto it = std::find(value->users.begin(), value->users.end(), user);
  ensure(it != value->users.end(), "graph: '" + value->name + "' does not list its user '" + user->name + "'");
  value->users.erase(it);
}

}  // namespace

std::vector<TensorType> result_types(const Op& op, const std::vector<Value*>& inputs,
                                     const std::optional<Storage>& stored_as, const std::string& where) {
  std::vector<TensorType> types;
  for (const Value* v : inputs) types.push_back(v->type);
  std::vector<TensorType> results = op.infer(types, where);
  if (stored_as)
    for (TensorType& t : results) t = {stored_as->element, t.shape, stored_as->quantization};
  return results;
}

Value* Graph::add_input(std::string name, TensorType type) {
  values_.push_back(std::make_unique<Value>(Value{std::move(name), std::move(type), nullptr, nullptr, {}}));
  inputs.push_back(values_.back().get());
  return values_.back().get();
}

Value* Graph::add_constant(std::string name, Tensor tensor) {
  ensure(int64_t(tensor.bytes.size()) == byte_size(tensor.type), "constant '" + name + "' has a wrong number of bytes");
  TensorType type = tensor.type;
  auto shared = std::make_shared<const Tensor>(std::move(tensor));
  values_.push_back(std::make_unique<Value>(Value{std::move(name), std::move(type), nullptr, std::move(shared), {}}));
  return values_.back().get();
}

Node* Graph::insert(std::list<std::unique_ptr<Node>>::iterator where, NewNode made) {
  const std::vector<TensorType> types = result_types(*made.op, made.inputs, made.stored_as, made.name);
  ensure(types.size() == made.outputs.size(), "node '" + made.name + "': number of results differs from infer's");
  auto node = std::make_unique<Node>(Node{made.name, made.op, made.inputs, {}, made.stored_as});
  for (size_t i = 0; i < types.size(); ++i) {
    values_.push_back(std::make_unique<Value>(Value{made.outputs[i], types[i], node.get(), nullptr, {}}));
    node->outputs.push_back(values_.back().get());
  }
  for (Value* v : node->inputs) v->users.push_back(node.get());
  return nodes_.insert(where, std::move(node))->get();
}

Node* Graph::append(NewNode made) {
  return insert(nodes_.end(), std::move(made));
}

Node* Graph::insert_before(Node* position, NewNode made) {
  const auto it = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& n) { return n.get() == position; });
  ensure(it != nodes_.end(), "insert_before: the position is not in the graph");
  return insert(it, std::move(made));
}

void Graph::replace_uses(Value* old, Value* with) {
  if (old == with) return;
  ensure(old->type == with->type, "replace_uses: '" + old->name + "' is " + to_string(old->type) + ", '" + with->name +
                                      "' is " + to_string(with->type));
  for (Node* user : old->users) {
    // One entry of `users` for each reading operand: replace one operand an entry.
    const auto it = std::find(user->inputs.begin(), user->inputs.end(), old);
    *it = with;
    with->users.push_back(user);
  }
  old->users.clear();
  if (!is_output(old)) return;
  std::replace(outputs.begin(), outputs.end(), old, with);
  if (std::find(inputs.begin(), inputs.end(), with) == inputs.end()) std::swap(old->name, with->name);
}

void Graph::set_input(Node* user, size_t index, Value* with) {
  Value* old = user->inputs.at(index);
  std::vector<Value*> changed = user->inputs;
  changed[index] = with;
  const std::vector<TensorType> types = result_types(*user->op, changed, user->stored_as, user->name);
  for (size_t i = 0; i < types.size(); ++i)
    ensure(types[i] == user->outputs[i]->type,
           "set_input: node '" + user->name + "' would change the type of its result");
  forget_user(old, user);
  user->inputs = std::move(changed);
  with->users.push_back(user);
}

void Graph::sweep() {
  std::set<const Value*> needed(outputs.begin(), outputs.end());
  for (auto it = nodes_.rbegin(); it != nodes_.rend(); ++it) {
    const Node& n = **it;
    if (std::none_of(n.outputs.begin(), n.outputs.end(), [&](const Value* v) { return needed.count(v) > 0; })) continue;
    needed.insert(n.outputs.begin(), n.outputs.end());
    needed.insert(n.inputs.begin(), n.inputs.end());
  }
  needed.insert(inputs.begin(), inputs.end());
  std::vector<std::unique_ptr<Value>> kept;
  for (const auto& n : nodes_)
    if (needed.count(n->outputs[0]) == 0)
      for (Value* v : n->inputs) forget_user(v, n.get());
  nodes_.remove_if([&](const auto& n) { return needed.count(n->outputs[0]) == 0; });
  for (auto& v : values_)
    if (needed.count(v.get()) > 0) kept.push_back(std::move(v));
  values_ = std::move(kept);
}

std::vector<Node*> Graph::nodes() const {
  std::vector<Node*> all;
  for (const auto& n : nodes_) all.push_back(n.get());
  return all;
}

std::vector<Value*> Graph::values() const {
  std::vector<Value*> all;
  for (const auto& v : values_) all.push_back(v.get());
  return all;
}

Value* Graph::find(const std::string& wanted) const {
  for (const auto& v : values_)
    if (v->name == wanted) return v.get();
  return nullptr;
}

bool Graph::is_output(const Value* value) const {
  return std::find(outputs.begin(), outputs.end(), value) != outputs.end();
}

std::string Graph::unique_name(const std::string& wish) const {
  std::string name = wish;
  for (int i = 1; find(name); ++i) name = wish + "_" + std::to_string(i);
  return name;
}

}  // namespace thimble::compiler
