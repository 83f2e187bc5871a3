// Reshape, Flatten, Squeeze, Unsqueeze: every form they are written in, and when they are views.
#include "compiler/ops/reshape.hpp"

#include "compiler/ops/transpose.hpp"
#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/transpose.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {
const Kernels kernels = {{"transpose", [](const Call& c) {
                            with_element(c.output_element(), [&](auto zero) {
                              using T = decltype(zero);
                              thimble::transpose(constants_of<thimble::Transpose>(c), c.input<T>(0), c.output<T>());
                            });
                          }}};

Shape reshaped(Shape from, const std::vector<int64_t>& wish, std::map<std::string, Attribute> attributes = {}) {
  FakeNode n("Reshape", 14, std::move(attributes));
  return result_type(n.input(floats(std::move(from))).constant_input(shape_operand(wish))).shape;
}
Shape result_shape(FakeNode n, Shape from) {
  return result_type(n.input(floats(std::move(from)))).shape;
}
}  // namespace

TEST_CASE("Reshape: -1 takes the rest, 0 copies, allowzero refuses 0") {
  CHECK(reshaped({2, 3, 4}, {6, 4}) == Shape{6, 4});
  CHECK(reshaped({2, 3, 4}, {0, -1}) == Shape{2, 12});
  CHECK(reshaped({2, 3, 4}, {4, 0, 2}) == Shape{4, 3, 2});
  CHECK(reshaped({1}, {}) == Shape{});
  CHECK_THROWS_WITH(reshaped({2, 3}, {-1, -1}), Catch::Contains("2 of its extents are -1"));
  CHECK_THROWS_WITH(reshaped({2, 3}, {4, -1}), Catch::Contains("6 elements do not divide by the known extents, 4"));
  CHECK_THROWS_WITH(reshaped({2, 3}, {7}), Catch::Contains("has 6 elements, the new shape [7] has 7"));
  CHECK_THROWS_WITH(reshaped({2, 3}, {1, 1, 0}), Catch::Contains("copies axis 2 of a value of rank 2"));
  CHECK_THROWS_WITH(reshaped({2, 3}, {6, 0}, {{"allowzero", int64_t(1)}}), Catch::Contains("extent 1 is 0"));
}

TEST_CASE("Flatten: any axis, the ends included") {
  CHECK(result_shape(FakeNode("Flatten", 13), {2, 3, 4}) == Shape{2, 12});
  CHECK(result_shape(FakeNode("Flatten", 13, {{"axis", int64_t(0)}}), {2, 3, 4}) == Shape{1, 24});
  CHECK(result_shape(FakeNode("Flatten", 13, {{"axis", int64_t(3)}}), {2, 3, 4}) == Shape{24, 1});
  CHECK(result_shape(FakeNode("Flatten", 13, {{"axis", int64_t(-1)}}), {2, 3, 4}) == Shape{6, 4});
  CHECK_THROWS_WITH(result_shape(FakeNode("Flatten", 13, {{"axis", int64_t(4)}}), {2, 3, 4}),
                    Catch::Contains("axis 4 lies outside a value of rank 3"));
}

TEST_CASE("Squeeze and Unsqueeze: axes as attribute, as operand, absent") {
  const std::vector<int64_t> axes{0, -1};
  CHECK(result_shape(FakeNode("Squeeze", 11, {{"axes", axes}}), {1, 3, 1, 1}) == Shape{3, 1});
  CHECK(result_shape(FakeNode("Squeeze", 13), {1, 3, 1, 2}) == Shape{3, 2});
  FakeNode squeeze("Squeeze", 13);
  CHECK(result_type(squeeze.input(floats({1, 3, 1, 1})).constant_input(shape_operand(axes))).shape == Shape{3, 1});
  CHECK_THROWS_WITH(result_shape(FakeNode("Squeeze", 11, {{"axes", axes}}), {1, 3}),
                    Catch::Contains("axis -1 has extent 3, not 1"));
  CHECK(result_shape(FakeNode("Unsqueeze", 11, {{"axes", axes}}), {3, 2}) == Shape{1, 3, 2, 1});
  FakeNode unsqueeze("Unsqueeze", 13);
  CHECK(result_type(unsqueeze.input(floats({3})).constant_input(shape_operand({1}))).shape == Shape{3, 1});
  CHECK_THROWS_WITH(result_shape(FakeNode("Unsqueeze", 11, {{"axes", std::vector<int64_t>{1, 1}}}), {3}),
                    Catch::Contains("axis 1 is inserted twice"));
}

TEST_CASE("Reshape keeps quantization, along its axis where that survives") {
  const Quantization per_channel{{1, 2, 3}, {0, 0, 0}, 1};
  const TensorType in{ElementType::int8, {2, 3, 4}, per_channel};
  CHECK(ReshapeOp({2, 3, 2, 2}).infer(std::vector{in}, "n")[0].quantization->axis == 1);
  CHECK(ReshapeOp({1, 2, 3, 4}).infer(std::vector{in}, "n")[0].quantization->axis == 2);
  CHECK_THROWS_WITH(ReshapeOp({6, 4}).infer(std::vector{in}, "n"), Catch::Contains("across axis 1"));
  CHECK(ReshapeOp({24}).infer(std::vector{int8s({2, 3, 4}, 0.5f, 3)}, "n")[0] == int8s({24}, 0.5f, 3));
}

TEST_CASE("Reshape of a flat value is a view") {
  const Program p = check_lowered(one_node(std::make_shared<ReshapeOp>(Shape{6, 4}), {floats({2, 3, 4})}), kernels, 0);
  CHECK(p.layers.empty());
}

namespace {
// x [1,H,W,C] seen as NHWC, then reshaped.
Graph after_nhwc(Shape nhwc, Shape to) {
  Graph g;
  Value* x = g.add_input("x", int8s(std::move(nhwc), 0.5f, 1));
  Node* t = g.append({std::make_shared<TransposeOp>(std::vector<int>{0, 3, 1, 2}), {x}, "t", {"t"}});
  g.outputs = {g.append({std::make_shared<ReshapeOp>(std::move(to)), {t->outputs[0]}, "r", {"r"}})->outputs[0]};
  return g;
}
}  // namespace

TEST_CASE("Reshape of an NHWC value is a view where the bytes agree, and converts else") {
  CHECK(check_lowered(after_nhwc({1, 1, 1, 8}, {1, 8}), kernels, 0).layers.empty());
  CHECK(check_lowered(after_nhwc({1, 4, 5, 1}, {20}), kernels, 0).layers.empty());
  CHECK(check_lowered(after_nhwc({1, 4, 5, 3}, {1, 60}), kernels, 0).layers.size() == 1);
}

TEST_CASE("Squeeze of an NHWC value's width stays NHWC: one conversion, at the output") {
  const Program p = check_lowered(after_nhwc({1, 4, 1, 3}, {1, 3, 4}), kernels, 0);
  REQUIRE(p.layers.size() == 1);
  CHECK(p.layers[0].name == "r to flat");
}
