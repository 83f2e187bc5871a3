// Concat, Pad, Cast, Gather, Slice, Split, Tile, Expand: forms of all opsets, meaning, kernels in both layouts.
#include "compiler/ops/concat.hpp"
#include "compiler/ops/pad.hpp"
#include "compiler/ops/slice.hpp"
#include "compiler/ops/transpose.hpp"
#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/cast.hpp"
#include "thimble/concat.hpp"
#include "thimble/gather.hpp"
#include "thimble/pad.hpp"
#include "thimble/transpose.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

void run_concat(const Call& c) {
  const auto layer = constants_of<thimble::Concat>(c);
  if (c.layer.kernel == "concat_rows") {
    if (c.in.size() == 1) return thimble::concat_rows(layer, c.in[0], c.out, c.y0, c.y1);
    if (c.in.size() == 2) return thimble::concat_rows(layer, c.in[0], c.in[1], c.out, c.y0, c.y1);
    return thimble::concat_rows(layer, c.in.at(0), c.in.at(1), c.in.at(2), c.out, c.y0, c.y1);
  }
  with_element(c.output_element(), [&](auto zero) {
    using T = decltype(zero);
    if (c.in.size() == 1) return thimble::concat(layer, c.input<T>(0), c.output<T>());
    if (c.in.size() == 2) return thimble::concat(layer, c.input<T>(0), c.input<T>(1), c.output<T>());
    thimble::concat(layer, c.input<T>(0), c.input<T>(1), c.input<T>(2), c.output<T>());
  });
}

const Kernels kernels = {{"concat", run_concat},
                         {"concat_rows", run_concat},
                         {"pad",
                          [](const Call& c) {
                            with_element(c.output_element(), [&](auto zero) {
                              using T = decltype(zero);
                              if constexpr (sizeof(T) <= 4)
                                thimble::pad(constants_of<thimble::Pad>(c), c.input<T>(0), c.output<T>());
                            });
                          }},
                         {"cast",
                          [](const Call& c) {
                            with_element(c.input_element(0), [&](auto from) {
                              with_element(c.output_element(), [&](auto to) {
                                thimble::cast(constants_of<thimble::Cast>(c), c.input<decltype(from)>(0),
                                              c.output<decltype(to)>());
                              });
                            });
                          }},
                         {"gather",
                          [](const Call& c) {
                            with_element(c.output_element(), [&](auto zero) {
                              using T = decltype(zero);
                              thimble::gather(constants_of<thimble::Gather>(c), c.input<T>(0), c.output<T>());
                            });
                          }},
                         {"look_up",
                          [](const Call& c) {
                            const auto layer = constants_of<thimble::LookUp>(c);
                            if (c.input_element(0) == ElementType::int32)
                              thimble::look_up(layer, c.input<int32_t>(0), c.output<float>());
                            else
                              thimble::look_up(layer, c.input<int64_t>(0), c.output<float>());
                          }},
                         {"transpose", [](const Call& c) {
                            with_element(c.output_element(), [&](auto zero) {
                              using T = decltype(zero);
                              thimble::transpose(constants_of<thimble::Transpose>(c), c.input<T>(0), c.output<T>());
                            });
                          }}};

// x seen as [N,C,H,W] that lies in NHWC order.
Value* nhwc_input(Graph& g, const std::string& name, TensorType nhwc) {
  Value* x = g.add_input(name, std::move(nhwc));
  return g.append({std::make_shared<TransposeOp>(std::vector{0, 3, 1, 2}), {x}, name + "_t", {name + "_t"}})
      ->outputs[0];
}

// The op on inputs of these types; with `nhwc`, they lie in NHWC order (their shapes are given so).
Program check_op(OpPtr op, const std::vector<TensorType>& types, bool nhwc, double tolerance = 0) {
  Graph g;
  std::vector<Value*> in;
  for (const TensorType& t : types) {
    const std::string name = "x" + std::to_string(in.size());
    in.push_back(nhwc ? nhwc_input(g, name, t) : g.add_input(name, t));
  }
  g.outputs = {g.append({std::move(op), in, "node", {"y"}})->outputs[0]};
  return check_lowered(g, kernels, tolerance);
}

