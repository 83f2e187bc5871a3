// A loaded model to the graph: one ONNX node after the other, each read by its op's import function.
#pragma once
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/onnx/load.hpp"

namespace thimble::compiler {

// Throws one Error that lists every node that is not supported, and why.
Graph import_model(const LoadedModel& model);

// One node of a model as `thimble inspect` lists it.
struct NodeStatus {
  std::string name, op;
  std::string problem;  // why it is not supported; empty when it is
};

// The graph as far as it can be imported: what a node that is not supported would make is an input. `nodes` gets a line
// for each node of the model, functions inlined.
Graph import_what_is_supported(const LoadedModel& model, std::vector<NodeStatus>& nodes);

}  // namespace thimble::compiler
