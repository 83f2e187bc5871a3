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

TEST_CASE("ConstantOfShape repeats its value, a float 0 by default") {
  FakeNode plain("ConstantOfShape", 9);
  CHECK(*plain.constant_input(shape_operand({2, 1})).import().outputs[0]->constant ==
        Tensor::of<float>({2, 1}, {0, 0}));
  FakeNode given("ConstantOfShape", 9, {{"value", Tensor::of<int64_t>({1}, {7})}});
  CHECK(*given.constant_input(shape_operand({3})).import().outputs[0]->constant == shape_operand({7, 7, 7}));
  FakeNode large("ConstantOfShape", 9);
  CHECK_THROWS_WITH(large.constant_input(shape_operand({100000, 100000})).import(),
                    Catch::Contains("it makes 10000000000 elements"));
  FakeNode empty("ConstantOfShape", 9);
  CHECK_THROWS_WITH(empty.constant_input(shape_operand({0})).import(), Catch::Contains("an extent of its shape is 0"));
}

TEST_CASE("Range counts up and down, and refuses to count nothing or without end") {
  const auto range = [](int64_t start, int64_t limit, int64_t delta) {
    FakeNode n("Range", 11);
    for (int64_t v : {start, limit, delta}) n.constant_input(Tensor::of<int64_t>({}, {v}));
    return *n.import().outputs[0]->constant;
  };
  CHECK(range(1, 6, 2) == shape_operand({1, 3, 5}));
  CHECK(range(3, 0, -1) == shape_operand({3, 2, 1}));
  CHECK_THROWS_WITH(range(3, 3, 1), Catch::Contains("it makes 0 elements"));
  CHECK_THROWS_WITH(range(3, 4, 0), Catch::Contains("from 3 to 4 by 0 it makes inf elements"));
}
