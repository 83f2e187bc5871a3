// Constant, Shape and Identity: what they bind.
#include <catch2/catch.hpp>

#include "fake_node.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

TEST_CASE("Constant binds its tensor, and refuses strings") {
  const Tensor t = Tensor::of<float>({2}, {1.5f, -2});
  FakeNode node("Constant", 13, {{"value", t}});
  CHECK(*node.import().outputs[0]->constant == t);
  FakeNode text("Constant", 13, {{"value_string", std::string("a")}});
  CHECK_THROWS_WITH(text.import(), Catch::Contains("it holds no numbers"));
}

TEST_CASE("Shape is a constant, cut by start and end") {
  const auto shape_of = [](std::map<std::string, Attribute> attributes) {
    FakeNode node("Shape", 15, std::move(attributes));
    return *node.input(floats({2, 3, 5})).import().outputs[0]->constant;
  };
  CHECK(shape_of({}) == shape_operand({2, 3, 5}));
  CHECK(shape_of({{"start", int64_t(1)}}) == shape_operand({3, 5}));
  CHECK(shape_of({{"start", int64_t(-1)}}) == shape_operand({5}));
  CHECK(shape_of({{"end", int64_t(-1)}}) == shape_operand({2, 3}));
  CHECK(shape_of({{"start", int64_t(-9)}, {"end", int64_t(9)}}) == shape_operand({2, 3, 5}));
  CHECK(shape_of({{"start", int64_t(2)}, {"end", int64_t(1)}}) == shape_operand({}));
}

TEST_CASE("Identity binds its operand") {
  FakeNode node("Identity", 13);
  node.input(int8s({4}, 0.5f, 3));
  const Graph& g = node.import();
  CHECK(g.outputs[0] == g.inputs[0]);
  CHECK(g.nodes().empty());
}

TEST_CASE("A copy is the same bytes under another name") {
  Graph g;
  Value* x = g.add_input("x", int8s({3}, 0.5f, 3));
  const Node* copy = g.append({copy_op(), {x}, "copy", {"y"}});
  CHECK(copy->outputs[0]->type == x->type);
  const Tensor data = Tensor::of<int8_t>({3}, {-128, 0, 127}, x->type.quantization);
  CHECK(interpret(g, {{"x", data}}).at("y") == data);
}
