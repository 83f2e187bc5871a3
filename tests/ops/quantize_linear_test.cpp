// QuantizeLinear and DequantizeLinear: the forms of all opsets, what they declare, kernels against the interpreter.
#include "compiler/ops/quantize_linear.hpp"

#include "compiler/ops/table.hpp"
#include "compiler/ops/transpose.hpp"
#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/quantize.hpp"
#include "thimble/table.hpp"
#include "thimble/transpose.hpp"

namespace thimble::compiler {
std::optional<Quantization> declared_quantization(ImportNode&);
}

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

template <class F>
std::function<void(const Call&)> rows_kernel(F f) {
  return [f](const Call& c) { f(constants_of<thimble::Quantize>(c), c.in[0], c.out, c.y0, c.y1); };
}

const Kernels kernels = {
    {"quantize_int8", rows_kernel(thimble::quantize_int8)},
    {"quantize_uint8", rows_kernel(thimble::quantize_uint8)},
    {"quantize_int16", rows_kernel(thimble::quantize_int16)},
    {"dequantize_int8", rows_kernel(thimble::dequantize_int8)},
    {"dequantize_uint8", rows_kernel(thimble::dequantize_uint8)},
    {"dequantize_int16", rows_kernel(thimble::dequantize_int16)},
    {"dequantize_int32", rows_kernel(thimble::dequantize_int32)},
    {"quantize_axis",
     [](const Call& c) {
       with_element(c.output_element(), [&](auto zero) {
         using T = decltype(zero);
         if constexpr (sizeof(T) <= 2)
           thimble::quantize_axis(constants_of<thimble::QuantizeAxis>(c), c.input<float>(0), c.output<T>());
       });
     }},
    {"dequantize_axis",
     [](const Call& c) {
       with_element(c.input_element(0), [&](auto zero) {
         using T = decltype(zero);
         if constexpr (std::is_integral_v<T> && sizeof(T) <= 4)
           thimble::dequantize_axis(constants_of<thimble::QuantizeAxis>(c), c.input<T>(0), c.output<float>());
       });
     }},
    {"table", [](const Call& c) { thimble::table(constants_of<thimble::Table>(c), c.in[0], c.out, c.y0, c.y1); }},
    {"transpose", [](const Call& c) {
       with_element(c.output_element(), [&](auto zero) {
         using T = decltype(zero);
         thimble::transpose(constants_of<thimble::Transpose>(c), c.input<T>(0), c.output<T>());
       });
     }}};

Tensor scalar(float v) {
  return Tensor::of<float>({}, {v});
}
OpPtr quantize() {
  return std::make_shared<QuantizeLinearOp>();
}
OpPtr dequantize() {
  return std::make_shared<DequantizeLinearOp>();
}
TensorType stored_type(ElementType element, Shape shape, Quantization q) {
  return {element, std::move(shape), std::move(q)};
}

// NHWC value of this type between two transpositions that move nothing.
Graph on_nhwc(OpPtr op, TensorType nhwc, std::optional<Storage> storage = {}) {
  Graph g;
  Value* x = g.add_input("x", std::move(nhwc));
  Value* a = g.append({std::make_shared<TransposeOp>(std::vector{0, 3, 1, 2}), {x}, "a", {"a"}})->outputs[0];
  Value* b = g.append({std::move(op), {a}, "b", {"b"}, std::move(storage)})->outputs[0];
  g.outputs = {g.append({std::make_shared<TransposeOp>(std::vector{0, 2, 3, 1}), {b}, "c", {"c"}})->outputs[0]};
  return g;
}

}  // namespace

TEST_CASE("QuantizeLinear: the stored type is the zero point's, output_dtype's, or uint8") {
  const auto type = [](FakeNode n, std::optional<Tensor> zero_point) {
    n.input(floats({4})).constant_input(scalar(0.5f));
    if (zero_point) n.constant_input(*zero_point);
    return result_type(n);
  };
  CHECK(type(FakeNode("QuantizeLinear", 10), Tensor::of<int8_t>({}, {3})) == int8s({4}, 0.5f, 3));
  CHECK(type(FakeNode("QuantizeLinear", 13, {{"axis", int64_t(7)}}), Tensor::of<uint8_t>({1}, {200})) ==
        stored_type(ElementType::uint8, {4}, {{0.5f}, {200}}));
  CHECK(type(FakeNode("QuantizeLinear", 13), {}).element == ElementType::uint8);
  CHECK(type(FakeNode("QuantizeLinear", 21, {{"output_dtype", int64_t(3)}}), {}) == int8s({4}, 0.5f, 0));
  CHECK(type(FakeNode("QuantizeLinear", 21), Tensor::of<int16_t>({}, {3})).element == ElementType::int16);
  CHECK_THROWS_WITH(type(FakeNode("QuantizeLinear", 21, {{"output_dtype", int64_t(17)}}), {}),
                    Catch::Contains("its output_dtype is 17"));
  CHECK_THROWS_WITH(type(FakeNode("QuantizeLinear", 21, {{"block_size", int64_t(32)}}), {}),
                    Catch::Contains("it quantizes in blocks of 32"));
  CHECK_THROWS_WITH(type(FakeNode("QuantizeLinear", 19, {{"saturate", int64_t(0)}}), {}),
                    Catch::Contains("saturate is 0, which is for 8-bit floats"));
  CHECK_THROWS_WITH(type(FakeNode("QuantizeLinear", 23, {{"precision", int64_t(10)}}), {}),
                    Catch::Contains("it asks for precision 10"));
  CHECK_THROWS_WITH(type(FakeNode("QuantizeLinear", 10), Tensor::of<int8_t>({2}, {3, 4})),
                    Catch::Contains("it has 1 scales and 2 zero points"));
}

