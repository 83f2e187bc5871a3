// What is affine in a layer's output channels goes into its weights and bias; biases in units of integer sums.
#include "compiler/ops/conv.hpp"
#include "compiler/ops/gemm.hpp"
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

// a * x + b over broadcast operands x, a, b: stands for BatchNormalization, Add, Mul ...
class Affine : public Op {
 public:
  std::string_view name() const override { return "Affine"; }
  std::string attributes() const override { return ""; }
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string& node) const override {
    return {floats(broadcast_shape(broadcast_shape(in[0].shape, in[1].shape, node), in[2].shape, node))};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    RealTensor out{broadcast_shape(broadcast_shape(in[0].shape, in[1].shape, ""), in[2].shape, ""), {}};
    for (int64_t i = 0; i < element_count(out.shape); ++i)
      out.values.push_back(at(in[1], out.shape, i) * at(in[0], out.shape, i) + at(in[2], out.shape, i));
    return {out};
  }
  void lower(Lowering&, const Node&) const override {}
  bool affine_in(size_t operand) const override { return operand == 0; }

 private:
  static double at(const RealTensor& t, const Shape& shape, int64_t i) {
    int64_t index = 0, step = 1;
    for (size_t k = shape.size(), d = t.shape.size(); d > 0; i /= shape[k]) {
      --k, --d;
      index += t.shape[d] == 1 ? 0 : i % shape[k] * step;
      step *= t.shape[d];
    }
    return t.values[size_t(index)];
  }
};

Value* numbers(Graph& g, const std::string& name, Shape shape, double scale = 1) {
  std::vector<float> all;
  for (int64_t i = 0; i < element_count(shape); ++i) all.push_back(float(scale * double((i * 7 + 3) % 11 - 5)));
  return g.add_constant(name, Tensor::of<float>(std::move(shape), all));
}
Value* affine(Graph& g, Value* x, const std::string& name, Shape constants, double a_scale = 0.3) {
  return add(g, make<Affine>(), {x, numbers(g, name + "_a", constants, a_scale), numbers(g, name + "_b", constants)},
             name);
}
OpPtr conv(bool bias) {
  return make<Conv>(ConvAttributes{{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1}, bias);
}
Value* image(Graph& g) {
  return g.add_input("x", floats({1, 2, 5, 4}));
}

const Storage bytes_in{ElementType::int8, {{0.02f}, {3}}};
const Storage bytes_out{ElementType::int8, {{0.9f}, {-7}}};

struct QuantizedLayer {
  Graph g;
  Value *x, *w, *real;  // dequantized operands
  explicit QuantizedLayer(int weight_zero_point = 0) {
    Value* q = g.add_input("q", {ElementType::int8, {2, 4}, bytes_in.quantization});
    const Quantization weights{{0.5f, 0.25f, 0.125f}, {weight_zero_point, 0, 0}, 1};
    Value* stored = g.add_constant("w", Tensor::of<int8_t>({4, 3}, {9, -8, 7, 3, 5, -9, 1, 2, 3, -4, 8, 6}, weights));
    x = add(g, make<Store>(), {q}, "x");
    w = add(g, make<Store>(), {stored}, "w_real");
  }
  Value* layer(Value* bias) {
    return add(g, make<Gemm>(GemmAttributes{}, bias != nullptr), bias ? std::vector{x, w, bias} : std::vector{x, w},
               "y_real");
  }
  void finish(Value* result) { g.outputs = {add(g, make<Store>(), {result}, "y", bytes_out)}; }
};

}  // namespace

TEST_CASE("fold_affine: into a convolution, with a bias and without, one after the other") {
  for (bool bias : {false, true}) {
    Graph g;
    std::vector<Value*> in{image(g), numbers(g, "w", {3, 2, 3, 3})};
    if (bias) in.push_back(numbers(g, "b", {3}));
    Value* y = affine(g, add(g, conv(bias), in, "y"), "z", {3, 1, 1});
    g.outputs = {affine(g, y, "out", {1, 3, 1, 1})};
    apply(g, fold_affine, 1);
    REQUIRE(ops_of(g) == "Conv");
    CHECK(g.outputs[0]->name == "out");
    CHECK(g.nodes()[0]->inputs.size() == 3);
  }
}

