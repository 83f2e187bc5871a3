// Layers on cores without SIMD: which kernels are chosen, and that they give the portable kernels' bytes.
#include <cmath>

#include "compiler/ops/conv.hpp"
#include "compiler/ops/gemm.hpp"
#include "tests/ops/dense_kernels.hpp"
#include "tests/ops/fake_node.hpp"
#include "thimble/conv.hpp"
#include "thimble/conv_pairs.hpp"
#include "thimble/conv_six.hpp"
#include "thimble/dense_long.hpp"
#include "thimble/dense_octets.hpp"
#include "thimble/depthwise_fours.hpp"
#include "thimble/depthwise_walk.hpp"
#include "thimble/transpose.hpp"

namespace thimble::compiler::test {

namespace {

Target target_with(const Features& features) {
  Target t{};
  t.name = "scalar";
  t.features = features;
  return t;
}

template <class Constants, class F>
auto kernel_of(F run) {
  return [run](const Call& c) { run(constants_of<Constants>(c), c.in[0], c.out, c.y0, c.y1, c.scratch); };
}
template <class Constants, class F>
auto scratchless(F run) {
  return kernel_of<Constants>([run](auto l, auto in, auto out, auto y0, auto y1, void*) { run(l, in, out, y0, y1); });
}
const Kernels& kernels() {
  using Plain = Conv2d<ConvShape>;
  using Six = ConvSix<ConvShape>;
  static const Kernels all = [] {
    Kernels k = product_kernels();
    k["transpose"] = [](const Call& c) {
      thimble::transpose(constants_of<thimble::Transpose>(c), c.input<int8_t>(0), c.output<int8_t>());
    };
    k["conv2d"] = kernel_of<Plain>([](auto... a) { conv2d(a...); });
    k["depthwise"] = kernel_of<Plain>([](auto... a) { depthwise(a...); });
    k["pointwise"] = scratchless<Plain>([](auto... a) { pointwise(a...); });
    k["conv2d_pairs"] = kernel_of<ConvPairs<ConvShape>>([](auto... a) { conv2d_pairs(a...); });
    k["pointwise_pairs"] = kernel_of<ConvPairs<ConvShape>>([](auto... a) { pointwise_pairs(a...); });
    k["conv2d_six"] = kernel_of<Six>([](auto... a) { conv2d_six(a...); });
    k["conv2d_six_three"] = kernel_of<Six>([](auto... a) { conv2d_six_three(a...); });
    k["pointwise_six"] = kernel_of<Six>([](auto... a) { pointwise_six(a...); });
    k["depthwise_fours"] = kernel_of<Plain>([](auto... a) { depthwise_fours(a...); });
    k["depthwise_walk"] = scratchless<Plain>([](auto... a) { depthwise_walk(a...); });
    k["depthwise_walk_2"] = scratchless<Plain>([](auto... a) { depthwise_walk_2(a...); });
    k["dense_octets"] = [](const Call& c) {
      dense_octets(constants_of<DenseOctets<DenseShape>>(c), c.input<int8_t>(0), c.output<int8_t>());
    };
    k["dense_long"] = [](const Call& c) {
      dense_long(constants_of<DenseLong<DenseShape>>(c), c.input<int8_t>(0), c.output<int8_t>());
    };
    return k;
  }();
  return all;
}

// The kernel that is chosen for the one node of `graph`, after checking that it gives the bytes of the portable one,
// whole and in bands.
std::string chosen(const Graph& graph, const Target& target, std::optional<size_t> alternative) {
  const Program plain = lower(graph, "test", plain_target(), {.portable_kernels = true});
  const Program own = lower(graph, "test", target, {.choice = {.alternative = alternative}});
  std::mt19937 random(5);
  const Tensor input = random_tensor(graph.inputs[0]->type, random);
  LayerRunner expected(plain);
  expected.set_input(0, input);
  expected.run(kernels(), 0);
  for (int32_t band_rows : {0, 1, 2, 3}) {
    LayerRunner runner(own);
    runner.set_input(0, input);
    runner.run(kernels(), band_rows);
    CHECK(runner.output(0).bytes == expected.output(0).bytes);
  }
  for (const Layer& layer : own.layers)
    if (layer.name == graph.nodes()[0]->name) return layer.kernel;
  return "none";
}

// `weight` fills the weights; 0: random ones.
struct Weights {
  int weight = 0;
  float scale = 0.0123f;
};

Tensor weights_of(const Shape& shape, const Weights& w) {
  std::mt19937 random(3);
  Tensor t = random_tensor({ElementType::int8, shape, Quantization{{w.scale}, {0}, -1}}, random);
  if (w.weight != 0)
    for (std::byte& b : t.bytes) b = std::byte(w.weight);
  return t;
}

struct Core {
  Target target;
  std::optional<size_t> alternative = {};