TEST_CASE("QuantizeLinear per axis: the axis defaults to 1 and may be negative") {
  const auto type = [](std::map<std::string, Attribute> attributes, int scales) {
    FakeNode n("QuantizeLinear", 13, std::move(attributes));
    n.input(floats({2, 3, 4})).constant_input(Tensor::of<float>({scales}, std::vector<float>(size_t(scales), 0.5f)));
    return result_type(n);
  };
  CHECK(type({}, 3).quantization->axis == 1);
  CHECK(type({{"axis", int64_t(-1)}}, 4).quantization->axis == 2);
  CHECK_THROWS_WITH(type({}, 2), Catch::Contains("it has 2 scales for axis 1 of [2,3,4]"));
  CHECK_THROWS_WITH(type({{"axis", int64_t(3)}}, 4), Catch::Contains("axis 3 lies outside a value of rank 3"));
}

TEST_CASE("a scale that is not positive and finite is refused") {
  for (float bad : {0.0f, -1.0f, INFINITY, NAN}) {
    FakeNode n("DequantizeLinear", 13);
    n.input(int8s({4}, 1, 0)).constant_input(scalar(bad));
    CHECK_THROWS_WITH(n.import(), Catch::Contains("Scales must be positive and finite"));
  }
}

TEST_CASE("DequantizeLinear declares its operand's quantization, and reads it as that") {
  const Quantization q{{0.25f}, {-3}};
  FakeNode n("DequantizeLinear", 13);
  n.input(stored_type(ElementType::int8, {2}, q))
      .constant_input(scalar(0.25f))
      .constant_input(Tensor::of<int8_t>({}, {-3}));
  CHECK(declared_quantization(n) == q);
  CHECK(n.import().nodes().size() == 1);
}

TEST_CASE("DequantizeLinear of plain integers, and of another quantization, reinterprets the stored numbers") {
  for (const std::optional<Quantization>& of :
       {std::optional<Quantization>{}, std::optional(Quantization{{2.0f}, {7}})}) {
    FakeNode n("DequantizeLinear", 13);
    n.input({ElementType::int8, {3}, of}).constant_input(scalar(0.5f)).constant_input(Tensor::of<int8_t>({}, {-1}));
    Graph& g = n.import();
    CHECK(g.nodes().size() == 2);
    const Tensor x{g.inputs[0]->type, Tensor::of<int8_t>({3}, {-128, 0, 127}).bytes};
    CHECK(to_real(interpret(g, {{"x0", x}}).at("y")).values == std::vector<double>{-63.5, 0.5, 64});
    CHECK(check_lowered(g, kernels, 0).layers.size() == 1);
  }
}

TEST_CASE("Quantize kernels equal the interpreter's rounding and saturation, whole and in bands") {
  for (ElementType e : {ElementType::int8, ElementType::uint8, ElementType::int16})
    for (float scale : {0.5f, 0.01f, 0.0371f}) {
      const Storage storage{e, {{scale}, {e == ElementType::uint8 ? 120 : -7}}};
      check_lowered(one_node(quantize(), {floats({300})}, storage), kernels, 0);
      check_lowered(on_nhwc(quantize(), floats({1, 5, 4, 3}), storage), kernels, 0);
      check_lowered(on_nhwc(quantize(), floats({2, 5, 4, 3}), storage), kernels, 0);
    }
}

TEST_CASE("Quantize rounds ties to even and saturates infinities") {
  const std::vector<float> x{0.25f, 0.75f, -0.25f, -0.75f, 1e30f, -1e30f, INFINITY, -INFINITY};
  std::vector<int8_t> q(x.size());
  thimble::quantize_run(x.data(), q.data(), int32_t(x.size()), 0.5f, 10);
  CHECK(q == std::vector<int8_t>{10, 12, 10, 8, 127, -128, 127, -128});
}

TEST_CASE("Dequantize kernels equal the interpreter, whole and in bands") {
  for (ElementType e : {ElementType::int8, ElementType::uint8, ElementType::int16, ElementType::int32}) {
    const Quantization q{{0.0371f}, {5}};
    check_lowered(one_node(dequantize(), {stored_type(e, {300}, q)}), kernels, 1e-6);
    check_lowered(on_nhwc(dequantize(), stored_type(e, {1, 5, 4, 3}, q)), kernels, 1e-6);
  }
}

TEST_CASE("per-axis conversions follow their axis in flat and in NHWC order") {
  const Quantization q{{0.5f, 0.25f, 0.125f}, {1, -2, 3}, 1};
  for (ElementType e : {ElementType::int8, ElementType::int32})
    check_lowered(one_node(dequantize(), {stored_type(e, {2, 3, 4}, q)}), kernels, 0);
  check_lowered(one_node(quantize(), {floats({2, 3, 4})}, Storage{ElementType::int8, q}), kernels, 0);
  check_lowered(on_nhwc(quantize(), floats({2, 5, 4, 3}), Storage{ElementType::uint8, q}), kernels, 0);
}

TEST_CASE("QuantizeLinear of a quantized operand is a rescale by table") {
  const Graph g = one_node(quantize(), {int8s({1, 300}, 0.05f, 3)}, Storage{ElementType::int8, {{0.021f}, {-20}}});
  const Program p = check_lowered(g, kernels, 0);
  REQUIRE(p.layers.size() == 1);
  CHECK(p.layers[0].kernel == "table");
  CHECK(p.layers[0].inputs[0].overwrite == Overwrite::same_place);
}
