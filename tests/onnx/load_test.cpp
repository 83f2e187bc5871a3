// Loading: what is accepted, and a message for each thing that is not.
#include <onnx/shape_inference/implementation.h>

#include <catch2/catch.hpp>

#include "model_file.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;
using Catch::Contains;
using Catch::Matches;

namespace {

const std::string identity = "graph (float[4] x) => (float[4] y) { y = Identity(x) }";

Shape input_shape(const LoadedModel& model, int i = 0) {
  Shape shape;
  for (const auto& d : model.proto->graph().input(i).type().tensor_type().shape().dim()) shape.push_back(d.dim_value());
  return shape;
}

}  // namespace

TEST_CASE("A model's file is named, hashed and bounded in size") {
  const TemporaryFolder folder;
  const std::string bytes = parsed(identity).SerializeAsString();
  const std::string path = folder.write("model.onnx", bytes);
  const LoadedModel model = load_model(path, {});
  CHECK(model.files == std::vector<std::string>{path});
  CHECK(model.hash.size() == 64);
  CHECK(model.notes.empty());

  LoadOptions tight;
  tight.largest_model = int64_t(bytes.size());
  CHECK_NOTHROW(load_model(path, tight));
  --tight.largest_model;
  CHECK_THROWS_WITH(load_model(path, tight), Contains(std::to_string(bytes.size()) + " bytes") &&
                                                 Contains(std::to_string(bytes.size() - 1) + " are the most"));
  CHECK_THROWS_WITH(load_model(folder.path("none.onnx"), {}), Contains("there is no such file"));
  CHECK_THROWS_WITH(load_model(folder.path("."), {}), Contains("it is no regular file"));
}

TEST_CASE("Files that are no model") {
  const TemporaryFolder folder;
  const std::string bytes = parsed(identity).SerializeAsString();
  const auto loading = [&](const std::string& content) { load_model(folder.write("m.onnx", content), {}); };
  CHECK_THROWS_WITH(loading(bytes.substr(0, bytes.size() - 3)), Contains("are no ONNX model"));
  CHECK_THROWS_WITH(loading("This is text, and no model."), Contains("are no ONNX model"));
  CHECK_THROWS_WITH(loading(""), Contains("it holds no graph"));
  onnx::ModelProto no_graph = parsed(identity);
  no_graph.clear_graph();
  CHECK_THROWS_WITH(load(no_graph), Contains("it holds no graph"));
}

TEST_CASE("A small file that would fill the memory is refused") {
  // Graph (field 7) of empty nodes (field 1): two bytes each, more than a hundred in memory.
  std::string nodes;
  for (int i = 0; i < 8'000'000; ++i) nodes += {'\x0a', '\0'};
  std::string model = "\x3a";
  for (size_t n = nodes.size(); n > 0; n >>= 7) model += char(n > 127 ? (n & 127) | 128 : n);
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(load_model(folder.write("m.onnx", model + nodes), {}), Contains("bytes of memory"));
}

TEST_CASE("Opsets and IR versions have bounds") {
  CHECK_NOTHROW(load(parsed(identity, 7)));
  CHECK_THROWS_WITH(load(parsed(identity, 6)), Contains("its opset is 6, Thimble reads 7 to "));
  CHECK_THROWS_WITH(load(parsed(identity, 999)), Contains("its opset is 999"));
  CHECK_THROWS_WITH(load(parsed(identity, 13, 999)), Contains("its IR version is 999"));
}

TEST_CASE("What ONNX's checker refuses") {
  CHECK_THROWS_WITH(load("graph (float[4] x) => (float[4] y) { y = Add(x, z)  z = Add(x, y) }"),
                    Contains("ONNX's checker refuses it") && Contains("topologically sorted"));
  CHECK_THROWS_WITH(load("graph (float[4] x) => (float[4] y) { y = Relu(x)  y = Relu(x) }"), Contains("SSA"));
  CHECK_THROWS_WITH(load("graph (float[4] x) => (float[4] y) { y = NoSuchOp(x) }"), Contains("NoSuchOp"));
  CHECK_THROWS_WITH(load("graph (int64[4] x, float[4] z) => (float[4] y) { y = Add(x, z) }"),
                    Contains("ONNX's checker refuses it"));
  CHECK_THROWS_WITH(load("graph (float[4] x) => (float[4] y) { y = Relu <alpha = 1.0> (x) }"), Contains("alpha"));
  onnx::ModelProto negative = parsed(identity);
  auto& tensor = *negative.mutable_graph()->add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(-1);
  CHECK_THROWS_WITH(load(negative), Contains("tensor 'w'") && Contains("a dimension of -1"));
}

TEST_CASE("Shapes that do not fit together") {
  CHECK_THROWS_WITH(load("graph (float[4] x, float[3] z) => (float[4] y) { y = Add(x, z) }"), Contains("Add"));
  // Only once N is bound, which is 1 by default: 4 x N by 3 x 5.
  const std::string open = "graph (float[N,4] x, float[3,5] z) => (float[4,5] y) { y = Gemm <transA = 1> (x, z) }";
  CHECK_THROWS_WITH(load(open), Contains("its shapes do not fit together"));
  LoadOptions three;
  three.dimensions = {{"N", 3}};
  CHECK_NOTHROW(load(parsed(open), three));
}