std::vector<double> numbers(FakeNode& n, const std::vector<double>& x) {
  Graph& g = n.import();
  std::map<std::string, Tensor> inputs;
  for (const Value* v : g.inputs) inputs.emplace(v->name, from_real({v->type.shape, x}, v->type));
  return to_real(interpret(g, inputs).at(g.outputs.at(0)->name)).values;
}

}  // namespace

TEST_CASE("Concat joins along any axis, counted from either end") {
  FakeNode last("Concat", 13, {{"axis", int64_t(-1)}});
  CHECK(result_type(last.input(floats({2, 3})).input(floats({2, 4}))).shape == Shape{2, 7});
  FakeNode unequal("Concat", 13, {{"axis", int64_t(0)}});
  CHECK_THROWS_WITH(unequal.input(floats({2, 3})).input(floats({2, 4})).import(),
                    Catch::Contains("shapes [2,3] and [2,4] do not join along axis 0"));
  FakeNode none("Concat", 13);
  CHECK_THROWS_WITH(none.input(floats({2, 3})).input(floats({2, 4})).import(), Catch::Contains("'axis' is absent"));
  FakeNode types("Concat", 13, {{"axis", int64_t(0)}});
  CHECK_THROWS_WITH(types.input(floats({2})).input({ElementType::int64, {2}, {}}).import(),
                    Catch::Contains("its operands are float32[2] and int64[2]"));
}

TEST_CASE("Concat keeps a quantization that all operands share, and computes reals of others") {
  const TensorType a = int8s({2, 3}, 0.5f, 1), b = int8s({2, 4}, 0.5f, 1), c = int8s({2, 4}, 0.25f, 1);
  CHECK(ConcatOp(1).infer(std::vector{a, b}, "n")[0] == int8s({2, 7}, 0.5f, 1));
  CHECK(ConcatOp(1).infer(std::vector{a, c}, "n")[0] == floats({2, 7}));
  CHECK_THROWS_WITH(lower(one_node(std::make_shared<ConcatOp>(1), {a, c}), "t", plain_target(), {}),
                    Catch::Contains("it joins int8[2,3] x0.5+1 into float32[2,7]"));
}

TEST_CASE("Concat's kernels agree with its meaning along every axis, by rows where rows stay rows") {
  const auto type = [](ElementType e, Shape s) { return TensorType{e, std::move(s), {}}; };
  for (ElementType e : {ElementType::int8, ElementType::float32})
    for (int axis : {0, 1, 2, 3})
      for (int64_t batch : {1, 2}) {
        // NHWC shapes: ONNX's axis 1 is the last one there.
        Shape a{batch, 3, 4, 5}, b = a, c = a;
        const size_t at = axis == 1 ? 3 : axis == 0 ? 0 : size_t(axis - 1);
        b[at] = 2;
        c[at] = 1;
        const auto op = std::make_shared<ConcatOp>(axis);
        const Program two = check_op(op, {type(e, a), type(e, b)}, true);
        CHECK(two.layers.at(0).band.has_value() == (batch == 1 && (axis == 1 || axis == 3)));
        check_op(op, {type(e, a), type(e, b), type(e, c)}, true);
        check_op(std::make_shared<ConcatOp>(int(at)), {type(e, a), type(e, b)}, false);
      }
}

TEST_CASE("constant parts of a Concat come from flash, in either place and layout") {
  std::mt19937 random(11);
  for (int axis : {0, 1, 2, 3})
    for (bool nhwc : {false, true})
      for (bool first : {false, true}) {
        Graph g;
        Value* x = nhwc ? nhwc_input(g, "x", floats({1, 4, 5, 3})) : g.add_input("x", floats({1, 3, 4, 5}));
        Shape part{1, 3, 4, 5};
        part[size_t(axis)] = 2;
        Value* c = g.add_constant("c", random_tensor(floats(part), random));
        const std::vector<Value*> operands = first ? std::vector{c, x, c} : std::vector{x, c, c};
        g.outputs = {g.append({std::make_shared<ConcatOp>(axis), operands, "node", {"y"}})->outputs[0]};
        check_lowered(g, kernels, 0);
      }
}

