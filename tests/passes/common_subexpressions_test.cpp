// Common subexpressions.
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

TEST_CASE("common_subexpressions: equal nodes and equal constants become one") {
  Graph g;
  Value* x = g.add_input("x", floats({2}));
  Value* a = add(g, make<Scale>(3.0), {x}, "a");
  Value* b = add(g, make<Scale>(3.0), {x}, "b");
  Value* c = add(g, make<Clamp>(0.0), {a}, "c");
  Value* d = add(g, make<Clamp>(0.0), {b}, "d");  // equal once a and b are one
  g.outputs = {add(g, make<Scale>(1.0), {c}, "y"), add(g, make<Scale>(2.0), {d}, "z")};
  apply(g, common_subexpressions, 0);
  CHECK(ops_of(g) == "Scale Clamp Scale Scale");

  Graph h;
  Value* one = h.add_constant("one", Tensor::of<float>({1}, {1}));
  Value* same = h.add_constant("same", Tensor::of<float>({1}, {1}));
  h.outputs = {add(h, make<Scale>(1.0), {one}, "y"), add(h, make<Scale>(2.0), {same}, "z")};
  apply(h, common_subexpressions, 0);
  CHECK(h.nodes()[0]->inputs[0] == h.nodes()[1]->inputs[0]);
}

TEST_CASE("common_subexpressions: other attributes, operands, storage or types stay apart") {
  Graph g;
  Value* x = g.add_input("x", floats({2}));
  Value* y = g.add_input("y", floats({2}));
  const Storage fine{ElementType::int8, {{0.5f}, {0}}}, coarse{ElementType::int8, {{0.25f}, {0}}};
  Value* ints = g.add_constant("ints", Tensor::of<int32_t>({1}, {0}));
  Value* real = g.add_constant("real", Tensor::of<float>({1}, {0}));
  std::vector<Value*> made = {add(g, make<Scale>(3.0), {x}, "a"),         add(g, make<Scale>(2.0), {x}, "b"),
                              add(g, make<Scale>(3.0), {y}, "c"),         add(g, make<Scale>(3.0), {x}, "d", fine),
                              add(g, make<Scale>(3.0), {x}, "e", coarse), add(g, make<Scale>(3.0), {ints}, "f"),
                              add(g, make<Scale>(3.0), {real}, "g")};
  for (size_t i = 0; i < made.size(); ++i)
    g.outputs.push_back(add(g, make<Clamp>(double(i)), {made[i]}, "o" + std::to_string(i)));
  apply(g, common_subexpressions, 0);
  CHECK(g.nodes().size() == 14);
}

TEST_CASE("common_subexpressions: two outputs keep their names") {
  Graph g;
  Value* x = g.add_input("x", floats({2}));
  g.outputs = {add(g, make<Scale>(3.0), {x}, "a"), add(g, make<Scale>(3.0), {x}, "b")};
  apply(g, common_subexpressions, 0);
  CHECK(g.outputs[0]->name == "a");
  CHECK(g.outputs[1]->name == "b");
}

TEST_CASE("common_subexpressions: an output that equals an inner value keeps its name") {
  Graph g;
  Value* x = g.add_input("x", floats({2}));
  Value* inner = add(g, make<Scale>(3.0), {x}, "inner");
  Value* next = add(g, make<Scale>(2.0), {inner}, "next");
  g.outputs = {next, add(g, make<Scale>(3.0), {x}, "out")};
  apply(g, common_subexpressions, 0);
  CHECK(ops_of(g) == "Scale Scale");
  CHECK(g.outputs[1]->name == "out");
}
