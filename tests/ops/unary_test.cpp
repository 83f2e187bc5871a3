// Functions of each element: their forms in ONNX, float kernels and int8 tables against the meaning.
#include <cmath>

#include "compiler/ops/clamp.hpp"
#include "compiler/ops/transpose.hpp"
#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/table.hpp"
#include "thimble/unary_float.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

template <class Constants, class F>
std::function<void(const Call&)> rows(F f) {
  return [f](const Call& c) { f(constants_of<Constants>(c), c.in.at(0), c.out, c.y0, c.y1); };
}

using thimble::Unary;
const Kernels kernels = {{"clamp_float", rows<thimble::Clamp>(thimble::clamp_float)},
                         {"table", rows<thimble::Table>(thimble::table)},
                         {"abs_float", rows<Unary>(thimble::abs_float)},
                         {"ceil_float", rows<Unary>(thimble::ceil_float)},
                         {"cos_float", rows<Unary>(thimble::cos_float)},
                         {"elu_float", rows<Unary>(thimble::elu_float)},
                         {"erf_float", rows<Unary>(thimble::erf_float)},
                         {"exp_float", rows<Unary>(thimble::exp_float)},
                         {"floor_float", rows<Unary>(thimble::floor_float)},
                         {"hard_sigmoid_float", rows<Unary>(thimble::hard_sigmoid_float)},
                         {"hard_swish_float", rows<Unary>(thimble::hard_swish_float)},
                         {"leaky_relu_float", rows<Unary>(thimble::leaky_relu_float)},
                         {"log_float", rows<Unary>(thimble::log_float)},
                         {"neg_float", rows<Unary>(thimble::neg_float)},
                         {"reciprocal_float", rows<Unary>(thimble::reciprocal_float)},
                         {"round_float", rows<Unary>(thimble::round_float)},
                         {"sigmoid_float", rows<Unary>(thimble::sigmoid_float)},
                         {"sin_float", rows<Unary>(thimble::sin_float)},
                         {"softplus_float", rows<Unary>(thimble::softplus_float)},
                         {"sqrt_float", rows<Unary>(thimble::sqrt_float)},
                         {"tanh_float", rows<Unary>(thimble::tanh_float)}};

struct Case {
  std::string name;
  std::map<std::string, Attribute> attributes;
  double x, y;  // one point of its meaning
};
const std::vector<Case> cases = {{"Abs", {}, -2, 2},
                                 {"Ceil", {}, -1.5, -1},
                                 {"Cos", {}, 0, 1},
                                 {"Elu", {}, -1, std::exp(-1.0) - 1},
                                 {"Elu", {{"alpha", 2.0f}}, -1, 2 * (std::exp(-1.0) - 1)},
                                 {"Erf", {}, 1, std::erf(1.0)},
                                 {"Exp", {}, 1, std::exp(1.0)},
                                 {"Floor", {}, -1.5, -2},
                                 {"HardSigmoid", {}, 1, 0.7},
                                 {"HardSigmoid", {{"alpha", 0.5f}, {"beta", 0.25f}}, 1, 0.75},
                                 {"HardSwish", {}, 1.5, 1.125},
                                 {"LeakyRelu", {}, -2, -0.02},
                                 {"LeakyRelu", {{"alpha", 0.5f}}, -2, -1},
                                 {"Log", {}, 1, 0},
                                 {"Neg", {}, 3, -3},
                                 {"Reciprocal", {}, 4, 0.25},
                                 {"Relu", {}, -1, 0},
                                 {"Round", {}, 2.5, 2},
                                 {"Sigmoid", {}, 0, 0.5},
                                 {"Sin", {}, 0, 0},
                                 {"Softplus", {}, 0, std::log(2.0)},
                                 {"Sqrt", {}, 9, 3},
                                 {"Tanh", {}, 1, std::tanh(1.0)}};

OpPtr imported(const Case& c) {
  FakeNode n(c.name, 13, c.attributes);
  return n.input(floats({3})).import().nodes().at(0)->op;
}

bool only_positive(const std::string& name) {
  return name == "Log" || name == "Sqrt" || name == "Reciprocal";
}

// The op on |x| + 0.1 where it is not defined, or steep, elsewhere.
Graph graph_of(OpPtr op, bool positive, const Shape& nhwc) {
  Graph g;
  Value* x = g.add_input("x", floats(nhwc));
  x = g.append({std::make_shared<TransposeOp>(std::vector{0, 3, 1, 2}), {x}, "t", {"t"}})->outputs[0];
  if (positive) {
    x = g.append({imported({"Abs", {}, 0, 0}), {x}, "abs", {"abs"}})->outputs[0];
    x = g.append({std::make_shared<ClampOp>(ClampRange{0.1}), {x}, "clip", {"clip"}})->outputs[0];
  }
  x = g.append({std::move(op), {x}, "node", {"y"}})->outputs[0];
  g.outputs = {g.append({std::make_shared<TransposeOp>(std::vector{0, 2, 3, 1}), {x}, "u", {"u"}})->outputs[0]};
  return g;
}

}  // namespace

