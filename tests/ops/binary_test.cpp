// Add, Sub, Mul, Div: meaning, every broadcast in both layouts, int8 against ONNX Runtime's formula on all pairs.
#include "compiler/ops/binary.hpp"

#include "compiler/ops/int8_sum.hpp"
#include "compiler/ops/transpose.hpp"
#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/binary_float.hpp"
#include "thimble/binary_int8.hpp"
#include "thimble/transpose.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

template <class Constants, class F>
std::function<void(const Call&)> alike(F f) {
  return [f](const Call& c) { f(constants_of<Constants>(c), c.in.at(0), c.in.at(1), c.out, c.y0, c.y1); };
}
// One or two operands, by rows or whole.
template <class Constants, class T, class F>
std::function<void(const Call&)> broadcast(F f) {
  return [f](const Call& c) {
    const auto layer = constants_of<Constants>(c);
    if (c.layer.band && c.in.size() == 2)
      f(layer, c.in[0], c.in[1], c.out, c.y0, c.y1);
    else if (c.layer.band)
      f(layer, c.in.at(0), c.out, c.y0, c.y1);
    else if (c.in.size() == 2)
      f(layer, c.input<T>(0), c.input<T>(1), c.output<T>());
    else
      f(layer, c.input<T>(0), c.output<T>());
  };
}

using thimble::AddInt8;
using thimble::AddInt8Broadcast;
using thimble::FloatBinary;
using thimble::FloatBroadcast;
using thimble::MultiplyInt8;
using thimble::MultiplyInt8Broadcast;
#define WITH_OPERANDS(kernel) [](const auto&... operands) { thimble::kernel(operands...); }
const Kernels kernels = {
    {"add_float", alike<FloatBinary>(thimble::add_float)},
    {"subtract_float", alike<FloatBinary>(thimble::subtract_float)},
    {"multiply_float", alike<FloatBinary>(thimble::multiply_float)},
    {"divide_float", alike<FloatBinary>(thimble::divide_float)},
    {"add_float_broadcast", broadcast<FloatBroadcast, float>(WITH_OPERANDS(add_float_broadcast))},
    {"subtract_float_broadcast", broadcast<FloatBroadcast, float>(WITH_OPERANDS(subtract_float_broadcast))},
    {"multiply_float_broadcast", broadcast<FloatBroadcast, float>(WITH_OPERANDS(multiply_float_broadcast))},
    {"divide_float_broadcast", broadcast<FloatBroadcast, float>(WITH_OPERANDS(divide_float_broadcast))},
    {"minimum_float", alike<FloatBinary>(thimble::minimum_float)},
    {"minimum_float_broadcast", broadcast<FloatBroadcast, float>(WITH_OPERANDS(minimum_float_broadcast))},
    {"maximum_float", alike<FloatBinary>(thimble::maximum_float)},
    {"maximum_float_broadcast", broadcast<FloatBroadcast, float>(WITH_OPERANDS(maximum_float_broadcast))},
    {"power_float", alike<FloatBinary>(thimble::power_float)},
    {"power_float_broadcast", broadcast<FloatBroadcast, float>(WITH_OPERANDS(power_float_broadcast))},
    {"prelu_float", alike<FloatBinary>(thimble::prelu_float)},
    {"prelu_float_broadcast", broadcast<FloatBroadcast, float>(WITH_OPERANDS(prelu_float_broadcast))},
    {"add_int8", alike<AddInt8>(thimble::add_int8)},
    {"add_int8_ties_to_even", alike<AddInt8>(thimble::add_int8_ties_to_even)},
    {"multiply_int8_common", alike<MultiplyInt8>(thimble::multiply_int8_common)},
    {"multiply_int8", alike<MultiplyInt8>(thimble::multiply_int8)},
    {"add_int8_broadcast", broadcast<AddInt8Broadcast, int8_t>(WITH_OPERANDS(add_int8_broadcast))},
    {"add_int8_ties_to_even_broadcast",
     broadcast<AddInt8Broadcast, int8_t>(WITH_OPERANDS(add_int8_ties_to_even_broadcast))},
    {"multiply_int8_common_broadcast",
     broadcast<MultiplyInt8Broadcast, int8_t>(WITH_OPERANDS(multiply_int8_common_broadcast))},
    {"multiply_int8_broadcast", broadcast<MultiplyInt8Broadcast, int8_t>(WITH_OPERANDS(multiply_int8_broadcast))},
    {"transpose", [](const Call& c) {
       with_element(c.output_element(), [&](auto zero) {
         using T = decltype(zero);
         thimble::transpose(constants_of<thimble::Transpose>(c), c.input<T>(0), c.output<T>());
       });
     }}};
