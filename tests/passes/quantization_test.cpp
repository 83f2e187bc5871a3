// QuantizeLinear and DequantizeLinear: moved, cancelled, absorbed into integer layers; clamps beside them dropped.
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

const Storage fine{ElementType::int8, {{0.02f}, {3}}};
const Storage coarse{ElementType::int8, {{0.05f}, {-128}}};

Value* quantized_input(Graph& g, const std::string& name, const Storage& s) {
  return g.add_input(name, {s.element, {64}, s.quantization});
}
Value* dequantize(Graph& g, Value* v, const std::string& name) {
  return add(g, make<Store>(), {v}, name);
}
Value* quantize(Graph& g, Value* v, const std::string& name, const Storage& s) {
  return add(g, make<Store>(), {v}, name, s);
}

}  // namespace

TEST_CASE("absorb_quantization: a layer between DequantizeLinear and QuantizeLinear becomes an integer layer") {
  Graph g;
  Value* x = dequantize(g, quantized_input(g, "x", fine), "x_real");
  Value* y = quantize(g, add(g, make<Scale>(1.5), {x}, "y_real"), "y", coarse);
  g.outputs = {quantize(g, add(g, make<Scale>(0.5), {dequantize(g, y, "y_back")}, "z_real"), "z", fine)};
  apply(g, absorb_quantization, 1);
  REQUIRE(ops_of(g) == "Scale Scale");
  CHECK(g.outputs[0]->name == "z");
  CHECK(g.nodes()[0]->outputs[0]->name == "y");
  CHECK(g.nodes()[1]->stored_as == fine);
}

TEST_CASE("absorb_quantization: what commutes with storing needs no rounding of its own") {
  Graph g;
  Value* a = dequantize(g, quantized_input(g, "a", fine), "a_real");
  Value* b = dequantize(g, quantized_input(g, "b", fine), "b_real");
  g.outputs = {quantize(g, add(g, make<Join>(), {a, b}, "y_real"), "y", fine)};
  apply(g, absorb_quantization, 0);
  REQUIRE(ops_of(g) == "Join");
  CHECK_FALSE(g.nodes()[0]->stored_as);
}

TEST_CASE("absorb_quantization: not without quantized operand, integer form, or a QuantizeLinear of its own") {
  Graph g;
  Value* real = g.add_input("real", floats({64}));
  Value* x = dequantize(g, quantized_input(g, "x", fine), "x_real");
  Value* shared = add(g, make<Scale>(2.0), {x}, "shared");
  Value* output = add(g, make<Scale>(3.0), {x}, "output");
  const Storage other{ElementType::uint8, {{0.05f}, {0}}};
  g.outputs = {quantize(g, add(g, make<Scale>(1.5), {real}, "a_real"), "a", fine),
               quantize(g, shared, "b", fine),
               add(g, make<Clamp>(0.0), {shared}, "c"),
               output,
               quantize(g, output, "d", fine),
               quantize(g, add(g, make<Scale>(1.5), {x}, "e_real"), "e", other),
               quantize(g, add(g, make<Join>(), {x, real}, "f_real"), "f", fine),
               quantize(g, add(g, make<Join>(), {x}, "g_real"), "g", coarse)};
  const size_t nodes = g.nodes().size();
  apply(g, absorb_quantization, 0);
  CHECK(g.nodes().size() == nodes);
}

TEST_CASE("move_dequantize: below what commutes with storing, all the way") {
  Graph g;
  Value* a = dequantize(g, quantized_input(g, "a", fine), "a_real");
  Value* b = dequantize(g, quantized_input(g, "b", fine), "b_real");
  Value* joined = add(g, make<Join>(), {a, b}, "joined");
  Value* again = add(g, make<Join>(), {joined}, "again");
  g.outputs = {add(g, make<Scale>(2.0), {again}, "y")};
  apply(g, move_dequantize, 0);
  CHECK(ops_of(g) == "Join Join Store Scale");
  CHECK(g.nodes()[1]->outputs[0]->type.element == ElementType::int8);
  CHECK(g.find("again") != nullptr);
}

TEST_CASE("move_dequantize: not from operands of different types, of a real one, or read by others as well") {
  Graph g;
  Value* a = dequantize(g, quantized_input(g, "a", fine), "a_real");
  Value* b = dequantize(g, quantized_input(g, "b", coarse), "b_real");
  Value* c = dequantize(g, quantized_input(g, "c", fine), "c_real");
  Value* d = dequantize(g, quantized_input(g, "d", fine), "d_real");
  g.outputs = {add(g, make<Join>(), {a, b}, "y"), add(g, make<Join>(), {c, g.add_input("r", floats({2}))}, "z"),
               add(g, make<Join>(), {d}, "w"), add(g, make<Scale>(2.0), {d}, "v")};
  apply(g, move_dequantize, 0);
  CHECK(ops_of(g) == "Store Store Store Store Join Join Join Scale");
}

