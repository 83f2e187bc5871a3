// Gemm: its forms, its meaning, its constants rewritten, and its kernels against its meaning and ONNX Runtime's
// formula.
#include "compiler/ops/gemm.hpp"

#include "compiler/requantize.hpp"
#include "dense_kernels.hpp"
#include "fake_node.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

Tensor random_floats(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  return random_tensor(floats(shape), random);
}

// int8 weights in [-127, 127] with one scale, or one for each index of `axis`.
Tensor random_weights(const Shape& shape, int axis, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int8_t> values(size_t(element_count(shape)));
  for (int8_t& v : values) v = int8_t(int(random() % 255) - 127);
  Quantization q{{0.0123f}, {0}, axis};
  if (axis >= 0) {
    q.scales.clear();
    for (int64_t i = 0; i < shape[size_t(axis)]; ++i) q.scales.push_back(0.004f + 0.0007f * float(i % 11));
    q.zero_points.assign(q.scales.size(), 0);
  }
  return Tensor::of<int8_t>(shape, values, q);
}

Tensor random_bias(int64_t n, const Quantization& input, const Quantization& weights, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(int32_t(random() % 20001) - 10000);
  Quantization q{{}, weights.zero_points, weights.per_axis() ? 0 : -1};
  for (float s : weights.scales) q.scales.push_back(input.scales[0] * s);
  return Tensor::of<int32_t>({n}, values, q);
}

// y = gemm(x, constants...).
Graph with_constants(OpPtr op, const TensorType& x, const std::vector<Tensor>& constants,
                     std::optional<Storage> stored_as = {}) {
  Graph g;
  std::vector<Value*> operands{g.add_input("x", x)};
  for (size_t i = 0; i < constants.size(); ++i)
    operands.push_back(g.add_constant("c" + std::to_string(i), constants[i]));
  g.outputs = {g.append({std::move(op), operands, "fc", {"y"}, std::move(stored_as)})->outputs[0]};
  return g;
}

OpPtr gemm(GemmAttributes attributes, bool has_bias, ClampRange clamp = {}) {
  return std::make_shared<Gemm>(attributes, has_bias, clamp);
}

// Every output of an integer layer against ONNX Runtime's formula on the exact sum.
void check_against_reference(const Graph& g, bool must_be_exact) {
  const Node& node = *g.nodes()[0];
  const auto& op = dynamic_cast<const Gemm&>(*node.op);
  const TensorType &x = node.inputs[0]->type, &y = node.outputs[0]->type;
  const Tensor& w = *node.inputs[1]->constant;
  const int64_t k = op.inputs(w.type), n = op.outputs(w.type);
  const Program program = lower(g, "test", plain_target(), {});
  REQUIRE(program.layers.size() == 1);
  CHECK(program.layers[0].kernel == "dense");
  std::mt19937 random(7);
  int different = 0, total = 0;
  for (int round = 0; round < 50; ++round) {
    const Tensor in = random_tensor(x, random);
    LayerRunner runner(program);
    runner.set_input(0, in);
    runner.run(product_kernels(), 0);
    const Tensor out = runner.output(0);
    const StoredRange range = stored_range({y.element, *y.quantization}, op.clamp());
    for (int64_t i = 0; i < element_count(y.shape); ++i, ++total) {
      const int64_t row = i / n, o = i % n;
      int64_t acc = op.has_bias() ? node.inputs[2]->constant->integer(o) : 0;
      for (int64_t j = 0; j < k; ++j)
        acc += w.integer(op.gemm().trans_b ? o * k + j : j * n + o) *
               (in.integer(row * k + j) - x.quantization->zero_points[0]);
      const auto& scales = w.type.quantization->scales;
      const float scale =
          x.quantization->scales[0] * scales[scales.size() > 1 ? size_t(o) : 0] / y.quantization->scales[0];
      const int32_t wanted = reference_requantize(acc, scale, y.quantization->zero_points[0], range.low, range.high);
      REQUIRE(std::abs(out.integer(i) - wanted) <= 1);
      different += out.integer(i) != wanted;
    }
  }
  INFO(different << " of " << total << " differ; " << program.layers[0].note);
  CHECK(different <= (must_be_exact ? 0 : total / 10000));
}

}  // namespace

TEST_CASE("Gemm: shapes of every form") {
  FakeNode plain("Gemm", 13, {{"alpha", 0.5f}, {"beta", 2.0f}});
  CHECK(result_type(plain.input(floats({2, 3})).input(floats({3, 4})).input(floats({4}))) == floats({2, 4}));
  FakeNode both("Gemm", 7, {{"transA", int64_t(1)}, {"transB", int64_t(1)}});
  CHECK(result_type(both.input(floats({3, 2})).input(floats({4, 3})).input(floats({2, 1}))) == floats({2, 4}));
  FakeNode without("Gemm", 11);
  CHECK(result_type(without.input(floats({2, 3})).input(floats({3, 4}))) == floats({2, 4}));
}