TEST_CASE("Pad: pads as attribute and operand, for chosen axes, its value") {
  FakeNode old("Pad", 2, {{"pads", std::vector<int64_t>{1, 0}}, {"value", 7.0f}});
  CHECK(numbers(old.input(floats({2})), {1, 2}) == std::vector<double>{7, 1, 2});
  FakeNode value("Pad", 13, {{"mode", std::string("constant")}});
  value.input(floats({2})).constant_input(shape_operand({0, 1})).constant_input(Tensor::of<float>({}, {-1}));
  CHECK(numbers(value, {1, 2}) == std::vector<double>{1, 2, -1});
  FakeNode axes("Pad", 18);
  axes.input(floats({1, 2})).constant_input(shape_operand({1, 0})).absent_input().constant_input(shape_operand({-1}));
  CHECK(numbers(axes, {1, 2}) == std::vector<double>{0, 1, 2});
  FakeNode cut("Pad", 13);
  CHECK(numbers(cut.input(floats({3})).constant_input(shape_operand({-1, 1})), {1, 2, 3}) ==
        std::vector<double>{2, 3, 0});
}

TEST_CASE("Pad shows the edge, its reflection, or the other side") {
  const auto padded = [](const char* mode) {
    FakeNode n("Pad", 19, {{"mode", std::string(mode)}});
    return numbers(n.input(floats({3})).constant_input(shape_operand({2, 2})), {1, 2, 3});
  };
  CHECK(padded("edge") == std::vector<double>{1, 1, 1, 2, 3, 3, 3});
  CHECK(padded("reflect") == std::vector<double>{3, 2, 1, 2, 3, 2, 1});
  CHECK(padded("wrap") == std::vector<double>{2, 3, 1, 2, 3, 1, 2});
  CHECK_THROWS_WITH(padded("mirror"), Catch::Contains("its mode is 'mirror'"));
  FakeNode far("Pad", 13, {{"mode", std::string("reflect")}});
  CHECK_THROWS_WITH(far.input(floats({3})).constant_input(shape_operand({3, 0})).import(),
                    Catch::Contains("pad 3 of axis 0 shows more than the 2 elements"));
  FakeNode gone("Pad", 13);
  CHECK_THROWS_WITH(gone.input(floats({3})).constant_input(shape_operand({-2, -1})).import(),
                    Catch::Contains("leave nothing of axis 0, which has 3"));
  FakeNode few("Pad", 13);
  CHECK_THROWS_WITH(few.input(floats({3, 3})).constant_input(shape_operand({1, 1})).import(),
                    Catch::Contains("it has 2 pads for 2 axes"));
}

TEST_CASE("Pad's kernel agrees with its meaning for every border, layout and element size") {
  for (PadMode mode : {PadMode::constant, PadMode::edge, PadMode::reflect, PadMode::wrap})
    for (const TensorType& t :
         {int8s({2, 4, 5, 3}, 0.5f, -7), floats({2, 4, 5, 3}), TensorType{ElementType::int16, {2, 4, 5, 3}, {}}}) {
      const auto pad = [&](std::vector<int64_t> before, std::vector<int64_t> behind) {
        return std::make_shared<PadOp>(std::move(before), std::move(behind), mode, mode == PadMode::constant ? 1.5 : 0);
      };
      if (t.element == ElementType::int16 && mode == PadMode::constant) continue;  // 1.5 is no int16
      check_op(pad({0, 0, 1, 2}, {0, 0, 2, 1}), {t}, true);
      check_op(pad({0, 1, 0, 0}, {0, 1, 0, 2}), {t}, true);
      check_op(pad({0, 1, 1, 0}, {1, 0, 2, 1}), {t}, false);
      if (mode == PadMode::constant) check_op(pad({0, -1, 1, -2}, {1, 0, -2, 1}), {t}, false);
    }
}