  std::string conv(const Shape& input, const Shape& weights, ConvAttributes attributes, const Weights& w = {},
                   float input_scale = 0.047f, std::optional<float> result_scale = {}) const {
    Graph g;
    const int64_t depth = element_count(weights) / weights[0];
    const float spread = input_scale * w.scale * std::sqrt(float(depth)) * 90;
    const Storage stored{ElementType::int8, {{result_scale.value_or(spread)}, {-7}}};
    const std::vector<Value*> operands{g.add_input("x", int8s(input, input_scale, -13)),
                                       g.add_constant("w", weights_of(weights, w))};
    g.outputs = {
        g.append({std::make_shared<Conv>(std::move(attributes), false), operands, "conv", {"y"}, stored})->outputs[0]};
    return chosen(g, target, alternative);
  }

  std::string dense(int64_t inputs, int64_t outputs, const Weights& w = {}) const {
    Graph g;
    const float spread = 0.047f * w.scale * std::sqrt(float(inputs)) * 90;
    const std::vector<Value*> operands{g.add_input("x", int8s({3, inputs}, 0.047f, -13)),
                                       g.add_constant("w", weights_of({outputs, inputs}, w))};
    const Storage stored{ElementType::int8, {{spread}, {5}}};
    g.outputs = {
        g.append(
             {std::make_shared<Gemm>(GemmAttributes{false, true}, false, ClampRange{}), operands, "fc", {"y"}, stored})
            ->outputs[0]};
    return chosen(g, target, alternative);
  }
};

const Core rv32{target_with({.rv32 = true, .long_multiply = true})};
const Core thumb1{target_with({.thumb1 = true})};
const Core armv7m{target_with({.armv7m = true, .long_multiply = true, .unaligned_loads = true})};

const ConvAttributes padded{{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1}, unpadded{{1, 1}, {1, 1}, {0, 0}, {0, 0}, 1};
ConvAttributes grouped(int64_t groups, int64_t stride = 1, int64_t dilation = 1) {
  return {{stride, stride}, {dilation, dilation}, {dilation, dilation}, {dilation, dilation}, groups};
}
ConvAttributes unpadded_groups(int64_t groups) {
  return {{1, 1}, {1, 1}, {0, 0}, {0, 0}, groups};
}

}  // namespace

TEST_CASE("RISC-V: dense convolutions take six pixels at a time") {
  CHECK(rv32.conv({1, 5, 7, 9}, {6, 5, 3, 3}, padded) == "conv2d_six_three");
  CHECK(rv32.conv({1, 5, 7, 9}, {6, 5, 3, 3}, grouped(1, 2)) == "conv2d_six");
  CHECK(rv32.conv({1, 5, 7, 9}, {6, 5, 3, 3}, grouped(1, 1, 2)) == "conv2d_six");
  CHECK(rv32.conv({1, 5, 7, 9}, {7, 5, 1, 1}, unpadded) == "pointwise_six");
  CHECK(rv32.conv({1, 5, 7, 9}, {6, 5, 5, 4}, padded) == "conv2d_six");
}

TEST_CASE("RISC-V: weights of -128 in a row need no other kernel") {
  CHECK(rv32.conv({1, 5, 7, 9}, {6, 5, 3, 3}, padded, {-128}) == "conv2d_six_three");
  CHECK(rv32.conv({1, 5, 7, 9}, {6, 5, 1, 1}, unpadded, {-128}) == "pointwise_six");
  CHECK(rv32.conv({1, 5, 7, 9}, {5, 1, 3, 3}, grouped(5), {-128}) == "depthwise_walk");
  CHECK(rv32.dense(30, 16, {-128}) == "dense_octets");
}

TEST_CASE("RISC-V: what the kernels do not compute has the portable ones") {
  CHECK(rv32.conv({1, 5, 7, 9}, {1, 5, 3, 3}, padded) == "conv2d_pairs");  // one channel
  CHECK(rv32.conv({1, 6, 7, 9}, {4, 3, 3, 3}, grouped(2)) == "conv2d");
  const float tie = 0.125f;  // scales that are powers of two meet exact ties
  CHECK(rv32.conv({1, 4, 5, 5}, {4, 4, 1, 1}, unpadded, {0, 0.0625f}, tie, 1.0f) == "pointwise_pairs");
  CHECK(rv32.conv({1, 4, 5, 5}, {4, 1, 3, 3}, grouped(4), {0, 0.0625f}, tie, 1.0f) == "depthwise");
  CHECK(rv32.conv({1, 4, 5, 5}, {4, 4, 1, 1}, unpadded, {0, 0.02f}, 0.047f, 0.0011f) ==
        "pointwise_pairs");  // left shift
}

TEST_CASE("depthwise convolutions walk where they are 3x3, others take four pixels at a time") {
  for (const Core* core : {&rv32, &armv7m, &thumb1}) {
    CHECK(core->conv({1, 5, 7, 9}, {5, 1, 3, 3}, grouped(5)) == "depthwise_walk");
    CHECK(core->conv({1, 5, 7, 9}, {5, 1, 3, 3}, grouped(5, 2)) == "depthwise_walk_2");
    CHECK(core->conv({1, 5, 7, 9}, {5, 1, 3, 3}, grouped(5, 3)) == "depthwise_fours");
    CHECK(core->conv({1, 5, 7, 9}, {5, 1, 3, 3}, grouped(5, 1, 2)) == "depthwise_fours");
    CHECK(core->conv({1, 5, 7, 9}, {10, 1, 3, 3}, grouped(5)) == (core == &rv32 ? "depthwise" : "depthwise_fours"));
    CHECK(core->conv({1, 5, 7, 9}, {10, 1, 5, 5}, grouped(5)) == "depthwise_fours");
    CHECK(core->conv({1, 5, 1, 9}, {5, 1, 1, 9}, unpadded_groups(5)) == "depthwise");  // one pixel
  }
}

TEST_CASE("RISC-V: fully connected layers take eight outputs at a time where they fill them") {
  CHECK(rv32.dense(33, 16) == "dense_octets");
  CHECK(rv32.dense(33, 15) == "dense_octets");
  CHECK(rv32.dense(33, 12) == "dense");
}

TEST_CASE("ARMv6-M: fully connected layers can take eight outputs at a time where they fill them") {
  const Core octets{thumb1.target, 1};
  CHECK(octets.dense(33, 16) == "dense_octets");
  CHECK(octets.dense(33, 15, {-128}) == "dense_octets");
  CHECK(octets.dense(33, 12) == "dense");
}

TEST_CASE("ARMv7-M: fully connected layers take four outputs at a time where they fill them and the sums are exact") {
  CHECK(armv7m.dense(33, 16) == "dense_long");
  CHECK(armv7m.dense(33, 10) == "dense_long");
  CHECK(armv7m.dense(33, 2) == "dense");
  CHECK(armv7m.dense(511, 4, {-128}) == "dense_long");
  CHECK(armv7m.dense(512, 4, {-128}) == "dense");
}

}  // namespace thimble::compiler::test