TEST_CASE("Gemm refuses what does not fit, with both numbers") {
  FakeNode inner("Gemm", 13);
  CHECK_THROWS_WITH(inner.input(floats({2, 3})).input(floats({4, 5})).import(),
                    Catch::Contains("a row of A has 3 elements, a column of B 4"));
  FakeNode bias("Gemm", 13);
  CHECK_THROWS_WITH(bias.input(floats({2, 3})).input(floats({3, 4})).input(floats({3})).import(),
                    Catch::Contains("C is [3], the result [2,4]: it does not broadcast"));
  FakeNode rank("Gemm", 13);
  CHECK_THROWS_WITH(rank.input(floats({2, 3})).input(floats({3})).import(), Catch::Contains("Both must be matrices"));
  FakeNode empty("Gemm", 13);
  CHECK_THROWS_WITH(empty.input(floats({2, 3})).input(floats({3, 0})).import(), Catch::Contains("one has 0 elements"));
  FakeNode integers("Gemm", 13);
  CHECK_THROWS_WITH(integers.input({ElementType::int32, {2, 3}, {}}).input({ElementType::int32, {3, 2}, {}}).import(),
                    Catch::Contains("an operand is int32"));
}

TEST_CASE("Gemm's meaning") {
  const Gemm op({false, true, 2, 3}, true, {-std::numeric_limits<double>::infinity(), 100});
  const auto out =
      op.eval(std::vector<RealTensor>{{{1, 2}, {1, 2}}, {{3, 2}, {1, 1, 2, 5, 20, 20}}, {{3}, {1, 0, -1}}});
  CHECK(out[0].shape == Shape{1, 3});
  CHECK(out[0].values == std::vector<double>{9, 24, 100});
}

TEST_CASE("float Gemm: every form equals its meaning") {
  const int64_t k = GENERATE(1, 2, 7, 16), n = GENERATE(1, 3, 4, 9);
  for (bool trans_b : {false, true}) {
    const Tensor b = random_floats(trans_b ? Shape{n, k} : Shape{k, n}, 3);
    for (const GemmAttributes& attributes : {GemmAttributes{false, trans_b}, GemmAttributes{false, trans_b, 0.5f, 2}}) {
      for (const Shape& x : {Shape{1, k}, Shape{3, k}, Shape{2, 2, k}, Shape{k}}) {
        check_lowered(with_constants(gemm(attributes, false), floats(x), {b}), product_kernels(), 1e-6);
        check_lowered(with_constants(gemm(attributes, true, {-1, 2}), floats(x), {b, random_floats({n}, 4)}),
                      product_kernels(), 1e-6);
      }
      check_lowered(with_constants(gemm(attributes, true), floats({5, k}), {b, random_floats({5, n}, 4)}),
                    product_kernels(), 1e-6);
      check_lowered(with_constants(gemm(attributes, true), floats({5, k}), {b, random_floats({5, 1}, 4)}),
                    product_kernels(), 1e-6);
      check_lowered(with_constants(gemm(attributes, true), floats({5, k}), {b, random_floats({}, 4)}),
                    product_kernels(), 1e-6);
    }
  }
}

TEST_CASE("float Gemm of activations, transposed or not") {
  for (bool trans_a : {false, true})
    for (bool trans_b : {false, true}) {
      const TensorType a = floats(trans_a ? Shape{5, 3} : Shape{3, 5}), b = floats(trans_b ? Shape{6, 5} : Shape{5, 6});
      const GemmAttributes attributes{trans_a, trans_b, 1.5f, 0.5f};
      check_lowered(one_node(gemm(attributes, false), {a, b}), product_kernels(), 1e-6);
      for (const Shape& c : {Shape{6}, Shape{3, 6}, Shape{3, 1}, Shape{1}})
        check_lowered(one_node(gemm(attributes, true), {a, b, floats(c)}), product_kernels(), 1e-6);
      check_lowered(with_constants(gemm(attributes, true), a, {random_floats(b.shape, 2), random_floats({6}, 3)}),
                    product_kernels(), 1e-6);
    }
}

TEST_CASE("int8 Gemm equals ONNX Runtime's formula") {
  const int64_t k = GENERATE(1, 8, 33, 128), n = GENERATE(1, 4, 10);
  const TensorType x = int8s({2, k}, 0.031f, -7);
  const Storage stored{ElementType::int8, {{0.9f}, {5}}};
  for (bool trans_b : {false, true})
    for (int axis : {-1, trans_b ? 0 : 1}) {
      const Tensor w = random_weights(trans_b ? Shape{n, k} : Shape{k, n}, axis, 5);
      const Tensor bias = random_bias(n, *x.quantization, *w.type.quantization, 6);
      const GemmAttributes attributes{false, trans_b};
      const Gemm op(attributes, true);
      REQUIRE(op.integer_form(std::vector<TensorType>{x, w.type, bias.type}, stored));
      check_against_reference(with_constants(gemm(attributes, true), x, {w, bias}, stored), true);
      check_against_reference(with_constants(gemm(attributes, true, {0, 40}), x, {w, bias}, stored), true);
      check_against_reference(with_constants(gemm(attributes, false), x, {w}, stored), true);
    }
}

