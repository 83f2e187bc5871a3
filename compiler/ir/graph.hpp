// The graph: nodes in execution order over typed values. An ill-typed node cannot be made.
#pragma once
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/tensor.hpp"
#include "compiler/op.hpp"

namespace thimble::compiler {

struct Node;

// An edge: one tensor, made by a node, an input of the graph, or a constant.
struct Value {
  std::string name;
  TensorType type;
  Node* producer = nullptr;                // null for inputs and constants
  std::shared_ptr<const Tensor> constant;  // set for constants
  std::vector<Node*> users;                // a node that reads it twice is listed twice

  bool is_constant() const { return constant != nullptr; }
};

struct Node {
  std::string name;  // the ONNX node's name, or its output's where it has none
  OpPtr op;
  std::vector<Value*> inputs;
  std::vector<Value*> outputs;
  std::optional<Storage> stored_as;  // how results computed in real numbers are stored; absent: as infer() says
};

class Graph {
 public:
  std::string name;
  std::vector<Value*> inputs;
  std::vector<Value*> outputs;

  struct NewNode {
    OpPtr op;
    std::vector<Value*> inputs;
    std::string name;
    std::vector<std::string> outputs;  // names of the results
    std::optional<Storage> stored_as = {};
  };

  Graph() = default;
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;

  Value* add_input(std::string name, TensorType type);
  Value* add_constant(std::string name, Tensor tensor);
  // Both call op->infer and throw its Error.
  Node* append(NewNode);
  Node* insert_before(Node* position, NewNode);
  // Every reader of `old` (graph outputs included) reads `with` instead. The types must be equal. `with` takes over the
  // name of `old` when `old` is a graph output.
  void replace_uses(Value* old, Value* with);
  // Reader `user` alone reads `with` in place of its operand `index`; the types may differ if op->infer still gives
  // the node's output types.
  void set_input(Node* user, size_t index, Value* with);
  // Deletes nodes and constants that no output needs. Inputs stay. Only the pipeline calls it.
  void sweep();

  std::vector<Node*> nodes() const;  // snapshot, in execution order
  std::vector<Value*> values() const;
  Value* find(const std::string& name) const;  // null when absent
  bool is_output(const Value*) const;
  std::string unique_name(const std::string& wish) const;  // a value name that is not taken

 private:
  std::list<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Value>> values_;
  Node* insert(std::list<std::unique_ptr<Node>>::iterator, NewNode);
  friend void verify(const Graph&);
};

// Types of the results of `op` on these operands: what infer() says, stored as asked. Throws infer's Error at `where`.
std::vector<TensorType> result_types(const Op& op, const std::vector<Value*>& inputs,
                                     const std::optional<Storage>& stored_as, const std::string& where);

// Throws InternalError when an invariant is broken: order, types re-inferred, users, unique names.
void verify(const Graph&);
std::string print(const Graph&);  // one line a node, for --dump-after and tests

}  // namespace thimble::compiler
