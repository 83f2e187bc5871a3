// Reshape and Transpose merged, moved behind functions of single elements, and removed where nothing moves.
#include "compiler/ops/binary.hpp"
#include "compiler/ops/reshape.hpp"
#include "compiler/ops/transpose.hpp"
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {
Value* transpose(Graph& g, Value* v, const std::string& name, std::vector<int> permutation) {
  return add(g, make<TransposeOp>(permutation), {v}, name);
}
Value* reshape(Graph& g, Value* v, const std::string& name, Shape shape) {
  return add(g, make<ReshapeOp>(shape), {v}, name);
}
}  // namespace

TEST_CASE("merge_moves: reshapes and transposes in a row become one") {
  Graph g;
  Value* x = g.add_input("x", floats({2, 3, 4}));
  Value* a = reshape(g, reshape(g, x, "x1", {6, 4}), "a", {4, 6});
  Value* b = transpose(g, transpose(g, x, "x2", {1, 2, 0}), "b", {2, 0, 1});  // the inverse of the first
  Value* c = transpose(g, transpose(g, x, "x3", {2, 0, 1}), "c", {0, 2, 1});
  g.outputs = {a, add(g, make<Scale>(2.0), {b}, "b2"), c};
  apply(g, merge_moves, 0);
  CHECK(ops_of(g) == "Reshape Transpose Transpose Scale");
  apply(g, remove_noops, 0);
  CHECK(ops_of(g) == "Reshape Transpose Scale");
  CHECK(g.nodes()[1]->op->attributes() == "perm=[2,1,0]");
}

TEST_CASE("merge_moves: a function of single elements passes to the other side, and transposes meet") {
  Graph g;
  Value* x = g.add_input("x", floats({2, 3, 4}));
  Value* y = add(g, make<Clamp>(0.0), {transpose(g, x, "x1", {2, 0, 1})}, "y");
  g.outputs = {add(g, make<Scale>(2.0), {transpose(g, y, "z", {1, 2, 0})}, "w")};
  apply(g, merge_moves, 0);
  apply(g, remove_noops, 0);
  CHECK(ops_of(g) == "Clamp Scale");
}

TEST_CASE("merge_moves: equal transposes pass arithmetic, and its constants are put in the order before") {
  Graph g;
  Value* a = transpose(g, g.add_input("a", floats({1, 3, 4, 2})), "a1", {0, 2, 3, 1});
  Value* b = transpose(g, g.add_input("b", floats({1, 3, 4, 2})), "b1", {0, 2, 3, 1});
  Value* bias = g.add_constant("bias", Tensor::of<float>({3}, {0.5f, -2, 7}));
  Value* v = add(g, make<BinaryOp>(Arithmetic::add), {a, bias}, "biased");
  v = add(g, make<BinaryOp>(Arithmetic::multiply), {v, b}, "product");
  g.outputs = {add(g, make<Scale>(2.0), {transpose(g, v, "back", {0, 3, 1, 2})}, "y")};
  apply(g, merge_moves, 0);
  apply(g, remove_noops, 0);
  CHECK(ops_of(g) == "Add Mul Scale");
  CHECK(g.nodes()[0]->inputs[1]->type.shape == Shape{1, 3, 1, 1});
}

TEST_CASE("merge_moves: not past arithmetic with another order, shape or reader") {
  Graph g;
  Value* x = g.add_input("x", floats({2, 2, 2}));
  const auto add_op = make<BinaryOp>(Arithmetic::add);
  Value* shared = transpose(g, x, "s", {1, 2, 0});
  g.outputs = {
      add(g, add_op, {transpose(g, x, "a1", {1, 2, 0}), transpose(g, x, "a2", {2, 0, 1})}, "a"),
      add(g, add_op, {transpose(g, x, "b1", {1, 2, 0}), x}, "b"), add(g, add_op, {shared, shared}, "c"),
      add(g, add_op, {transpose(g, x, "d1", {1, 2, 0}), g.add_constant("k", Tensor::of<float>({2, 1, 1, 1}, {1, 2}))},
          "d")};
  apply(g, merge_moves, 0);
  CHECK(ops_of(g) == "Transpose Transpose Transpose Add Transpose Add Add Transpose Add");
}

TEST_CASE("merge_moves: not past a move that others read, nor what is no function of single elements") {
  Graph g;
  Value* x = g.add_input("x", floats({8}));
  Value* shared = reshape(g, x, "shared", {2, 4});
  Value* own = reshape(g, x, "own", {2, 4});
  g.outputs = {add(g, make<Clamp>(0.0), {shared}, "a"), add(g, make<Scale>(1.0), {shared}, "b"),
               add(g, make<Join>(), {own}, "c"), reshape(g, add(g, make<Join>(), {x}, "j"), "d", {4, 2})};
  apply(g, merge_moves, 0);
  CHECK(ops_of(g) == "Reshape Reshape Clamp Scale Join Join Reshape");
}

TEST_CASE("merge_moves: a clamp that lets 0 through passes what picks elements, to a layer that takes it") {
  Graph g;
  Value* x = g.add_input("x", floats({8}));
  Value* taken = add(g, make<Join>(), {reshape(g, add(g, make<Scale>(2.0), {x}, "a1"), "a2", {2, 4})}, "a3");
  Value* late = add(g, make<Join>(), {add(g, make<Scale>(3.0), {x}, "b1")}, "b2");
  Value* alone = add(g, make<Join>(), {x}, "c1");
  g.outputs = {add(g, make<Clamp>(0.0), {taken}, "a"), add(g, make<Clamp>(0.1), {late}, "b"),
               add(g, make<Clamp>(0.0), {alone}, "c")};
  apply(g, merge_moves, 0);
  // `a2` is no layer, 0.1 does not let 0 through, `x` is no layer.
  CHECK(ops_of(g) == "Scale Reshape Join Scale Join Join Clamp Clamp Clamp");
  Graph h;
  Value* y = add(h, make<Join>(), {add(h, make<Scale>(2.0), {h.add_input("x", floats({8}))}, "s")}, "j");
  h.outputs = {add(h, make<Clamp>(0.0), {y}, "y")};
  apply(h, merge_moves, 0);
  CHECK(ops_of(h) == "Scale Clamp Join");
}

TEST_CASE("remove_noops: identities, open clamps, and moves that move nothing go") {
  Graph g;
  Value* x = g.add_input("x", floats({2, 3}));
  Value* v = reshape(g, x, "a", {2, 3});
  v = transpose(g, v, "b", {0, 1});
  v = add(g, make<Store>(), {v}, "c");
  v = add(g, make<Clamp>(ClampRange{}.low), {v}, "d");
  g.outputs = {add(g, make<Scale>(2.0), {v}, "y")};
  apply(g, remove_noops, 0);
  CHECK(ops_of(g) == "Scale");
}

TEST_CASE("remove_noops: what changes shape, order, type or numbers stays, and an output that would be an input") {
  Graph g;
  Value* x = g.add_input("x", floats({2, 2}));
  g.outputs = {reshape(g, x, "a", {4}), transpose(g, x, "b", {1, 0}),
               add(g, make<Store>(), {x}, "c", Storage{ElementType::int8, {{0.5f}, {0}}}),
               add(g, make<Clamp>(0.0), {x}, "d"), reshape(g, x, "e", {2, 2})};
  apply(g, remove_noops, 0);
  CHECK(ops_of(g) == "Reshape Transpose Store Clamp Reshape");
}