#undef WITH_OPERANDS

OpPtr arithmetic(Arithmetic kind, ClampRange clamp = {}) {
  return std::make_shared<BinaryOp>(kind, clamp);
}
// Those that random operands, some of them negative, suit.
constexpr Arithmetic all_kinds[] = {Arithmetic::add,     Arithmetic::subtract, Arithmetic::multiply, Arithmetic::divide,
                                    Arithmetic::minimum, Arithmetic::maximum,  Arithmetic::prelu};

enum class Source { flat, nhwc, constant };

// An operand of ONNX shape `shape`: an input as it comes, one that lies in NHWC order, or a constant.
Value* make_operand(Graph& g, const std::string& name, TensorType type, Source source, std::mt19937& random) {
  if (source == Source::constant) {
    Tensor t = random_tensor(type, random);
    return g.add_constant(name, std::move(t));
  }
  if (source == Source::flat) return g.add_input(name, type);
  const bool four = type.shape.size() == 4;
  std::rotate(type.shape.begin() + 1, type.shape.begin() + 2, type.shape.end());
  Value* x = g.add_input(name, type);
  const std::vector<int> back = four ? std::vector{0, 3, 1, 2} : std::vector{0, 2, 1};
  return g.append({std::make_shared<TransposeOp>(back), {x}, name + "_t", {name + "_nchw"}})->outputs[0];
}

Program check_pair(OpPtr op, const TensorType& a, Source from_a, const TensorType& b, Source from_b, double tolerance,
                   std::optional<Storage> storage = {}) {
  Graph g;
  std::mt19937 random(7);
  Value *x = make_operand(g, "a", a, from_a, random), *y = make_operand(g, "b", b, from_b, random);
  g.outputs = {g.append({std::move(op), {x, y}, "node", {"y"}, std::move(storage)})->outputs[0]};
  return check_lowered(g, kernels, tolerance);
}

const Layer& layer_of(const Program& p, const std::string& kernel) {
  for (const Layer& l : p.layers)
    if (l.kernel.rfind(kernel, 0) == 0) return l;
  FAIL("no layer with kernel " << kernel);
  return p.layers[0];
}

double evaluated(Arithmetic kind, double a, double b, bool integers = false) {
  const RealTensor in[] = {{{}, {a}}, {{}, {b}}};
  return BinaryOp(kind, {}, integers).eval(in)[0].values.at(0);
}

struct ShapePair {
  Shape a, b;
};
// Repeats of every kind, in the operand on either side.
const std::vector<ShapePair> broadcasts = {{{2, 3, 4}, {2, 3, 4}},          {{1, 6, 5, 4}, {1, 6, 5, 4}},
                                           {{2, 6, 5, 4}, {2, 6, 5, 4}},    {{1, 6, 5, 4}, {}},
                                           {{1, 6, 5, 4}, {6, 1, 1}},       {{1, 6, 5, 4}, {1, 6, 1, 1}},
                                           {{1, 6, 5, 4}, {5, 1}},          {{1, 6, 5, 4}, {4}},
                                           {{2, 6, 5, 4}, {2, 1, 1, 4}},    {{1, 6, 5, 4}, {6, 5, 4}},
                                           {{1, 6, 5, 1}, {1, 1, 5, 4}},    {{1, 1, 5, 4}, {1, 6, 5, 1}},
                                           {{3, 1, 2, 1, 2}, {2, 1, 3, 1}}, {{7}, {1}},
                                           {{1, 4, 9}, {1, 4, 1}},          {{1, 4, 9}, {1, 1, 9}}};

}  // namespace

