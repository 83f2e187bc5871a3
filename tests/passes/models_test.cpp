// The pipeline on whole models: each pass judged by the interpreter, and what is left of the graph.
#include <filesystem>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/tensor_file.hpp"
#include "passes/pipeline.hpp"
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

std::string folder(const std::string& model) {
  return std::string(THIMBLE_SOURCE_DIR) + "/tests/models/" + model;
}
Graph import(const std::string& model) {
  return import_model(load_model(folder(model) + "/model.onnx", {}));
}
Values data_set_0(const std::string& model, const Graph& g) {
  Values inputs;
  for (size_t i = 0; i < g.inputs.size(); ++i)
    inputs[g.inputs[i]->name] = read_tensor(folder(model) + "/test_data_set_0/input_" + std::to_string(i) + ".pb");
  return inputs;
}

// How many nodes of each op, by name: "Conv 9, Gemm 1".
std::string census(const Graph& g) {
  std::map<std::string, int> count;
  for (const Node* n : g.nodes()) ++count[std::string(n->op->name())];
  std::string text;
  for (const auto& [name, n] : count) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, n);
  return text;
}

struct Expected {
  const char *model, *census;
};

}  // namespace

TEST_CASE("pipeline: no pass moves a value of the models, and nothing is left that a layer can take") {
  const Expected expected[] = {
      {"ad_float", "Gemm 10"},
      {"ad_int8", "Gemm 10"},
      {"hand_keypoints_float", "Gemm 3, Softmax 1"},
      {"ic_float", "Add 3, AveragePool 1, Conv 9, Gemm 1, Reshape 1, Softmax 1, Transpose 1"},
      {"ic_int8", "Add 3, AveragePool 1, Conv 9, Gemm 1, Reshape 1, Softmax 1, Transpose 1"},
      {"kws_float", "AveragePool 1, Conv 9, Gemm 1, Reshape 2, Softmax 1"},
      {"kws_int8", "AveragePool 1, Conv 9, Gemm 1, Reshape 2, Softmax 1"},
      {"mnist_float", "Conv 2, Gemm 1, MaxPool 2, Reshape 1"},
      {"mnist_resnet_int8", "Add 1, Conv 4, Gemm 1, Reshape 2, Softmax 1, Transpose 1"},
      {"sww_int8", "Conv 8, Gemm 1, Reshape 1, Softmax 1, Transpose 1"},
      {"vww_float", "AveragePool 1, Conv 27, Gemm 1, Reshape 1, Softmax 1, Transpose 1"},
      {"vww_int8", "AveragePool 1, Conv 27, Gemm 1, Reshape 1, Softmax 1, Transpose 1"},
  };
  for (const Expected& e : expected) {
    INFO(e.model);
    Graph g = import(e.model);
    PipelineOptions options;
    options.check_passes = true;
    options.check_inputs = data_set_0(e.model, g);
    CHECK_NOTHROW(run_pipeline(g, options));
    CHECK(census(g) == e.census);
  }
}

TEST_CASE("pipeline: half of vww_int8 is constant channels, and what remains is what it was") {
  Graph g = import("vww_int8");
  const Values inputs = data_set_0("vww_int8", g);
  const Values before = interpret(g, inputs);
  const ReportLines lines = run_pipeline(g, {});
  CHECK(
      lines ==
      ReportLines{"channels removed: 1708 constant, 8 unread; MACs 7489664 to 3733073, weights 208112 to 29286 bytes"});
  int values = 0;
  for (const auto& [name, tensor] : interpret(g, inputs)) {
    const auto known = before.find(name);
    if (g.find(name)->is_constant() || known == before.end()) continue;
    ++values;
    INFO(name);
    CHECK(is_part_of(tensor, known->second));
  }
  CHECK(values == 33);
}