TEST_CASE("a border of zeros commutes with storing, another one does not") {
  const std::vector<int64_t> one{1};
  CHECK(PadOp(one, one, PadMode::constant, 0).commutes_with_storing());
  CHECK(PadOp(one, one, PadMode::edge, 0).commutes_with_storing());
  CHECK_FALSE(PadOp(one, one, PadMode::constant, 1).commutes_with_storing());
  CHECK_THROWS_WITH(check_op(std::make_shared<PadOp>(one, one, PadMode::constant, 0),
                             {TensorType{ElementType::int64, {2}, {}}}, false),
                    Catch::Contains("no kernel pads int64[2]"));
}

TEST_CASE("Cast truncates, makes booleans, and reads quantized integers as plain ones") {
  const auto cast = [](TensorType from, int64_t to, const std::vector<double>& x) {
    FakeNode n("Cast", 13, {{"to", to}});
    return numbers(n.input(std::move(from)), x);
  };
  CHECK(cast(floats({3}), 6, {-1.7, 1.7, 3}) == std::vector<double>{-1, 1, 3});
  CHECK(cast(floats({3}), 9, {-0.5, 0, 3}) == std::vector<double>{1, 0, 1});
  CHECK(cast(floats({2}), 1, {1.5, 2}) == std::vector<double>{1.5, 2});
  CHECK(cast(int8s({2}, 0.5f, 1), 1, {0, 2}) == std::vector<double>{1, 5});
  FakeNode eight("Cast", 19, {{"to", int64_t(1)}, {"saturate", int64_t(0)}});
  CHECK_THROWS_WITH(eight.input(floats({2})).import(), Catch::Contains("saturate is 0"));
}

TEST_CASE("Cast's kernel agrees with its meaning between all types") {
  const ElementType types[] = {ElementType::float32, ElementType::int8,  ElementType::uint8,  ElementType::int16,
                               ElementType::int32,   ElementType::int64, ElementType::boolean};
  for (ElementType from : types)
    for (ElementType to : types) {
      // Stored numbers lie in [-128, 255], which an unsigned type does not hold: those are for the widest types.
      const bool fits = lowest(from) >= lowest(to) && highest(from) <= highest(to);
      if (!fits && from != ElementType::float32 && to != ElementType::boolean) continue;
      FakeNode n("Cast", 13,
                 {{"to", int64_t(to == ElementType::float32 ? 1
                                 : to == ElementType::uint8 ? 2
                                 : to == ElementType::int8  ? 3
                                 : to == ElementType::int16 ? 5
                                 : to == ElementType::int32 ? 6
                                 : to == ElementType::int64 ? 7
                                                            : 9)}});
      Graph& g = n.input({from, {40}, {}}).import();
      if (from != to) check_lowered(g, kernels, 0);
    }
}

TEST_CASE("casting reals saturates") {
  const float x[] = {1e9f, -1e9f, NAN, -0.5f};
  int8_t small[4];
  thimble::cast({4, 0}, x, small);
  CHECK(small[0] == 127);
  CHECK(small[1] == -128);
  CHECK(small[2] == -128);
  CHECK(small[3] == 0);
  const float huge[] = {1e30f, -1e30f, 2147483648.0f};
  int32_t wide[3];
  thimble::cast({3, 0}, huge, wide);
  CHECK(wide[0] == 2147483647);
  CHECK(wide[1] == -2147483647 - 1);
  CHECK(wide[2] == 2147483647);
}

TEST_CASE("Gather: indices of any rank, from either end") {
  const auto gathered = [](Tensor indices, int64_t axis) {
    FakeNode n("Gather", 13, {{"axis", axis}});
    n.input(floats({2, 3})).constant_input(std::move(indices));
    return numbers(n, {0, 1, 2, 3, 4, 5});
  };
  CHECK(gathered(Tensor::of<int64_t>({}, {1}), 0) == std::vector<double>{3, 4, 5});
  CHECK(gathered(Tensor::of<int32_t>({2}, {-1, 0}), 1) == std::vector<double>{2, 0, 5, 3});
  CHECK(gathered(Tensor::of<int64_t>({2, 1}, {1, 1}), -1) == std::vector<double>{1, 1, 4, 4});
  CHECK_THROWS_WITH(gathered(Tensor::of<int64_t>({}, {2}), 0),
                    Catch::Contains("index 2 lies outside axis 0, which has 2"));
}