TEST_CASE("Add, Sub, Mul, Div compute what they say; division of integers truncates") {
  CHECK(evaluated(Arithmetic::add, 7, -2) == 5);
  CHECK(evaluated(Arithmetic::subtract, 7, -2) == 9);
  CHECK(evaluated(Arithmetic::multiply, 7, -2) == -14);
  CHECK(evaluated(Arithmetic::divide, 7, -2) == -3.5);
  CHECK(evaluated(Arithmetic::divide, 7, -2, true) == -3);
}

TEST_CASE("Min, Max, Pow and PRelu compute what they say") {
  CHECK(evaluated(Arithmetic::minimum, 7, -2) == -2);
  CHECK(evaluated(Arithmetic::maximum, 7, -2) == 7);
  CHECK(evaluated(Arithmetic::power, 2, -1) == 0.5);
  CHECK(evaluated(Arithmetic::prelu, -4, 0.25) == -1);
  CHECK(evaluated(Arithmetic::prelu, 4, 0.25) == 4);
  FakeNode three("Max", 13);
  CHECK(three.input(floats({4})).input(floats({1})).input(floats({2, 4})).import().nodes().size() == 2);
  FakeNode exponent("Pow", 15);
  exponent.input(floats({4})).constant_input(shape_operand({2}));
  CHECK(exponent.import().nodes().at(0)->inputs[1]->type == floats({1}));
}

TEST_CASE("powers agree with the math library: whole exponents, others, the ends") {
  const thimble::Power power;
  for (float x : {-2.5f, -1.0f, 0.0f, 0.3f, 1.0f, 7.0f})
    for (float y : {-3.0f, -1.0f, 0.0f, 1.0f, 2.0f, 3.0f, 10.0f})
      CHECK(power(x, y) == Approx(std::pow(x, y)).epsilon(1e-6));
  for (float x : {0.0f, 0.01f, 0.5f, 1.0f, 30.0f})
    for (float y : {0.5f, 1.5f, 2.2f, 100.0f}) CHECK(power(x, y) == Approx(std::pow(x, y)).epsilon(1e-5));
  CHECK(std::isnan(power(-2.0f, 0.5f)));
}

TEST_CASE("a binary node is read with its type; mixed types are refused") {
  FakeNode add("Add", 7);
  CHECK(result_type(add.input(floats({2, 1})).input(floats({3}))) == floats({2, 3}));
  FakeNode shapes("Div", 14);
  shapes.constant_input(shape_operand({7})).constant_input(shape_operand({2}));
  Graph& g = shapes.import();
  CHECK(interpret(g, {}).at("y").integer(0) == 3);
  FakeNode mixed("Mul", 14);
  CHECK_THROWS_WITH(mixed.input(floats({2})).constant_input(shape_operand({2})).import(),
                    Catch::Contains("its operands are float32[2] and int64[1]"));
  FakeNode apart("Sub", 14);
  CHECK_THROWS_WITH(apart.input(floats({2})).input(floats({3})).import(), Catch::Contains("do not broadcast"));
}

TEST_CASE("integers have no kernel at run time") {
  const TensorType type{ElementType::int64, {2}, {}};
  CHECK_THROWS_WITH(lower(one_node(arithmetic(Arithmetic::add), {type, type}), "test", plain_target(), {}),
                    Catch::Contains("Add of int64[2] and int64[2] giving int64[2] has no kernel"));
}

TEST_CASE("float kernels agree with the meaning for every broadcast, layout and constant") {
  for (const ShapePair& s : broadcasts)
    for (Arithmetic kind : all_kinds)
      for (Source a : {Source::flat, Source::nhwc, Source::constant})
        for (Source b : {Source::flat, Source::nhwc, Source::constant}) {
          const auto possible = [](Source source, const Shape& shape) {
            return source != Source::nhwc || shape.size() == 3 || shape.size() == 4;
          };
          if ((a == Source::constant && b == Source::constant) || !possible(a, s.a) || !possible(b, s.b)) continue;
          INFO(to_string(s.a) << " " << int(a) << ", " << to_string(s.b) << " " << int(b));
          // A quotient by a number near 0 is large, and its relative error that of the operands.
          check_pair(arithmetic(kind), floats(s.a), a, floats(s.b), b, 1e-6);
        }
}

