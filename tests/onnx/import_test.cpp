// Import: names, folding, quantization carried back, outputs, and everything unsupported told at once.
#include <catch2/catch.hpp>
#include <set>

#include "compiler/interpret.hpp"
#include "model_file.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;
using Catch::Contains;

namespace {

std::string message_of(const onnx::ModelProto& model) {
  try {
    import(model);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}
std::string message_of(const std::string& graph, int opset = 13) {
  return message_of(parsed(graph, opset));
}

}  // namespace

TEST_CASE("Values keep their names, nodes theirs or their result's") {
  const Graph g = import("graph (float[2,3] x) => (float[3,2] y) { [flip] t = Transpose(x)  y = Identity(t) }");
  REQUIRE(g.nodes().size() == 1);
  CHECK(g.nodes()[0]->name == "flip");
  CHECK(g.inputs[0]->name == "x");
  CHECK(g.outputs[0]->name == "y");  // Identity binds, and the output's name is what the user knows
  CHECK(import("graph (float[2,3] x) => (float[3,2] y) { y = Transpose(x) }").nodes()[0]->name == "y");
}

TEST_CASE("Constants are folded on the way, so that shape arithmetic vanishes") {
  const Graph g = import(
      "graph (float[2,3,4] x) => (float[4,6] y) <int64[1] axis = {0}> {"
      "  shape = Constant <value_ints = [6, 4]> ()  u = Unsqueeze(shape, axis)  v = Squeeze(u, axis)"
      "  r = Reshape(x, v)  y = Transpose(r) }");
  CHECK(g.nodes().size() == 2);
}

TEST_CASE("Quantization is carried back to inputs and constants") {
  const Quantization q{{0.5f}, {7}};
  const onnx::ModelProto model = parsed(
      "graph (int8[2,3] x) => (float[3,2] y)"
      "<float scale = {0.5}, int8 zero = {7}, int64[2] shape = {3,2}> {"
      "  t = Transpose(x)  r = Reshape(t, shape)  y = DequantizeLinear(r, scale, zero) }");
  const Graph g = import(model);
  CHECK(g.inputs[0]->type == TensorType{ElementType::int8, {2, 3}, q});
  for (const Node* n : g.nodes()) CHECK(n->inputs[0]->type.quantization == q);
  CHECK(g.nodes().size() == 3);  // nothing is reinterpreted

  // Weights, per axis, and the scale from a Constant node.
  const Graph weights = import(
      "graph (float[2,3] x) => (float[2,3] y) <int8[2,3] w = {1,2,3,4,5,6}, int8[2] zeros = {0,0}> {"
      "  scales = Constant <value_floats = [0.5, 0.25]> ()  y = DequantizeLinear <axis = 0> (w, scales, zeros) }");
  REQUIRE(weights.find("w"));
  CHECK(weights.find("w")->type.quantization == Quantization{{0.5f, 0.25f}, {0, 0}, 0});
}

TEST_CASE("Where declarations differ, the first one holds") {
  const Graph g = import(
      "graph (int8[4] x) => (float[4] y, float[4] z) <float a = {0.5}, float b = {0.25}, int8 zero = {0}> {"
      "  y = DequantizeLinear(x, a, zero)  z = DequantizeLinear(x, b, zero) }");
  CHECK(g.inputs[0]->type.quantization == Quantization{{0.5f}, {0}});
  const auto values = interpret(g, {{"x", Tensor::of<int8_t>({4}, {1, 2, 3, 4})}});
  CHECK(values.at("y") == Tensor::of<float>({4}, {0.5f, 1, 1.5f, 2}));
  CHECK(values.at("z") == Tensor::of<float>({4}, {0.25f, 0.5f, 0.75f, 1}));
}

TEST_CASE("A value that is computed keeps the quantization it was given") {
  const Graph g = import(
      "graph (float[4] x) => (float[4] y) <float a = {0.5}, float b = {0.25}, int8 zero = {0}> {"
      "  q = QuantizeLinear(x, a, zero)  y = DequantizeLinear(q, b, zero) }");
  CHECK(g.find("q")->type.quantization == Quantization{{0.5f}, {0}});
  CHECK(interpret(g, {{"x", Tensor::of<float>({4}, {0.5f, 1, -1, 200})}}).at("y") ==
        Tensor::of<float>({4}, {0.25f, 0.5f, -0.5f, 31.75f}));
}

TEST_CASE("Every output is a value of its own") {
  SECTION("an input") {
    const Graph g = import("graph (float[4] x) => (float[4] y) { y = Identity(x) }");
    REQUIRE(g.nodes().size() == 1);
    CHECK(g.outputs[0]->name == "y");
    CHECK(g.outputs[0]->producer);
  }
  SECTION("the same value twice") {
    const Graph g =
        import("graph (float[2,3] x) => (float[3,2] y, float[3,2] z) { y = Transpose(x)  z = Identity(y) }");
    REQUIRE(g.outputs.size() == 2);
    CHECK(g.outputs[0] != g.outputs[1]);
    CHECK(g.outputs[1]->name == "z");
  }
  SECTION("a constant") {
    const Graph g = import("graph (float[4] x) => (float[2] y) { y = Constant <value_floats = [1.0, 2.0]> () }");
    CHECK(g.outputs[0]->is_constant());
    CHECK(g.outputs[0]->name == "y");
  }
}

TEST_CASE("All that is not supported is told at once") {
  const onnx::ModelProto model = parsed(
      "graph (float[4] x, bool c) => (float[4] y, int64[1,n] z, float[4] w) {"
      "  [one] y = If (c) <then_branch = a () => (float[4] p) { p = Identity(x) },"
      "                    else_branch = b () => (float[4] q) { q = Identity(x) }>"
      "  [two] s = Bernoulli(y)  [three] z = NonZero(s)  w = Identity(x) }",
      15);
  const std::string message = message_of(model);
  CHECK_THAT(message, Contains("3 problems"));
  CHECK_THAT(message, Contains("If 'one': ops with subgraphs are not supported"));
  CHECK_THAT(message, Contains("Bernoulli 'two': Thimble does not have this op"));
  CHECK_THAT(message, Contains("NonZero 'three': Thimble does not have this op"));

  std::vector<NodeStatus> nodes;
  import_what_is_supported(load(model), nodes);
  REQUIRE(nodes.size() == 4);
  CHECK_FALSE(nodes[0].problem.empty());
  CHECK(nodes[3].problem.empty());
}

TEST_CASE("Types that are not supported") {
  CHECK_THAT(message_of("graph (string[4] x) => (string[4] y) { y = Identity(x) }"),
             Contains("input 'x': it is of type string"));
  CHECK_THAT(message_of("graph (uint16[4] x) => (uint16[4] y) { [n] y = Identity(x) }"),
             Contains("input 'x': it is of type uint16") && Contains("Identity 'n': 'x' is of type uint16"));
  CHECK_THAT(message_of("graph (float[4] x) => (seq(float[4]) y) { [n] y = SequenceConstruct(x) }"),
             Contains("SequenceConstruct 'n': 'y' is a sequence"));
  CHECK_THAT(message_of("graph (float[4] x) => (float8e4m3fn[4] y) { [n] y = Cast <to = 17> (x) }", 19),
             Contains("Cast 'n': 'y' is of type float8e4m3fn"));
  CHECK_THAT(message_of("graph (float[1] x) => (complex64[2] y) <complex64[2] w = {1,2,3,4}> { [n] y = Identity(w) }"),
             Contains("complex64"));
}

TEST_CASE("Half and double floats become float32, except for numbers that it cannot hold") {
  onnx::ModelProto model = parsed("graph (double[2,1] x) => (double[1,2] y) { y = Transpose(x) }");
  CHECK(import(model).inputs[0]->type.element == ElementType::float32);
  CHECK(load(model).notes == std::vector<std::string>{"input 'x': double in the model, float32 in the code",
                                                      "output 'y': double in the model, float32 in the code"});
  CHECK_THAT(message_of("graph (double[1] x) => (double[1] y) <double[1] w = {1e300}> { y = Identity(w) }"),
             Contains("tensor 'w'") && Contains("1e+300"));
}

TEST_CASE("Ops of other domains") {
  onnx::ModelProto foreign = parsed("graph (float[4] x) => (float[4] y) { [n] y = Identity(x) }");
  foreign.mutable_graph()->mutable_node(0)->set_domain("com.example");
  auto& opset = *foreign.add_opset_import();
  opset.set_domain("com.example");
  opset.set_version(1);
  CHECK_THAT(message_of(foreign), Contains("Identity 'n': ops of domain 'com.example' are not supported"));
}

TEST_CASE("Tensors whose data and dimensions disagree") {
  const auto with = [](auto&& change) {
    onnx::ModelProto model = parsed("graph (int8[4] x) => (int8[4] y) <int8[4] w = {1,2,3,4}> { y = Identity(w) }");
    change(*model.mutable_graph()->mutable_initializer(0));
    return message_of(model);
  };
  CHECK(with([](auto&) {}).empty());
  CHECK_THAT(with([](auto& t) { t.add_int32_data(5); }), Contains("tensor 'w'") && Contains("5"));
  CHECK_THAT(with([](auto& t) { t.set_int32_data(1, 300); }), Contains("element 1 is 300, beyond int8"));
  CHECK_THAT(with([](auto& t) {
               t.clear_int32_data();
               t.set_raw_data("abc");
             }),
             Contains("name: w") && Contains("3 bytes"));
  CHECK_THAT(with([](auto& t) {
               t.add_dims(int64_t(1) << 40);
               t.add_dims(int64_t(1) << 40);
             }),
             Contains("call for more than"));
}

TEST_CASE("Values and constant expressions of a size no microcontroller has") {
  CHECK_THAT(message_of("graph (float[100000,100000] x) => (float[100000,100000] y) { y = Identity(x) }"),
             Contains("input 'x': it takes more than"));
  CHECK_THAT(message_of("graph (float[4000,1] x, float[1,5000] z) => (float[4000,5000] y) { [n] y = Add(x, z) }"),
             Contains("Add 'n': its result float32[4000,5000] takes 80000000 bytes, 67108864 are the most"));

  // w is 1000 x 1: products of it are cheap to ask for.
  const auto folding = [](const std::string& nodes) {
    onnx::ModelProto model = parsed(
        "graph (float[1000,1000] x) => (float[1000,1000] y) <int64[2] swap = {1,1000}> {"
        "  v = Reshape(w, swap)  a0 = Add(w, v) " +
        nodes + " y = Add(x, last) }");
    auto& w = *model.mutable_graph()->add_initializer();
    w.set_name("w");
    w.set_data_type(onnx::TensorProto::FLOAT);
    w.add_dims(1000);
    w.add_dims(1);
    w.set_raw_data(std::string(4000, '\0'));
    return message_of(model);
  };
  CHECK(folding("last = Identity(a0)").empty());
  CHECK_THAT(folding("[n] last = MatMul(a0, a0)"),
             Contains("MatMul 'n': it computes 1000000 elements by 1000000000 multiplications from constants"));
  std::string many;
  for (int i = 0; i < 70; ++i) many += "a" + std::to_string(i + 1) + " = Add(a" + std::to_string(i) + ", w) ";
  CHECK_THAT(folding(many + "last = Identity(a70)"),
             Contains("bytes are computed from constants, 268435456 are the most"));
}

TEST_CASE("Four-bit constants are unpacked") {
  onnx::ModelProto model =
      parsed("graph (float[3] x) => (float[3] y) <float scale = {0.5}> { y = DequantizeLinear(w, scale) }", 21, 10);
  auto& w = *model.mutable_graph()->add_initializer();
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::INT4);
  w.add_dims(3);
  w.set_raw_data(std::string("\x8f\x07", 2));  // -1, -8, 7: the first in the low half
  const Graph g = import(model);
  CHECK(g.find("w")->constant->as<int8_t>()[0] == -1);
  CHECK(g.find("w")->constant->as<int8_t>()[1] == -8);
  CHECK(g.find("w")->constant->as<int8_t>()[2] == 7);
}

