// Runs a graph on the host in double precision: constant folding, calibration, judging passes.
#pragma once
#include <map>
#include <string>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

// Results of one node for these operands: dequantizes around op->eval and stores the results as their types say.
std::vector<Tensor> evaluate(const Node& node, const std::vector<const Tensor*>& inputs);
// The same without a node: results of these types.
std::vector<Tensor> evaluate(const Op& op, const std::vector<const Tensor*>& inputs,
                             const std::vector<TensorType>& results);

// Every value of the graph by name, for these inputs (by name; types must be the graph's).
std::map<std::string, Tensor> interpret(const Graph& graph, const std::map<std::string, Tensor>& inputs);

}  // namespace thimble::compiler