TEST_CASE("a clamp is applied to the result, in both forms of the kernel") {
  const OpPtr clamped = BinaryOp(Arithmetic::add).with_clamp({-1, 2})->with_clamp({0, 5});
  CHECK(clamped->attributes() == "clamp=[0,2]");
  check_pair(clamped, floats({50}), Source::flat, floats({50}), Source::flat, 1e-6);
  check_pair(clamped, floats({50}), Source::flat, floats({}), Source::constant, 1e-6);
}

TEST_CASE("operands of the result's shape may be overwritten, others not") {
  const OpPtr add = arithmetic(Arithmetic::add);
  const Program same = check_pair(add, floats({1, 3, 4, 5}), Source::nhwc, floats({1, 3, 4, 5}), Source::nhwc, 1e-6);
  CHECK(layer_of(same, "add_float").inputs[0].overwrite == Overwrite::same_place);
  CHECK(layer_of(same, "add_float").inputs[1].overwrite == Overwrite::same_place);
  const Program gate = check_pair(add, floats({1, 3, 4, 5}), Source::nhwc, floats({1, 3, 1, 1}), Source::nhwc, 1e-6);
  CHECK(layer_of(gate, "add_float").inputs[0].overwrite == Overwrite::same_place);
  CHECK(layer_of(gate, "add_float").inputs[1].overwrite == Overwrite::nothing);
}

TEST_CASE("spatial operands of equal rows run in bands, a gate on whole maps does not") {
  const OpPtr multiply = arithmetic(Arithmetic::multiply);
  const auto banded = [&](Shape b, Source from) {
    return layer_of(check_pair(multiply, floats({1, 3, 4, 5}), Source::nhwc, floats(std::move(b)), from, 1e-6),
                    "multiply_float")
        .band.has_value();
  };
  CHECK(banded({1, 3, 4, 5}, Source::nhwc));
  CHECK(banded({3, 1, 1}, Source::constant));
  CHECK(banded({1, 1, 4, 1}, Source::nhwc));
  CHECK_FALSE(banded({1, 3, 1, 1}, Source::nhwc));
}

TEST_CASE("affine operands are named") {
  CHECK(arithmetic(Arithmetic::divide)->affine_in(0));
  CHECK_FALSE(arithmetic(Arithmetic::divide)->affine_in(1));
  CHECK(arithmetic(Arithmetic::subtract)->affine_in(1));
  CHECK_FALSE(arithmetic(Arithmetic::add, {0, 1})->affine_in(0));
}

TEST_CASE("int8 forms are those with one scale a tensor, without division") {
  const TensorType x = int8s({2, 2}, 0.5f, 1);
  const Storage out{ElementType::int8, {{0.5f}, {0}}};
  const auto form = [&](Arithmetic kind, const TensorType& b, const Storage& storage) {
    const TensorType in[] = {x, b};
    return arithmetic(kind)->integer_form(in, storage);
  };
  CHECK(form(Arithmetic::add, x, out));
  CHECK(form(Arithmetic::multiply, x, out));
  CHECK_FALSE(form(Arithmetic::divide, x, out));
  CHECK_FALSE(form(Arithmetic::add, floats({2, 2}), out));
  CHECK_FALSE(form(Arithmetic::add, {ElementType::int8, {2, 2}, Quantization{{1, 2}, {0, 0}, 0}}, out));
  CHECK_FALSE(form(Arithmetic::add, x, {ElementType::uint8, {{0.5f}, {0}}}));
}

TEST_CASE("int8 layers are within a step of the interpreter for every broadcast and layout") {
  const Storage storage{ElementType::int8, {{0.07f}, {-11}}};
  for (const ShapePair& s : broadcasts)
    for (Arithmetic kind : {Arithmetic::add, Arithmetic::subtract, Arithmetic::multiply})
      for (Source a : {Source::flat, Source::nhwc})
        for (Source b : {Source::flat, Source::nhwc, Source::constant}) {
          const auto spatial = [](const Shape& shape) { return shape.size() == 3 || shape.size() == 4; };
          if ((a == Source::nhwc && !spatial(s.a)) || (b == Source::nhwc && !spatial(s.b))) continue;
          check_pair(arithmetic(kind), int8s(s.a, 0.041f, 5), a, int8s(s.b, 0.033f, -20), b, 1, storage);
        }
}