TEST_CASE("An op that Thimble lacks is what ONNX says it is made of") {
  const Graph g = import("graph (float[4] x) => (float[4] y) { [m] y = Mish(x) }", 18);
  std::set<std::string> ops;
  for (const Node* n : g.nodes()) {
    ops.insert(std::string(n->op->name()));
    CHECK_THAT(n->name, Catch::StartsWith("m/"));
  }
  CHECK(ops == std::set<std::string>{"Mul", "Softplus", "Tanh"});
  CHECK(g.outputs[0]->name == "y");
  const auto y = interpret(g, {{"x", Tensor::of<float>({4}, {-1, 0, 1, 2})}}).at("y");
  CHECK(y.as<float>()[0] == Approx(-0.303401f));
  CHECK(y.as<float>()[3] == Approx(1.943959f));

  // A body that depends on the node's types and attributes: log(exp(x) / sum(exp(x))).
  const Graph log_softmax = import("graph (float[1,2] x) => (float[1,2] y) { y = LogSoftmax <axis = 1> (x) }");
  CHECK(log_softmax.nodes().size() > 3);
  const auto logs = interpret(log_softmax, {{"x", Tensor::of<float>({1, 2}, {0, 1})}}).at("y");
  CHECK(logs.as<float>()[0] == Approx(-1.313262f));
  CHECK(logs.as<float>()[1] == Approx(-0.313262f));
  // One with ops that we lack, too: the op itself is what the user hears of.
  CHECK_THAT(message_of("graph (float[2,3] x, int64[2] t) => (float y) { [loss] y = SoftmaxCrossEntropyLoss(x, t) }"),
             Contains("SoftmaxCrossEntropyLoss 'loss': Thimble does not have this op"));
}

TEST_CASE("An output that is not what the model declares") {
  // ONNX cannot see through Concat's result, Thimble can.
  CHECK_THAT(message_of("graph (float[2,3] x) => (float[2,3] y) <int64[1] a = {3}, int64[1] b = {2}> {"
                        "  s = Concat <axis = 0> (a, b)  y = Reshape(x, s) }"),
             Contains("output 'y': the model declares it float32[2,3], its nodes make float32[3,2]"));
}