TEST_CASE("move_quantize: above what commutes with storing, to each real operand") {
  Graph g;
  Value* a = add(g, make<Scale>(2.0), {g.add_input("a", floats({8}))}, "a2");
  Value* b = add(g, make<Scale>(2.0), {g.add_input("b", floats({8}))}, "b2");
  Value* joined = add(g, make<Join>(), {add(g, make<Join>(), {a}, "aa"), b}, "joined");
  g.outputs = {quantize(g, joined, "y", fine)};
  apply(g, move_quantize, 0);
  CHECK(ops_of(g) == "Scale Scale Store Join Store Join");
  CHECK(g.outputs[0]->name == "y");
}

TEST_CASE("move_quantize: above a clamp, whose limits are rounded alike") {
  Graph g;
  Value* x = add(g, make<Scale>(9.0), {g.add_input("x", floats({64}))}, "x9");
  g.outputs = {quantize(g, add(g, make<Clamp>(-0.397, 1.234), {x}, "real"), "y", fine)};
  apply(g, move_quantize, 0);
  CHECK(ops_of(g) == "Scale Store Clamp");
  CHECK(g.outputs[0]->type.element == ElementType::int8);
}

TEST_CASE("move_quantize: not above a layer") {
  Graph g;
  Value* x = add(g, make<Scale>(9.0), {g.add_input("x", floats({64}))}, "x9");
  g.outputs = {quantize(g, x, "y", fine)};
  apply(g, move_quantize, 0);
  CHECK(ops_of(g) == "Scale Store");
}

TEST_CASE("move_quantize: not when the real result is needed too") {
  Graph g;
  Value* x = g.add_input("x", floats({8}));
  Value* shared = add(g, make<Join>(), {x}, "shared");
  Value* output = add(g, make<Join>(), {x, x}, "output");
  g.outputs = {quantize(g, shared, "y", fine), add(g, make<Scale>(2.0), {shared}, "z"), output,
               quantize(g, output, "w", fine)};
  apply(g, move_quantize, 0);
  CHECK(ops_of(g) == "Join Join Store Scale Store");
}

TEST_CASE("drop_clamps: a clamp that the stored range implies goes") {
  Graph g;
  Value* x = add(g, make<Scale>(9.0), {g.add_input("x", floats({64}))}, "x9");
  Value* relu = quantize(g, add(g, make<Clamp>(0.0), {x}, "relu"), "y", coarse);  // coarse holds 0 to 12.75
  g.outputs = {add(g, make<Clamp>(-1.0, 20.0), {dequantize(g, relu, "back")}, "z"), add(g, make<Scale>(2.0), {x}, "w")};
  apply(g, drop_clamps, 0);
  CHECK(ops_of(g) == "Scale Store Store Scale");
  CHECK(g.outputs[0]->name == "z");
}

TEST_CASE("drop_clamps: a clamp after DequantizeLinear that cuts nothing goes") {
  Graph g;
  Value* x = quantized_input(g, "x", coarse);
  Value* clamped = add(g, make<Clamp>(0.0), {dequantize(g, x, "real")}, "clamped");
  g.outputs = {add(g, make<Scale>(2.0), {clamped}, "y")};
  apply(g, drop_clamps, 0);
  CHECK(ops_of(g) == "Store Scale");
}

TEST_CASE("drop_clamps: a clamp that cuts stays") {
  Graph g;
  Value* x = add(g, make<Scale>(20.0), {g.add_input("x", floats({64}))}, "x20");
  g.outputs = {quantize(g, add(g, make<Clamp>(0.0), {x}, "a_real"), "a", fine),
               quantize(g, add(g, make<Clamp>(0.0, 12.74), {x}, "b_real"), "b", coarse),
               add(g, make<Clamp>(0.01), {dequantize(g, quantized_input(g, "q", coarse), "c_real")}, "c")};
  apply(g, drop_clamps, 0);
  CHECK(ops_of(g) == "Scale Clamp Store Clamp Store Store Clamp");
}

TEST_CASE("cancel_requantization: equal types cancel") {
  Graph g;
  Value* x = quantized_input(g, "x", fine);
  Value* back = quantize(g, dequantize(g, x, "real"), "back", fine);
  g.outputs = {quantize(g, add(g, make<Scale>(2.0), {back}, "y_real"), "y", coarse)};
  apply(g, cancel_requantization, 0);
  CHECK(ops_of(g) == "Scale Store");
}

TEST_CASE("cancel_requantization: different types stay, and so does an output that would be an input") {
  Graph g;
  Value* x = quantized_input(g, "x", fine);
  g.outputs = {quantize(g, dequantize(g, x, "a_real"), "a", coarse),
               quantize(g, dequantize(g, x, "b_real"), "b", fine)};
  apply(g, cancel_requantization, 0);
  CHECK(ops_of(g) == "Store Store Store Store");
}