namespace {

float random_scale(std::mt19937& random) {
  return std::exp2(std::uniform_real_distribution<float>(-9, -1)(random));
}

// Pairs that differ from the reference, counted over all 65,536 with the kernel's own arithmetic.
int counted(const Int8SumProblem& p, const ChosenInt8Sum& chosen) {
  int count = 0;
  for (int a = -128; a < 128; ++a)
    for (int b = -128; b < 128; ++b) {
      const int8_t q = chosen.ties_to_even ? apply_ties_to_even(chosen.sum, int8_t(a), int8_t(b))
                                           : apply(chosen.sum, int8_t(a), int8_t(b));
      const int32_t expected = reference_sum(p, a, b);
      REQUIRE(std::abs(q - expected) <= 1);
      count += q != expected;
    }
  return count;
}

}  // namespace

TEST_CASE("int8 sums agree with ONNX Runtime's formula on all but a handful of the 65,536 pairs") {
  std::mt19937 random(3);
  int exact = 0, differing = 0;
  const int problems = 200;
  for (int i = 0; i < problems; ++i) {
    const auto zero = [&] { return int32_t(random() % 256) - 128; };
    // The result's scale is as large as calibration makes it: its range covers most of the sums.
    const Int8Scale a{random_scale(random), zero()}, b{random_scale(random), zero()};
    const float span = std::uniform_real_distribution<float>(0.3f, 1.2f)(random);
    Int8SumProblem p{a, b, {(a.scale + b.scale) * span, zero()}, random() % 2 == 0, -128, 127};
    if (random() % 2) p.low = p.result.zero_point;  // a Relu
    const ChosenInt8Sum chosen = choose_int8_sum(p, "test");
    CHECK(counted(p, chosen) == chosen.differing);
    CHECK(chosen.differing <= 8);
    exact += chosen.differing == 0;
    differing += chosen.differing;
  }
  INFO(exact << " of " << problems << " problems exact, " << differing << " pairs differ in all");
  CHECK(exact >= problems * 9 / 10);
}

TEST_CASE("scales that make exact ties use the ties-to-even form, and agree on every pair") {
  for (bool subtract : {false, true})
    for (int32_t zero_point : {0, -7}) {
      const Int8SumProblem p{{0.25f, 3}, {0.125f, -4}, {0.5f, zero_point}, subtract, -128, 127};
      const ChosenInt8Sum chosen = choose_int8_sum(p, "test");
      CHECK(chosen.ties_to_even);
      CHECK(chosen.differing == 0);
      CHECK(counted(p, chosen) == 0);
    }
}

TEST_CASE("equal scales of operands and result need no rounding at all") {
  const Int8SumProblem p{{0.1f, 3}, {0.1f, -4}, {0.1f, 5}, false, -128, 127};
  const ChosenInt8Sum chosen = choose_int8_sum(p, "test");
  CHECK_FALSE(chosen.ties_to_even);
  CHECK(chosen.differing == 0);
}

TEST_CASE("operands' scales far above the result's are refused, far below it are not") {
  const Int8SumProblem wide{{1e6f, 0}, {1, 0}, {0.01f, 0}, false, -128, 127};
  CHECK_THROWS_WITH(choose_int8_sum(wide, "node"), Catch::Contains("are too large for the result's"));
  const Int8SumProblem narrow{{1e-6f, 0}, {1, 0}, {1, 0}, false, -128, 127};
  CHECK(choose_int8_sum(narrow, "node").differing == 0);
}

TEST_CASE("int8 layers say how many pairs differ") {
  const Storage storage{ElementType::int8, {{0.5f}, {-7}}};
  const Program p = check_pair(arithmetic(Arithmetic::add), int8s({300}, 0.25f, 3), Source::flat,
                               int8s({300}, 0.125f, -4), Source::flat, 0, storage);
  CHECK(p.layers.at(0).kernel == "add_int8_ties_to_even");
  CHECK(p.layers.at(0).note == "0 of 65536 pairs differ from ONNX Runtime by a step");
  const Program product =
      check_pair(arithmetic(Arithmetic::multiply), int8s({300}, 0.031f, 3), Source::flat, int8s({300}, 0.027f, -4),
                 Source::flat, 1, Storage{ElementType::int8, {{0.11f}, {-7}}});
  CHECK(product.layers.at(0).note == "0 of 65536 pairs differ from ONNX Runtime by a step");
}

