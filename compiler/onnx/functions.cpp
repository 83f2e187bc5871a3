// Uses the inliner of the ONNX library. A node with a body in ONNX is expanded in a model of its own, so that it can be
// judged by itself and costs nothing of the others.
#include "compiler/onnx/functions.hpp"

#include <onnx/inliner/inliner.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <map>
#include <set>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"

namespace thimble::compiler {

namespace {

using onnx::ModelProto;
using onnx::NodeProto;

// Nodes that a graph or function has when everything is inlined.
class Expansion {
 public:
  Expansion(const ModelProto& model, const std::string& where) : where_(where) {
    for (const auto& f : model.functions()) functions_[key(f.domain(), f.name(), f.overload())] = &f;
  }

  template <class Nodes>
  long nodes(const Nodes& nodes_of) {
    long total = 0;
    for (const NodeProto& node : nodes_of) {
      total += calls(node);
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) total += nodes(attribute.g().node());
        for (const auto& graph : attribute.graphs()) total += nodes(graph.node());
      }
      if (total > largest_model_nodes)
        throw Error(where_, fmt::format("with its functions inlined it has more than {} nodes", largest_model_nodes),
                    "Thimble makes code for microcontrollers: the model is too large.");
    }
    return total;
  }

 private:
  static std::string key(const std::string& domain, const std::string& name, const std::string& overload) {
    return (domain == "ai.onnx" ? "" : domain) + '\0' + name + '\0' + overload;
  }

  long calls(const NodeProto& node) {
    const std::string callee = key(node.domain(), node.op_type(), node.overload());
    const auto function = functions_.find(callee);
    if (function == functions_.end()) return 1;
    const auto known = counted_.find(callee);
    if (known != counted_.end()) return known->second;
    if (!open_.insert(callee).second)
      throw Error(where_, "function '" + node.op_type() + "' calls itself, directly or through others",
                  "Functions must not be recursive: export the model again.");
    const long count = nodes(function->second->node());
    open_.erase(callee);
    return counted_[callee] = count;
  }

  const std::string& where_;
  std::map<std::string, const onnx::FunctionProto*> functions_;
  std::map<std::string, long> counted_;
  std::set<std::string> open_;
};

bool has_op(const NodeProto& node) {
  return node.domain().empty() && find_op(node.op_type());
}

std::map<std::string, const onnx::TypeProto*> types_of(const onnx::GraphProto& graph) {
  std::map<std::string, const onnx::TypeProto*> types;
  for (const auto& values : {&graph.input(), &graph.value_info(), &graph.output()})
    for (const auto& value : *values)
      if (value.has_type()) types.emplace(value.name(), &value.type());
  return types;
}

class OnnxBodies {
 public:
  explicit OnnxBodies(ModelProto& model) : model_(model), types_(types_of(model.graph())) {
    for (const auto& t : model.graph().initializer()) initializers_.emplace(t.name(), &t);
    for (const OpEntry& e : op_table()) ops_.emplace_back("", e.onnx_name);
  }

  // The nodes that stand for `node`; empty when it has no body of ops that Thimble has.
  std::vector<NodeProto> body_of(const NodeProto& node) const {
    ModelProto alone = model_of(node);
    onnx::inliner::InlineSelectedFunctions(
        alone, *onnx::inliner::FunctionIdSet::Create(onnx::inliner::FunctionIdVector(ops_), true), nullptr);
    auto& nodes = *alone.mutable_graph()->mutable_node();
    if (!std::all_of(nodes.begin(), nodes.end(), has_op)) return {};
    // Names inside the body get the name of the node's first output in front, which is unique.
    std::set<std::string> outside(node.input().begin(), node.input().end());
    outside.insert(node.output().begin(), node.output().end());
    const auto rename = [&](std::string& name) {
      if (!name.empty() && outside.count(name) == 0) name = node.output(0) + "/" + name;
    };
    for (NodeProto& n : nodes) {
      for (std::string& name : *n.mutable_input()) rename(name);
      for (std::string& name : *n.mutable_output()) rename(name);
      const std::string& caller = node.name().empty() ? node.output(0) : node.name();
      n.set_name(caller + "/" + (n.name().empty() ? n.op_type() : n.name()));
    }
    return {nodes.begin(), nodes.end()};
  }

 private:
  ModelProto model_of(const NodeProto& node) const {
    ModelProto alone;
    alone.set_ir_version(model_.ir_version());
    *alone.mutable_opset_import() = model_.opset_import();
    auto& graph = *alone.mutable_graph();
    *graph.add_node() = node;
    std::set<std::string> listed;
    for (const std::string& name : node.input()) {
      if (name.empty() || !listed.insert(name).second) continue;
      auto& value = *graph.add_input();
      value.set_name(name);
      if (const auto type = types_.find(name); type != types_.end()) {
        *value.mutable_type() = *type->second;
      } else if (const auto tensor = initializers_.find(name); tensor != initializers_.end()) {
        auto& made = *value.mutable_type()->mutable_tensor_type();
        made.set_elem_type(tensor->second->data_type());
        made.mutable_shape();
        for (int64_t d : tensor->second->dims()) made.mutable_shape()->add_dim()->set_dim_value(d);
      }
    }
    for (const std::string& name : node.output())
      if (!name.empty()) graph.add_output()->set_name(name);
    return alone;
  }

  const ModelProto& model_;
  std::map<std::string, const onnx::TypeProto*> types_;
  std::map<std::string, const onnx::TensorProto*> initializers_;
  onnx::inliner::FunctionIdVector ops_;
};

}  // namespace

void check_expansion(const ModelProto& model, const std::string& where) {
  Expansion expansion(model, where);
  expansion.nodes(model.graph().node());
  for (const auto& function : model.functions()) expansion.nodes(function.node());
}

void inline_model_functions(ModelProto& model) {
  if (model.functions_size() > 0) onnx::inliner::InlineLocalFunctions(model);
}

bool inline_onnx_functions(ModelProto& model) {
  const OnnxBodies bodies(model);
  bool changed = false;
  google::protobuf::RepeatedPtrField<NodeProto> nodes;
  for (const NodeProto& node : model.graph().node()) {
    std::vector<NodeProto> body;
    if (!has_op(node) && node.domain().empty() && node.output_size() > 0) body = bodies.body_of(node);
    changed = changed || !body.empty();
    if (body.empty()) *nodes.Add() = node;
    for (NodeProto& n : body) *nodes.Add() = std::move(n);
  }
  if (changed) model.mutable_graph()->mutable_node()->Swap(&nodes);
  return changed;
}

}  // namespace thimble::compiler
