// QLinearConv and QLinearMatMul: how they are read, and what is refused.
#include <catch2/catch.hpp>

#include "fake_node.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

Tensor scale(std::vector<float> values) {
  const Shape shape = values.size() == 1 ? Shape{} : Shape{int64_t(values.size())};
  return Tensor::of<float>(shape, values);
}
Tensor zero(std::vector<int8_t> values) {
  const Shape shape = values.size() == 1 ? Shape{} : Shape{int64_t(values.size())};
  return Tensor::of<int8_t>(shape, values);
}

// x [1,2] times weights [2,3].
FakeNode& matmul_operands(FakeNode& node, const Tensor& weight_scales, const Tensor& weight_zeros,
                          float in_scale = 0.5f) {
  return node.input({ElementType::int8, {1, 2}, {}})
      .constant_input(scale({in_scale}))
      .constant_input(zero({3}))
      .constant_input(Tensor::of<int8_t>({2, 3}, {1, 2, 3, -4, 5, -6}))
      .constant_input(weight_scales)
      .constant_input(weight_zeros)
      .constant_input(scale({1.0f}))
      .constant_input(zero({-1}));
}

std::vector<std::string> ops_of(const Graph& g) {
  std::vector<std::string> names;
  for (const Node* n : g.nodes()) names.emplace_back(n->op->name());
  return names;
}

}  // namespace

TEST_CASE("QLinearMatMul is a Gemm between conversions") {
  FakeNode node("QLinearMatMul", 10);
  const Graph& g = matmul_operands(node, scale({0.25f}), zero({0})).import();
  CHECK(ops_of(g).size() == 6);
  CHECK(ops_of(g)[4] == "Gemm");
  CHECK(ops_of(g)[5] == "QuantizeLinear");
  CHECK(g.outputs[0]->type == int8s({1, 3}, 1.0f, -1));
  // (5-3)*0.5 = 1 and (-1-3)*0.5 = -2: [1*1+2*4, 2-10, 3+12]*0.25, ties to even, minus 1.
  const Tensor y = interpret(g, {{"x0", Tensor::of<int8_t>({1, 2}, {5, -1})}}).at("y");
  CHECK(y.integer(0) == 1);
  CHECK(y.integer(1) == -3);
  CHECK(y.integer(2) == 3);
}

TEST_CASE("QLinearMatMul with a scale for each column") {
  FakeNode node("QLinearMatMul", 13);
  const Graph& g = matmul_operands(node, scale({0.25f, 0.5f, 1.0f}), zero({0, 0, 0})).import();
  const Tensor y = interpret(g, {{"x0", Tensor::of<int8_t>({1, 2}, {5, -1})}}).at("y");
  CHECK(y.integer(0) == 1);
  CHECK(y.integer(1) == -5);
  CHECK(y.integer(2) == 14);
}

TEST_CASE("QLinearConv reads its bias in units of the products") {
  FakeNode node("QLinearConv", 10, {{"strides", std::vector<int64_t>{2}}});
  const Graph& g = node.input({ElementType::int8, {1, 1, 4}, {}})
                       .constant_input(scale({0.5f}))
                       .constant_input(zero({0}))
                       .constant_input(Tensor::of<int8_t>({2, 1, 2}, {1, 1, 2, -1}))
                       .constant_input(scale({0.25f, 0.5f}))
                       .constant_input(zero({0, 0}))
                       .constant_input(scale({0.125f}))
                       .constant_input(zero({7}))
                       .constant_input(Tensor::of<int32_t>({2}, {10, -20}))
                       .import();
  CHECK(g.outputs[0]->type == int8s({1, 2, 2}, 0.125f, 7));
  const Tensor y = interpret(g, {{"x0", Tensor::of<int8_t>({1, 1, 4}, {1, 2, 3, 4})}}).at("y");
  CHECK(y.integer(0) == 20);  // (1 + 2 + 10) * 0.125 / 0.125 + 7
  CHECK(y.integer(1) == 24);  // (3 + 4 + 10) + 7
  CHECK(y.integer(2) == (2 - 2 - 20) * 2 + 7);
  CHECK(y.integer(3) == (6 - 4 - 20) * 2 + 7);
}

TEST_CASE("QLinear ops refuse parameters that do not fit") {
  FakeNode negative("QLinearMatMul", 13);
  CHECK_THROWS_WITH(matmul_operands(negative, scale({0.25f}), zero({0}), -1.0f).import(),
                    Catch::Contains("a scale is -1"));
  FakeNode count("QLinearMatMul", 13);
  CHECK_THROWS_WITH(matmul_operands(count, scale({0.25f, 0.5f}), zero({0, 0})).import(),
                    Catch::Contains("2 scales for the 3 indices of axis 1"));
  FakeNode uneven("QLinearMatMul", 13);
  CHECK_THROWS_WITH(matmul_operands(uneven, scale({0.25f, 0.5f, 1.0f}), zero({0, 0})).import(),
                    Catch::Contains("3 scales and 2 zero points"));
  FakeNode real("QLinearMatMul", 13);
  real.input(floats({1, 2})).constant_input(scale({1.0f})).constant_input(zero({0}));
  real.constant_input(Tensor::of<int8_t>({2, 1}, {1, 2})).constant_input(scale({1.0f})).constant_input(zero({0}));
  real.constant_input(scale({1.0f})).constant_input(zero({0}));
  CHECK_THROWS_WITH(real.import(), Catch::Contains("a quantized operand is float32"));
}
