// Inputs and expected outputs of a model: ONNX's test_data_set_* folders, single files, or made-up numbers.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

struct DataSet {
  std::string name;              // "test_data_set_0"
  std::vector<Tensor> inputs;    // in the order of the graph's inputs
  std::vector<Tensor> expected;  // in the order of its outputs; empty: no reference
};

// input_0.pb, input_1.pb ... and output_0.pb ... of a folder. Throws Error when a file is missing or has another type
// than the graph's.
DataSet read_data_set(const std::string& folder, const Graph& graph);
// One file for `value`. Throws Error when its type is not the value's.
Tensor read_for(const Value* value, const std::string& path);
// Every test_data_set_* beside the model file, in order of their numbers.
std::vector<DataSet> data_sets_beside(const std::string& model_path, const Graph& graph);
// Reproducible inputs from `seed`: floats from -1 to 1, integers over their whole range.
DataSet made_up_data_set(const Graph& graph, uint32_t seed);

}  // namespace thimble::compiler