TEST_CASE("functions of an element mean what ONNX says, defaults included") {
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(imported(c)->eval(std::vector{RealTensor{{1}, {c.x}}})[0].values.at(0) == Approx(c.y).margin(1e-7));
    CHECK(imported(c)->elementwise_unary());
  }
}

TEST_CASE("float kernels agree with the meaning, whole, in bands and for a batch") {
  for (const Case& c : cases)
    for (int64_t batch : {1, 2}) {
      INFO(c.name);
      check_lowered(graph_of(imported(c), only_positive(c.name), {batch, 5, 7, 3}), kernels, 1e-5);
    }
}

TEST_CASE("int8 and uint8 forms are tables within the rounding of float32") {
  for (const Case& c : cases)
    for (ElementType e : {ElementType::int8, ElementType::uint8}) {
      INFO(c.name);
      const int32_t zero_point =
          e == ElementType::int8 ? (only_positive(c.name) ? -129 : 3) : (only_positive(c.name) ? -1 : 130);
      const TensorType x{e, {1, 400}, Quantization{{0.03125f}, {zero_point}}};
      const Storage out{e, {{0.0173f}, {e == ElementType::int8 ? -5 : 120}}};
      const Program p = check_lowered(one_node(imported(c), {x}, out), kernels, 0);
      CHECK(p.layers.at(0).kernel == "table");
      CHECK(imported(c)->integer_form(std::vector{x}, out));
      CHECK_FALSE(imported(c)->integer_form(std::vector{floats({4})}, out));
    }
}

TEST_CASE("Softplus and Sigmoid stay finite far out") {
  const float x[] = {-200, -20, 0, 20, 200};
  float y[5];
  const thimble::RowView in{reinterpret_cast<const uint8_t*>(x), sizeof x, 1};
  const thimble::RowRing out{reinterpret_cast<uint8_t*>(y), sizeof y, 1};
  thimble::softplus_float({5, 0, 0}, in, out, 0, 1);
  CHECK(y[0] == 0);
  CHECK(y[3] == Approx(20.000000002));
  CHECK(y[4] == 200);
  thimble::sigmoid_float({5, 0, 0}, in, out, 0, 1);
  CHECK(y[0] >= 0);
  CHECK(y[4] == 1);
}

namespace {
ClampRange clip_range(FakeNode& n) {
  return *n.import().nodes().at(0)->op->clamp_range();
}
const ClampRange open;
}  // namespace

TEST_CASE("Clip: bounds as attributes, as operands, one or both absent, crossed") {
  FakeNode old("Clip", 6, {{"min", -1.0f}, {"max", 2.0f}});
  CHECK(clip_range(old.input(floats({2}))) == ClampRange{-1, 2});
  FakeNode bare("Clip", 6);
  CHECK(clip_range(bare.input(floats({2}))) == open);
  FakeNode both("Clip", 13);
  both.input(floats({2})).constant_input(Tensor::of<float>({}, {0})).constant_input(Tensor::of<float>({}, {6}));
  CHECK(clip_range(both) == ClampRange{0, 6});
  FakeNode upper("Clip", 11);
  upper.input(floats({2})).absent_input().constant_input(Tensor::of<float>({}, {6}));
  CHECK(clip_range(upper) == ClampRange{open.low, 6});
  FakeNode crossed("Clip", 13);
  crossed.input(floats({2})).constant_input(Tensor::of<float>({}, {3})).constant_input(Tensor::of<float>({}, {1}));
  CHECK(clip_range(crossed) == ClampRange{1, 1});
  FakeNode moving("Clip", 13);
  CHECK_THROWS_WITH(moving.input(floats({2})).input(floats({})).import(),
                    Catch::Contains("the lower bound is no constant"));
  FakeNode two("Clip", 13);
  CHECK_THROWS_WITH(two.input(floats({2})).constant_input(Tensor::of<float>({2}, {3, 4})).import(),
                    Catch::Contains("the lower bound has 2 elements"));
}

TEST_CASE("clamps combine, clip, and keep whole numbers whole") {
  const OpPtr both = ClampOp({0, 6}).with_clamp({-1, 4});
  CHECK(*both->clamp_range() == ClampRange{0, 4});
  check_lowered(one_node(both, {floats({500})}), kernels, 0);
  const TensorType integers{ElementType::int64, {2}, {}};
  CHECK(both->infer(std::vector{integers}, "n")[0] == integers);
  CHECK_THROWS_WITH(lower(one_node(both, {integers}), "test", plain_target(), {}),
                    Catch::Contains("no kernel clips int64[2]"));
}

TEST_CASE("a function of integers has no kernel, of booleans no meaning") {
  const OpPtr op = imported({"Neg", {}, 0, 0});
  const TensorType integers{ElementType::int32, {2}, {}};
  CHECK_THROWS_WITH(lower(one_node(op, {integers}), "test", plain_target(), {}),
                    Catch::Contains("Neg of int32[2] has no kernel"));
  CHECK_THROWS_WITH(one_node(op, {{ElementType::boolean, {2}, {}}}), Catch::Contains("its operand is bool[2]"));
}
