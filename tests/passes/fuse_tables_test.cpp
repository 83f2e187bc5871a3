// Chains of functions of single bytes become one table.
#include "compiler/ops/binary.hpp"
#include "compiler/ops/table.hpp"
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

const Storage fine{ElementType::int8, {{0.02f}, {3}}};
const Storage coarse{ElementType::int8, {{0.053f}, {-128}}};
const Storage unsigned_bytes{ElementType::uint8, {{0.01f}, {100}}};
const Storage wide{ElementType::int16, {{0.001f}, {0}}};

Value* input(Graph& g, const Storage& s) {
  return g.add_input("x", {s.element, {256}, s.quantization});
}
// Every stored byte once, so that the check sees each entry of a table.
void apply_to_every_byte(Graph& g, int steps) {
  std::vector<int8_t> all;
  for (int i = -128; i < 128; ++i) all.push_back(int8_t(i));
  const Values inputs{{"x", Tensor::of<int8_t>({256}, all)}};
  const Values before = interpret(g, complete_inputs(g, inputs));
  ReportLines lines;
  fuse_tables(g, lines);
  g.sweep();
  verify(g);
  CHECK(first_difference(g, complete_inputs(g, inputs), before, steps).value_or("") == "");
}

}  // namespace

TEST_CASE("fuse_tables: a chain through float between bytes") {
  Graph g;
  Value* v = add(g, make<Store>(), {input(g, fine)}, "real");
  v = add(g, make<Clamp>(-0.5, 1.0), {v}, "clamped");
  g.outputs = {add(g, make<Store>(), {v}, "y", unsigned_bytes)};
  apply_to_every_byte(g, 0);
  CHECK(ops_of(g) == "Table");
  CHECK(g.outputs[0]->name == "y");
}

TEST_CASE("fuse_tables: a rescale, and tables in a row, rounding where the model rounds") {
  Graph g;
  Value* v = add(g, make<Store>(), {add(g, make<Store>(), {input(g, fine)}, "r1")}, "q1", coarse);
  v = add(g, make<Store>(), {add(g, make<Store>(), {v}, "r2")}, "q2", fine);
  g.outputs = {add(g, make<Clamp>(0.0), {v}, "y", fine)};
  apply_to_every_byte(g, 0);
  CHECK(ops_of(g) == "Table");
}

TEST_CASE("fuse_tables: arithmetic with single numbers, and of two functions of one value") {
  Graph g;
  Value* x = add(g, make<Store>(), {input(g, fine)}, "real");
  Value* half = g.add_constant("half", Tensor::of<float>({1}, {0.47f}));
  // As x * clamp(x / 2 + 1/2), with the second factor stored as bytes in between.
  Value* v = add(g, make<BinaryOp>(Arithmetic::multiply), {x, half}, "scaled");
  v = add(g, make<BinaryOp>(Arithmetic::add), {half, v}, "shifted");
  v = add(g, make<Store>(), {add(g, make<Clamp>(0.0, 1.0), {v}, "gate")}, "gate_bytes", unsigned_bytes);
  v = add(g, make<BinaryOp>(Arithmetic::multiply), {x, add(g, make<Store>(), {v}, "gate_back")}, "gated");
  g.outputs = {add(g, make<Store>(), {v}, "y", coarse)};
  apply_to_every_byte(g, 1);
  CHECK(ops_of(g) == "Table");
}

TEST_CASE("fuse_tables: not arithmetic with other values or along an axis") {
  Graph g;
  Value* x = add(g, make<Store>(), {input(g, fine)}, "real");
  Value* other = add(g, make<Store>(), {g.add_input("other", {ElementType::int8, {256}, fine.quantization})}, "o");
  Value* many = g.add_constant("many", Tensor::of<float>({256}, std::vector<float>(256, 0.5f)));
  g.outputs = {add(g, make<Store>(), {add(g, make<BinaryOp>(Arithmetic::add), {x, other}, "a")}, "y", fine),
               add(g, make<Store>(), {add(g, make<BinaryOp>(Arithmetic::multiply), {x, many}, "b")}, "z", fine)};
  apply_to_every_byte(g, 0);
  CHECK(ops_of(g) == "Store Store Add Store Mul Store");
}

TEST_CASE("fuse_tables: a value that others read stays, and starts the next table") {
  Graph g;
  Value* v = add(g, make<Clamp>(0.0), {input(g, fine)}, "shared", fine);
  g.outputs = {add(g, make<Clamp>(-9.0, 1.0), {v}, "a", fine), add(g, make<Clamp>(-9.0, 2.0), {v}, "b", fine)};
  apply_to_every_byte(g, 0);
  CHECK(ops_of(g) == "Table Table Table");
}

TEST_CASE("fuse_tables: not from or to more than a byte, and not over what is no function of single elements") {
  Graph g;
  Value* x = input(g, fine);
  Value* real = add(g, make<Store>(), {x}, "real");
  Value* moved = add(g, make<Store>(), {add(g, make<Join>(), {real}, "moved")}, "moved_bytes", fine);
  g.outputs = {real, moved, add(g, make<Store>(), {real}, "wide", wide),
               add(g, make<Store>(), {g.add_input("r", floats({4}))}, "stored", fine)};
  apply_to_every_byte(g, 0);
  CHECK(ops_of(g) == "Store Join Store Store Store");
}

TEST_CASE("fuse_tables: a table alone stays as it is") {
  Graph g;
  g.outputs = {add(g, make<Clamp>(0.0), {input(g, fine)}, "y", coarse)};
  apply_to_every_byte(g, 0);
  const Op* table = g.nodes()[0]->op.get();
  apply_to_every_byte(g, 0);
  CHECK(g.nodes()[0]->op.get() == table);
}