TEST_CASE("Gather's kernels agree with its meaning in both layouts") {
  for (int64_t axis : {0, 1, 2, 3})
    for (bool scalar : {false, true}) {
      Graph g;
      FakeNode n("Gather", 13, {{"axis", axis}});
      n.input(int8s({2, 3, 4, 5}, 0.5f, 3));
      n.constant_input(scalar ? Tensor::of<int64_t>({}, {1}) : Tensor::of<int64_t>({3}, {1, -1, 0}));
      n.import();
      check_lowered(n.graph, kernels, 0);
      const Value* indices = n.graph.nodes()[0]->inputs[1];
      Value* x = nhwc_input(g, "x", int8s({2, 4, 5, 3}, 0.5f, 3));
      Value* i = g.add_constant("i", *indices->constant);
      g.outputs = {g.append({n.graph.nodes()[0]->op, {x, i}, "node", {"y"}})->outputs[0]};
      check_lowered(g, kernels, 0);
    }
}

TEST_CASE("a look-up clips indices to its table, and two unknown operands are refused") {
  for (ElementType e : {ElementType::int32, ElementType::int64}) {
    FakeNode n("Gather", 13);
    n.constant_input(Tensor::of<float>({3, 2}, {0, 1, 2, 3, 4, 5})).input({e, {40}, {}});
    check_lowered(n.import(), kernels, 0);
  }
  FakeNode both("Gather", 13);
  CHECK_THROWS_WITH(
      lower(both.input(floats({3})).input({ElementType::int64, {1}, {}}).import(), "t", plain_target(), {}),
      Catch::Contains("both its operand and its indices are computed at run time"));
  FakeNode reals("Gather", 13);
  CHECK_THROWS_WITH(reals.input(floats({3})).input(floats({1})).import(),
                    Catch::Contains("its indices are float32[1]"));
}

TEST_CASE("Slice: bounds as attributes and operands, from either end, any step, clipped") {
  const auto sliced = [](int64_t start, int64_t end, int64_t step) {
    FakeNode n("Slice", 13);
    n.input(floats({5})).constant_input(shape_operand({start})).constant_input(shape_operand({end}));
    n.constant_input(shape_operand({0})).constant_input(shape_operand({step}));
    return numbers(n, {0, 1, 2, 3, 4});
  };
  CHECK(sliced(1, 3, 1) == std::vector<double>{1, 2});
  CHECK(sliced(-2, 1000, 1) == std::vector<double>{3, 4});
  CHECK(sliced(0, 5, 2) == std::vector<double>{0, 2, 4});
  CHECK(sliced(4, -100, -2) == std::vector<double>{4, 2, 0});
  CHECK(sliced(-1, 0, -1) == std::vector<double>{4, 3, 2, 1});
  CHECK_THROWS_WITH(sliced(3, 3, 1), Catch::Contains("it takes 0 elements from 3 on of axis 0, which has 5"));
  CHECK_THROWS_WITH(sliced(0, 3, 0), Catch::Contains("the step of axis 0 is 0"));
  FakeNode old(
      "Slice", 1,
      {{"starts", std::vector<int64_t>{1}}, {"ends", std::vector<int64_t>{2}}, {"axes", std::vector<int64_t>{1}}});
  CHECK(numbers(old.input(floats({2, 2})), {0, 1, 2, 3}) == std::vector<double>{1, 3});
  FakeNode uneven("Slice", 13);
  uneven.input(floats({5})).constant_input(shape_operand({0, 1})).constant_input(shape_operand({1}));
  CHECK_THROWS_WITH(uneven.import(), Catch::Contains("it has 2 starts, 1 ends"));
}

TEST_CASE("Slice's kernel agrees with its meaning in both layouts") {
  const auto op = std::make_shared<SliceOp>(std::vector<SliceAxis>{{1, 1, 1}, {2, -1, 3}, {0, 2, 2}, {1, 1, 3}});
  check_op(op, {floats({2, 4, 5, 3})}, true);
  check_op(op, {int8s({2, 3, 4, 5}, 0.5f, 3)}, false);
}