TEST_CASE("Initializers that are also inputs are constants") {
  onnx::ModelProto model =
      parsed("graph (float[4] x, float[4] w) => (float[4] y) <float[4] w = {1,2,3,4}> { y = Add(x, w) }", 8, 3);
  CHECK(load(model).proto->graph().input_size() == 1);
}

TEST_CASE("Open dimensions are bound by name, by shape, or become 1 in front") {
  const std::string graph = "graph (float[N,C,8] x, float[N,4] z) => (float[N,4] y) { y = Identity(z) }";
  LoadOptions options;
  CHECK_THROWS_WITH(load(parsed(graph), options),
                    Contains("1 dimensions are open: input 'x': dimension 1 ('C')") && Contains("--dim name=value"));
  options.dimensions = {{"C", 3}};
  LoadedModel model = load(parsed(graph), options);
  CHECK(input_shape(model) == Shape{1, 3, 8});
  CHECK(input_shape(model, 1) == Shape{1, 4});
  REQUIRE(model.notes.size() == 1);
  CHECK_THAT(model.notes[0], Contains("input 'x': the leading dimension, which the model leaves open, is 1"));

  options.dimensions = {};
  options.shapes = {{"x", {2, 3, 8}}};
  model = load(parsed(graph), options);
  CHECK(input_shape(model) == Shape{2, 3, 8});
  CHECK(input_shape(model, 1) == Shape{2, 4});  // N is the same N
  CHECK(model.notes.empty());
}

TEST_CASE("Messages about dimensions") {
  const std::string graph = "graph (float[N,C,8] x) => (float[N,C,8] y) { y = Identity(x) }";
  const auto loading = [&](std::map<std::string, int64_t> dimensions, std::map<std::string, Shape> shapes) {
    LoadOptions options;
    options.dimensions = std::move(dimensions);
    options.shapes = std::move(shapes);
    load(parsed(graph), options);
  };
  CHECK_THROWS_WITH(loading({{"K", 1}}, {}), Contains("--dim K") && Contains("Its open dimensions: C, N."));
  CHECK_THROWS_WITH(loading({{"C", 0}}, {}), Contains("dimension 'C' is 0"));
  CHECK_THROWS_WITH(loading({}, {{"q", {1}}}), Contains("the model has no such input") && Contains("Its inputs: x."));
  CHECK_THROWS_WITH(loading({}, {{"x", {1, 2}}}), Contains("[1,2] has rank 2, the input's rank is 3"));
  CHECK_THROWS_WITH(loading({}, {{"x", {1, 2, 9}}}), Contains("a dimension is 9, the model has 8 there"));
  CHECK_THROWS_WITH(loading({}, {{"x", {1, -2, 8}}}), Contains("a dimension is -2"));
  CHECK_THROWS_WITH(loading({{"C", 4}}, {{"x", {1, 2, 8}}}), Contains("dimension 'C' is 2 here, 4 elsewhere"));

  onnx::ModelProto no_shape = parsed(graph);
  no_shape.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  CHECK_THROWS_WITH(load(no_shape), Contains("Field 'shape' of 'type' is required"));
  CHECK_THROWS_WITH(load("graph (seq(float[4]) x) => (float[4] y) <int64 i = {0}> { y = SequenceAt(x, i) }"),
                    Contains("input 'x'") && Contains("it is no tensor"));
}

TEST_CASE("Functions of the model are inlined") {
  const LoadedModel model = load(
      "graph (float[4] x) => (float[4] y) { y = local.twice(x) }"
      "<domain: \"local\", opset_import: [\"\" : 13]> twice (a) => (c) { b = Relu(a)  c = Relu(b) }");
  REQUIRE(model.proto->graph().node_size() == 2);
  CHECK(model.proto->graph().node(0).op_type() == "Relu");
  CHECK(model.proto->functions_size() == 0);
}

TEST_CASE("Functions that never end, or grow without measure, are refused") {
  const std::string header = "<domain: \"local\", opset_import: [\"\" : 13, \"local\" : 1]> ";
  CHECK_THROWS_WITH(load("graph (float[4] x) => (float[4] y) { y = local.f(x) }" + header +
                         "f (a) => (b) { b = local.g(a) }" + header + "g (a) => (b) { b = local.f(a) }"),
                    Contains("calls itself"));
  std::string doubling = "graph (float[4] x) => (float[4] y) { y = local.f0(x) }";
  for (int i = 0; i < 40; ++i) {
    const std::string next = "local.f" + std::to_string(i + 1);
    doubling += header + "f" + std::to_string(i) + " (a) => (c) { b = " + next + "(a)  c = " + next + "(b) }";
  }
  doubling += header + "f40 (a) => (b) { b = Relu(a) }";
  CHECK_THROWS_WITH(load(doubling), Contains("more than 20000 nodes"));
}