TEST_CASE("int8 products agree with ONNX Runtime's formula on nearly all of the 65,536 pairs") {
  std::mt19937 random(5);
  int64_t differing = 0;
  for (int i = 0; i < 60; ++i) {
    const auto zero = [&] { return int32_t(random() % 256) - 128; };
    const TensorType a = int8s({65536}, random_scale(random), zero()), b = int8s({65536}, random_scale(random), zero());
    const float ratio = std::uniform_real_distribution<float>(90, 300)(random);
    const float result_scale = a.quantization->scales[0] * b.quantization->scales[0] * ratio;
    const Storage storage{ElementType::int8, {{result_scale}, {zero()}}};
    const Graph g = one_node(arithmetic(Arithmetic::multiply), {a, b}, storage);
    const Program p = lower(g, "test", plain_target(), {});
    Tensor x{a, std::vector<std::byte>(65536)}, y{b, std::vector<std::byte>(65536)};
    for (size_t k = 0; k < 65536; ++k) {
      x.bytes[k] = std::byte(k & 255);
      y.bytes[k] = std::byte(k >> 8);
    }
    LayerRunner runner(p);
    runner.set_input(0, x);
    runner.set_input(1, y);
    runner.run(kernels, 0);
    const Tensor got = runner.output(0);
    for (size_t k = 0; k < 65536; ++k) {
      const float left = float(x.integer(int64_t(k)) - a.quantization->zero_points[0]) * a.quantization->scales[0];
      const float right = float(y.integer(int64_t(k)) - b.quantization->zero_points[0]) * b.quantization->scales[0];
      const double q = std::nearbyint(left * right / result_scale) + storage.quantization.zero_points[0];
      const int64_t expected = int64_t(std::clamp(q, -128.0, 127.0));
      REQUIRE(std::abs(got.integer(int64_t(k)) - expected) <= 1);
      differing += got.integer(int64_t(k)) != expected;
    }
  }
  CHECK(differing <= 60 * 65536 / 100000);
}

TEST_CASE("int8 sums and products take the kernel of their rounding and of the core") {
  Target helium = plain_target();
  helium.features.mve = true;
  const auto kernel_of = [](Arithmetic kind, const Target& target, float scale, const Shape& other) {
    const TensorType a = int8s({1, 4, 5}, 0.125f, 3), b = int8s(other, 0.125f, -2);
    const Graph g = one_node(arithmetic(kind), {a, b}, Storage{ElementType::int8, {{scale}, {1}}});
    return lower(g, "test", target, {}).layers.at(0).kernel;
  };
  const Shape alike{1, 4, 5}, repeats{1, 1, 5};
  const float ties = 0.25f, none = 0.171f, large = 0.05f;  // large: the product's scale is beyond 1/4
  CHECK(kernel_of(Arithmetic::add, plain_target(), none, alike) == "add_int8");
  CHECK(kernel_of(Arithmetic::add, plain_target(), ties, alike) == "add_int8_ties_to_even");
  CHECK(kernel_of(Arithmetic::add, helium, none, alike) == "add_int8_mve");
  CHECK(kernel_of(Arithmetic::add, helium, ties, alike) == "add_int8_ties_to_even_mve");
  CHECK(kernel_of(Arithmetic::add, helium, none, repeats) == "add_int8_broadcast");
  CHECK(kernel_of(Arithmetic::multiply, plain_target(), none, alike) == "multiply_int8_common");
  CHECK(kernel_of(Arithmetic::multiply, plain_target(), ties, alike) == "multiply_int8");
  CHECK(kernel_of(Arithmetic::multiply, plain_target(), large, alike) == "multiply_int8");
  CHECK(kernel_of(Arithmetic::multiply, helium, none, alike) == "multiply_int8_mve");
  CHECK(kernel_of(Arithmetic::multiply, helium, none, repeats) == "multiply_int8_mve_broadcast");
  CHECK(kernel_of(Arithmetic::multiply, helium, ties, alike) == "multiply_int8");
  CHECK(kernel_of(Arithmetic::multiply, helium, large, alike) == "multiply_int8");
}
