// Visits every graph, node and tensor of a model: subgraphs in attributes and the bodies of functions included.
#pragma once
#include <onnx/onnx_pb.h>

namespace thimble::compiler {

// `nodes` is a RepeatedPtrField of NodeProto, constant or not; `visit_node` gets each node, outer ones first.
template <class Nodes, class F>
void for_each_node(Nodes& nodes, F&& visit_node) {
  for (auto& node : nodes) {
    visit_node(node);
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) for_each_node(*attribute.mutable_g()->mutable_node(), visit_node);
      for (auto& graph : *attribute.mutable_graphs()) for_each_node(*graph.mutable_node(), visit_node);
    }
  }
}

template <class F>
void for_each_node(onnx::ModelProto& model, F&& visit_node) {
  for_each_node(*model.mutable_graph()->mutable_node(), visit_node);
  for (auto& function : *model.mutable_functions()) for_each_node(*function.mutable_node(), visit_node);
}

// The main graph, then each subgraph.
template <class F>
void for_each_graph(onnx::ModelProto& model, F&& visit_graph) {
  visit_graph(*model.mutable_graph());
  for_each_node(model, [&](onnx::NodeProto& node) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) visit_graph(*attribute.mutable_g());
      for (auto& graph : *attribute.mutable_graphs()) visit_graph(graph);
    }
  });
}

// Initializers and tensor attributes, the parts of sparse ones included.
template <class F>
void for_each_tensor(onnx::ModelProto& model, F&& visit_tensor) {
  const auto visit_sparse = [&](onnx::SparseTensorProto& sparse) {
    if (sparse.has_values()) visit_tensor(*sparse.mutable_values());
    if (sparse.has_indices()) visit_tensor(*sparse.mutable_indices());
  };
  for_each_graph(model, [&](onnx::GraphProto& graph) {
    for (auto& tensor : *graph.mutable_initializer()) visit_tensor(tensor);
    for (auto& sparse : *graph.mutable_sparse_initializer()) visit_sparse(sparse);
  });
  for_each_node(model, [&](onnx::NodeProto& node) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) visit_tensor(*attribute.mutable_t());
      for (auto& tensor : *attribute.mutable_tensors()) visit_tensor(tensor);
      if (attribute.has_sparse_tensor()) visit_sparse(*attribute.mutable_sparse_tensor());
      for (auto& sparse : *attribute.mutable_sparse_tensors()) visit_sparse(sparse);
    }
  });
}

}  // namespace thimble::compiler
