// Constant folding.
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

TEST_CASE("fold_constants: a chain over constants becomes a constant of its name") {
  Graph g;
  Value* x = g.add_input("x", floats({2}));
  Value* c = g.add_constant("c", Tensor::of<float>({2}, {1, 2}));
  Value* d = add(g, make<Scale>(3.0), {c}, "d");
  Value* e = add(g, make<Scale>(2.0), {d}, "e");
  g.outputs = {e, add(g, make<Scale>(2.0), {x}, "y")};
  apply(g, fold_constants, 0);
  CHECK(ops_of(g) == "Scale");
  REQUIRE(g.outputs[0]->name == "e");
  REQUIRE(g.outputs[0]->is_constant());
  CHECK(g.outputs[0]->constant->as<float>()[1] == 12.0f);
  CHECK(g.find("d") == nullptr);
}

TEST_CASE("fold_constants: what does not fold early waits for fold_all_constants") {
  Graph g;
  Value* c = g.add_constant("c", Tensor::of<float>({2}, {1, 2}));
  g.outputs = {add(g, make<Scale>(3.0, false), {c}, "d")};
  apply(g, fold_constants, 0);
  CHECK(ops_of(g) == "Scale");
  apply(g, fold_all_constants, 0);
  CHECK(ops_of(g) == "");
  CHECK(g.outputs[0]->name == "d");
}

TEST_CASE("fold_constants: a node that reads an input stays") {
  Graph g;
  g.outputs = {add(g, make<Scale>(3.0), {g.add_input("x", floats({2}))}, "y")};
  apply(g, fold_all_constants, 0);
  CHECK(ops_of(g) == "Scale");
}

TEST_CASE("fold_constants: a result of more than 64 MB is not stored") {
  Graph g;
  Value* c = g.add_constant("c", Tensor::of<float>({17 << 20}, std::vector<float>(17 << 20)));
  g.outputs = {add(g, make<Scale>(3.0), {c}, "d")};
  ReportLines lines;
  fold_constants(g, lines);
  CHECK(ops_of(g) == "Scale");
}