TEST_CASE("fold_affine: into a Gemm, by rows or columns of its weights, and a single number for all channels") {
  for (bool transposed : {false, true}) {
    Graph g;
    GemmAttributes attributes;
    attributes.trans_b = transposed;
    Value* w = numbers(g, "w", transposed ? Shape{3, 4} : Shape{4, 3});
    Value* y = add(g, make<Gemm>(attributes, false), {g.add_input("x", floats({2, 4})), w}, "y");
    g.outputs = {affine(g, affine(g, y, "z", {3}), "out", {})};
    apply(g, fold_affine, 1);
    CHECK(ops_of(g) == "Gemm");
  }
}

TEST_CASE("fold_affine: not across channels, into a layer that clips or is read by others, or from inputs") {
  Graph g;
  Value* w = numbers(g, "w", {3, 2, 3, 3});
  Value* x = image(g);
  Value* along_width = affine(g, add(g, conv(false), {x, w}, "c1"), "o1", {4});
  Value* clipped = add(g, conv(false)->with_clamp({0, 6}), {x, w}, "c2");
  Value* shared = add(g, conv(false), {x, w}, "c3");
  Value* varying =
      add(g, make<Affine>(),
          {add(g, conv(false), {x, w}, "c4"), g.add_input("a", floats({3, 1, 1})), numbers(g, "b", {})}, "o4");
  g.outputs = {along_width, affine(g, clipped, "o2", {3, 1, 1}), affine(g, shared, "o3", {3, 1, 1}), shared, varying};
  apply(g, fold_affine, 0);
  CHECK(ops_of(g) == "Conv Affine Conv Conv Conv Affine Affine Affine");
}

TEST_CASE("fold_affine: quantized weights take an offset, which the integer layer stores in units of its sums") {
  QuantizedLayer q;
  Value* ones = q.g.add_constant("ones", Tensor::of<float>({}, {1}));
  q.finish(add(q.g, make<Affine>(), {q.layer(nullptr), ones, numbers(q.g, "b", {3}, 0.7)}, "biased"));
  apply(q.g, fold_affine, 1);
  CHECK(ops_of(q.g) == "Store Store Gemm Store");
  apply(q.g, absorb_quantization, 1);
  REQUIRE(ops_of(q.g) == "Gemm");
  const Tensor& bias = *q.g.nodes()[0]->inputs[2]->constant;
  CHECK(bias.type.quantization->scales == std::vector<float>{0.02f * 0.5f, 0.02f * 0.25f, 0.02f * 0.125f});
  CHECK(bias.integer(0) == -140);  // 0.7 * -2 / 0.01
}

TEST_CASE("fold_affine: quantized weights take no factor") {
  QuantizedLayer q;
  q.finish(affine(q.g, q.layer(nullptr), "scaled", {3}));
  apply(q.g, fold_affine, 0);
  CHECK(ops_of(q.g) == "Store Store Gemm Affine Store");
}

TEST_CASE("absorb_quantization: a bias in other units is stored anew, one in the right units is the model's") {
  for (float unit : {0.001f, 0.02f}) {
    QuantizedLayer q;
    const Quantization units{{unit * 0.5f, unit * 0.25f, unit * 0.125f}, {0, 0, 0}, 0};
    Value* b = q.g.add_constant("b", Tensor::of<int32_t>({3}, {100, -90, 80}, units));
    q.finish(q.layer(add(q.g, make<Store>(), {b}, "b_real")));
    apply(q.g, absorb_quantization, 1);
    REQUIRE(ops_of(q.g) == "Gemm");
    CHECK((q.g.nodes()[0]->inputs[2] == b) == (unit == 0.02f));
  }
}

TEST_CASE("absorb_quantization: not with a bias that int32 does not hold, or weights with a zero point") {
  QuantizedLayer large, shifted(1);
  large.finish(large.layer(numbers(large.g, "b", {3}, 1e8)));
  shifted.finish(shifted.layer(numbers(shifted.g, "b", {3})));
  for (QuantizedLayer* q : {&large, &shifted}) {
    apply(q->g, absorb_quantization, 0);
    CHECK(ops_of(q->g) == "Store Store Gemm Store");
  }
}
