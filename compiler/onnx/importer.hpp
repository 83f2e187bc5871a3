// The state of importing one model, that its nodes share: values by ONNX name, constants, and what went wrong.
#pragma once
#include <onnx/onnx_pb.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/onnx/import.hpp"
#include "compiler/onnx/load.hpp"
#include "compiler/onnx/node_reader.hpp"

namespace thimble::compiler {

class Importer {
 public:
  explicit Importer(const LoadedModel& model);

  // Imports all that can be. What is not supported is in problems() afterwards, and inputs stand for its results.
  void run();
  Graph take_graph() { return std::move(graph_); }
  const std::vector<std::string>& problems() const { return problems_; }
  const std::vector<NodeStatus>& nodes() const { return nodes_; }

  // --- for the node that is being read ---
  bool is_read(const std::string& value) const { return read_.count(value) > 0; }
  // The result of `op`: a node's, or a constant at once when all operands are. `name` is a free name, or a wish.
  Value* make(OpPtr op, std::vector<Value*> inputs, std::optional<Storage> stored_as, const std::string& where,
              const std::string& node_name, const std::string& name);
  Value* add_constant(const std::string& name, Tensor tensor) { return graph_.add_constant(name, std::move(tensor)); }
  std::string fresh(const std::string& wish);  // a name that no value has or will have
  void bind(const std::string& name, Value* value) { values_[name] = value; }

 private:
  void import_nodes(bool without_operands);
  void import_node(const onnx::NodeProto& node);
  void read_node(const onnx::NodeProto& node, std::vector<Value*> inputs);
  std::string refusal(const onnx::NodeProto& node) const;  // why it is not supported; empty when it may be
  void stand_in(const onnx::NodeProto& node);              // inputs in place of the results that it did not make
  void check_results(const onnx::NodeProto& node);         // against the types that ONNX infers
  void add_inputs();
  void add_outputs();
  std::optional<Quantization> declared_by(const onnx::NodeProto& node);
  TensorType with_declared_quantization(TensorType type, const std::string& name) const;
  Value* value(const std::string& name);  // null when what makes it failed
  Tensor fold(const Op& op, const std::vector<Value*>& inputs, const TensorType& type, const std::string& where);

  const onnx::GraphProto& proto_;
  std::string path_;
  int64_t opset_ = 0;
  Graph graph_;
  std::map<std::string, Value*> values_;  // by ONNX name
  std::map<std::string, const onnx::TensorProto*> initializers_;
  std::map<std::string, const onnx::TypeProto*> types_;  // as ONNX infers them
  std::map<std::string, Quantization> declared_;
  std::set<std::string> read_, taken_names_, declared_outputs_;
  std::set<const Value*> stand_ins_;
  int64_t folded_bytes_ = 0;
  std::vector<std::string> problems_;
  std::vector<NodeStatus> nodes_;
};

}  // namespace thimble::compiler