TEST_CASE("Split: sizes as attribute and operand, equal parts, a smaller last one") {
  const auto shapes = [](FakeNode& n) {
    std::vector<Shape> all;
    for (const Value* v : n.import().outputs) all.push_back(v->type.shape);
    return all;
  };
  FakeNode old("Split", 11, {{"axis", int64_t(1)}, {"split", std::vector<int64_t>{1, 3}}}, 2);
  CHECK(shapes(old.input(floats({2, 4}))) == std::vector<Shape>{{2, 1}, {2, 3}});
  FakeNode given("Split", 13, {}, 2);
  CHECK(shapes(given.input(floats({4})).constant_input(shape_operand({3, 1}))) == std::vector<Shape>{{3}, {1}});
  FakeNode equal("Split", 13, {}, 2);
  CHECK(shapes(equal.input(floats({4}))) == std::vector<Shape>{{2}, {2}});
  FakeNode odd("Split", 18, {{"num_outputs", int64_t(3)}}, 3);
  CHECK(shapes(odd.input(floats({7}))) == std::vector<Shape>{{3}, {3}, {1}});
  FakeNode wrong("Split", 13, {}, 2);
  CHECK_THROWS_WITH(wrong.input(floats({4})).constant_input(shape_operand({3, 2})).import(),
                    Catch::Contains("its 2 parts have 5 elements, axis 0 has 4"));
  FakeNode count("Split", 18, {{"num_outputs", int64_t(3)}}, 2);
  CHECK_THROWS_WITH(count.input(floats({4})).import(), Catch::Contains("num_outputs is 3, it has 2 outputs"));
}

TEST_CASE("the parts of a Split are the slices") {
  FakeNode n("Split", 13, {{"axis", int64_t(1)}}, 2);
  check_lowered(n.input(floats({2, 4, 3})).import(), kernels, 0);
}

TEST_CASE("Tile and Expand repeat, and are nothing where they repeat once") {
  const auto repeated = [](const char* name, Shape from, const std::vector<int64_t>& operand) {
    FakeNode n(name, 13);
    return result_type(n.input(floats(std::move(from))).constant_input(shape_operand(operand))).shape;
  };
  CHECK(repeated("Tile", {2, 3}, {1, 2}) == Shape{2, 6});
  CHECK(repeated("Expand", {3, 1}, {2, 1, 6}) == Shape{2, 3, 6});
  CHECK(repeated("Expand", {3, 4}, {3, 1}) == Shape{3, 4});
  CHECK(repeated("Expand", {3, 4}, {1, 1, 1}) == Shape{1, 3, 4});
  CHECK_THROWS_WITH(repeated("Tile", {2, 3}, {1}), Catch::Contains("it has 1 repeats for 2 axes"));
  CHECK_THROWS_WITH(repeated("Tile", {2}, {0}), Catch::Contains("it repeats an axis 0 times"));
  CHECK_THROWS_WITH(repeated("Expand", {3}, {2}), Catch::Contains("do not broadcast"));
  FakeNode once("Tile", 13);
  CHECK(once.input(floats({2})).constant_input(shape_operand({1})).import().nodes().empty());
  FakeNode tile("Tile", 13);
  CHECK(numbers(tile.input(floats({2})).constant_input(shape_operand({2})), {1, 2}) == std::vector<double>{1, 2, 1, 2});
}

TEST_CASE("repeats run as strided copies in both layouts") {
  FakeNode tile("Tile", 13);
  tile.input(floats({1, 3, 4, 5})).constant_input(shape_operand({2, 1, 1, 3}));
  check_lowered(tile.import(), kernels, 0);
  check_op(tile.graph.nodes()[0]->op, {floats({1, 4, 5, 3})}, true);
  FakeNode expand("Expand", 13);
  check_lowered(expand.input(int8s({3, 1, 2}, 0.5f, 1)).constant_input(shape_operand({2, 3, 4, 2})).import(), kernels,
                0);
}