TEST_CASE("int8 Gemm with scales that are powers of two meets exact ties") {
  Tensor w = random_weights({16, 6}, -1, 5);
  w.type.quantization->scales = {0.0625f};
  const TensorType x = int8s({4, 16}, 0.125f, 3);
  check_against_reference(with_constants(gemm({}, false), x, {w}, Storage{ElementType::int8, {{1.0f}, {-3}}}), true);
}

TEST_CASE("int8 Gemm of two activations") {
  for (bool trans_b : {false, true})
    check_lowered(one_node(gemm({false, trans_b}, false),
                           {int8s({3, 20}, 0.03f, 4), int8s(trans_b ? Shape{6, 20} : Shape{20, 6}, 0.02f, 0)},
                           Storage{ElementType::int8, {{0.7f}, {2}}}),
                  product_kernels(), 1);
}

TEST_CASE("int8 Gemm with a row of bias for each row, or A transposed") {
  const Storage stored{ElementType::int8, {{0.9f}, {5}}};
  const TensorType x = int8s({3, 8}, 0.031f, -7), turned = int8s({8, 3}, 0.031f, -7);
  const Tensor w = random_weights({8, 5}, -1, 5);
  Tensor bias = random_bias(15, *x.quantization, *w.type.quantization, 6);
  bias.type.shape = {3, 5};
  REQUIRE(Gemm({}, true).integer_form(std::vector<TensorType>{x, w.type, bias.type}, stored));
  check_lowered(with_constants(gemm({}, true), x, {w, bias}, stored), product_kernels(), 1);
  check_lowered(with_constants(gemm({true}, true), turned, {w, bias}, stored), product_kernels(), 1);
}

TEST_CASE("which Gemm has an integer form") {
  const TensorType x = int8s({1, 4}, 0.5f, 3), w = int8s({4, 2}, 0.25f, 0);
  const TensorType bias{ElementType::int32, {2}, Quantization{{0.125f}, {0}}};
  const Storage stored{ElementType::int8, {{1.0f}, {0}}};
  const auto holds = [&](const Gemm& op, std::vector<TensorType> types) { return op.integer_form(types, stored); };
  CHECK(holds(Gemm({}, true), {x, w, bias}));
  CHECK(holds(Gemm({}, false), {x, w}));
  CHECK_FALSE(holds(Gemm({false, false, 2}, true), {x, w, bias}));
  CHECK_FALSE(holds(Gemm({}, false), {x, floats({4, 2})}));
  CHECK_FALSE(holds(Gemm({}, false), {floats({1, 4}), w}));
  CHECK_FALSE(holds(Gemm({}, false), {x, int8s({4, 2}, 0.25f, 1)}));
  CHECK_FALSE(holds(Gemm({}, true), {x, w, floats({2})}));
  TensorType other = bias;
  other.quantization->scales = {0.126f};
  CHECK_FALSE(holds(Gemm({}, true), {x, w, other}));
  TensorType by_input = w;
  by_input.quantization = Quantization{{1, 1, 1, 1}, {0, 0, 0, 0}, 0};
  CHECK_FALSE(holds(Gemm({}, false), {x, by_input}));
  TensorType by_output = w;
  by_output.quantization = Quantization{{0.25f, 0.5f}, {0, 0}, 1};
  CHECK(holds(Gemm({}, false), {x, by_output}));
  CHECK_FALSE(holds(Gemm({true}, false), {int8s({4, 3}, 0.5f, 3), by_output}));
  TensorType rows{ElementType::int32, {3, 2}, Quantization{{0.125f, 0.25f}, {0, 0}, 1}};
  CHECK_FALSE(holds(Gemm({}, true), {int8s({3, 4}, 0.5f, 3), by_output, rows}));
  CHECK_FALSE(Gemm({}, false).integer_form(std::vector<TensorType>{x, w}, Storage{ElementType::uint8, {{1.0f}, {0}}}));
  CHECK_FALSE(holds(Gemm({}, false), {int8s({1, 43801}, 0.5f, 0), int8s({43801, 2}, 0.5f, 0)}));
}

TEST_CASE("Gemm refuses an int8 layer whose bias leaves int32") {
  const TensorType x = int8s({1, 1}, 1.0f, -128);
  const Tensor w = Tensor::of<int8_t>({1, 1}, {127}, Quantization{{1.0f}, {0}});
  const Tensor bias = Tensor::of<int32_t>({1}, {INT32_MAX - 100}, Quantization{{1.0f}, {0}});
  const Graph g = with_constants(gemm({}, true), x, {w, bias}, Storage{ElementType::int8, {{1e6f}, {0}}});
  CHECK_THROWS_WITH(lower(g, "test", plain_target(), {}),
                    Catch::Contains("Gemm 'fc': the bias of output 0 is 2147499803"));
}
