// Conv: import of every form, shape rule, meaning, lowering to int8 and float kernels, refusals.
#include "compiler/ops/conv.hpp"

#include <cmath>

#include "compiler/report.hpp"
#include "compiler/requantize.hpp"
#include "tests/ops/fake_node.hpp"
#include "tests/ops/layer_runner.hpp"
#include "thimble/conv.hpp"
#include "thimble/conv_float.hpp"
#include "thimble/conv_pairs.hpp"
#include "thimble/transpose.hpp"

namespace thimble::compiler::test {

namespace {

using Ints = std::vector<int64_t>;

template <class Constants, class F>
auto kernel_of(F run) {
  return [run](const Call& c) { run(constants_of<Constants>(c), c.in[0], c.out, c.y0, c.y1, c.scratch); };
}
const Kernels& conv_kernels() {
  static const Kernels kernels = {
      {"transpose",
       [](const Call& c) {
         with_element(c.output_element(), [&](auto zero) {
           using T = decltype(zero);
           thimble::transpose(constants_of<thimble::Transpose>(c), c.input<T>(0), c.output<T>());
         });
       }},
      {"conv2d", kernel_of<Conv2d<ConvShape>>([](auto... a) { conv2d(a...); })},
      {"depthwise", kernel_of<Conv2d<ConvShape>>([](auto... a) { depthwise(a...); })},
      {"pointwise", kernel_of<Conv2d<ConvShape>>(
                        [](auto c, auto in, auto out, auto y0, auto y1, void*) { pointwise(c, in, out, y0, y1); })},
      {"conv2d_pairs", kernel_of<ConvPairs<ConvShape>>([](auto... a) { conv2d_pairs(a...); })},
      {"pointwise_pairs", kernel_of<ConvPairs<ConvShape>>([](auto... a) { pointwise_pairs(a...); })},
      {"conv2d_f32", kernel_of<ConvFloat<ConvFloatShape>>([](auto... a) { conv2d_f32(a...); })},
      {"depthwise_f32", kernel_of<ConvFloat<ConvFloatShape>>([](auto... a) { depthwise_f32(a...); })},
      {"pointwise_f32", kernel_of<ConvFloat<ConvFloatShape>>([](auto c, auto in, auto out, auto y0, auto y1, void*) {
         pointwise_f32(c, in, out, y0, y1);
       })},
  };
  return kernels;
}

ConvAttributes attributes_of(Ints strides, Ints dilations, Ints begin, Ints end, int64_t group = 1) {
  return {std::move(strides), std::move(dilations), std::move(begin), std::move(end), group};
}

// The imported Conv and its result's shape.
struct Imported {
  ConvAttributes attributes;
  Shape shape;
};
Imported import_conv_of(Shape input, Shape weights, std::map<std::string, Attribute> attributes, int64_t opset = 13) {
  FakeNode node("Conv", opset, std::move(attributes));
  node.input(floats(std::move(input))).input(floats(std::move(weights)));
  const Graph& g = node.import();
  return {static_cast<const Conv&>(*g.nodes().at(0)->op).conv(), g.outputs.at(0)->type.shape};
}

}  // namespace

TEST_CASE("Conv: defaults and explicit attributes") {
  for (int64_t opset : {7, 11, 22}) {
    Imported c = import_conv_of({2, 3, 8, 9}, {4, 3, 3, 2}, {}, opset);
    CHECK(c.shape == Shape{2, 4, 6, 8});
    CHECK(c.attributes == attributes_of({1, 1}, {1, 1}, {0, 0}, {0, 0}));
    c = import_conv_of({1, 4, 8, 9}, {6, 2, 3, 2},
                       {{"strides", Ints{2, 3}},
                        {"dilations", Ints{2, 1}},
                        {"pads", Ints{1, 2, 3, 0}},
                        {"group", int64_t(2)},
                        {"kernel_shape", Ints{3, 2}},
                        {"auto_pad", std::string("NOTSET")}},
                       opset);
    CHECK(c.shape == Shape{1, 6, 4, 4});
    CHECK(c.attributes == attributes_of({2, 3}, {2, 1}, {1, 2}, {3, 0}, 2));
  }
  const Imported one = import_conv_of({1, 2, 10}, {3, 2, 4}, {{"strides", Ints{3}}, {"pads", Ints{1, 2}}});
  CHECK(one.shape == Shape{1, 3, 4});
  CHECK(one.attributes == attributes_of({3}, {1}, {1}, {2}));
}

TEST_CASE("Conv: auto_pad is resolved to pads") {
  const auto pads = [](const char* mode, Shape input, Shape weights, Ints strides, Ints dilations) {
    const Imported c =
        import_conv_of(std::move(input), std::move(weights),
                       {{"auto_pad", std::string(mode)}, {"strides", strides}, {"dilations", dilations}});
    Ints all = c.attributes.pads_begin;
    all.insert(all.end(), c.attributes.pads_end.begin(), c.attributes.pads_end.end());
    return std::pair(all, c.shape);
  };
  const Shape in{1, 1, 8, 9}, k{1, 1, 3, 4};
  CHECK(pads("VALID", in, k, {1, 1}, {1, 1}) == std::pair(Ints{0, 0, 0, 0}, Shape{1, 1, 6, 6}));
  CHECK(pads("SAME_UPPER", in, k, {1, 1}, {1, 1}) == std::pair(Ints{1, 1, 1, 2}, Shape{1, 1, 8, 9}));
  CHECK(pads("SAME_LOWER", in, k, {1, 1}, {1, 1}) == std::pair(Ints{1, 2, 1, 1}, Shape{1, 1, 8, 9}));
  CHECK(pads("SAME_UPPER", in, k, {2, 2}, {1, 1}) == std::pair(Ints{0, 1, 1, 2}, Shape{1, 1, 4, 5}));
  CHECK(pads("SAME_LOWER", in, k, {2, 2}, {1, 1}) == std::pair(Ints{1, 2, 0, 1}, Shape{1, 1, 4, 5}));
  CHECK(pads("SAME_UPPER", in, k, {1, 1}, {2, 3}) == std::pair(Ints{2, 4, 2, 5}, Shape{1, 1, 8, 9}));
  CHECK(pads("SAME_UPPER", in, k, {5, 6}, {1, 1}) == std::pair(Ints{0, 0, 0, 1}, Shape{1, 1, 2, 2}));
  CHECK(pads("SAME_UPPER", {1, 1, 8}, {1, 1, 4}, {1}, {1}) == std::pair(Ints{1, 2}, Shape{1, 1, 8}));
  // Pads that say the same as auto_pad are no contradiction.
  CHECK(import_conv_of(in, k, {{"auto_pad", std::string("SAME_UPPER")}, {"pads", Ints{1, 1, 1, 2}}}).shape ==
        Shape{1, 1, 8, 9});
}

TEST_CASE("Conv: refusals at import") {
  const auto refuses = [](Shape input, Shape weights, std::map<std::string, Attribute> attributes,
                          const std::string& message) {
    CHECK_THROWS_WITH(import_conv_of(std::move(input), std::move(weights), std::move(attributes)), message);
  };
  refuses({1, 1, 4, 4, 4}, {1, 1, 2, 2, 2}, {},
          "Conv 'n': 3-D convolution (an input of 5 dimensions) is not supported. Only 1-D and 2-D convolutions are.");
  refuses({1, 1, 4, 4}, {1, 1, 2}, {},
          "Conv 'n': the input has 4 dimensions and the weights 3. Both must have 3 (1-D convolution) or 4 (2-D).");
  refuses({1, 1, 4, 4}, {1, 1, 2, 2}, {{"kernel_shape", Ints{2, 3}}},
          "Conv 'n': kernel_shape is [2,3], the weights have [2,2]. Make both the same.");
  refuses(
      {1, 1, 4, 4}, {1, 1, 2, 2}, {{"strides", Ints{2}}},
      "Conv 'n': strides has 1 entries, its operands ask for 2. Give one for each spatial axis (pads: begin and end "
      "of each).");
  refuses({1, 1, 4, 4}, {1, 1, 2, 2}, {{"strides", Ints{1, 0}}},
          "Conv 'n': strides is [1,0]: entries must lie between 1 and 2147483647. Correct the attribute.");
  refuses({1, 1, 4, 4}, {1, 1, 2, 2}, {{"pads", Ints{0, 0, -1, 0}}},
          "Conv 'n': pads is [0,0,-1,0]: entries must lie between 0 and 2147483647. Correct the attribute.");
  refuses({1, 1, 4, 4}, {1, 1, 2, 2}, {{"group", int64_t(0)}},
          "Conv 'n': group is 0, at least 1 is needed. Correct the attribute.");
  refuses({1, 1, 4, 4}, {1, 1, 2, 2}, {{"auto_pad", std::string("SAME")}},
          "Conv 'n': auto_pad is 'SAME', known are NOTSET, SAME_UPPER, SAME_LOWER and VALID. Use one of these.");
  refuses({1, 1, 4, 4}, {1, 1, 2, 2}, {{"auto_pad", std::string("VALID")}, {"pads", Ints{1, 0, 0, 0}}},
          "Conv 'n': pads are [1,0,0,0], but auto_pad VALID makes them [0,0,0,0]. Give either pads or auto_pad.");
}

TEST_CASE("Conv: operands that do not fit are refused with both numbers") {
  const auto message = [](std::vector<Shape> shapes, int64_t group) {
    std::vector<TensorType> types;
    for (Shape& s : shapes) types.push_back(floats(std::move(s)));
    const Conv op(attributes_of({1, 1}, {2, 1}, {0, 0}, {0, 0}, group), types.size() == 3);
    try {
      op.infer(types, "c");
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  const std::string tail = ". Correct the model's shapes or attributes.";
  CHECK(message({{1, 4, 8, 8}, {2, 4, 3, 3}}, 1) == "accepted");
  CHECK(message({{1, 4, 8, 8}, {2, 3, 3, 3}}, 1) ==
        "Conv 'c': the input has 4 channels, the weights are for 3 (1 groups of 3)" + tail);
  CHECK(message({{1, 4, 8, 8}, {3, 2, 3, 3}}, 2) == "Conv 'c': 3 output channels do not divide into 2 groups" + tail);
  CHECK(message({{1, 4, 8, 8}, {2, 4, 3, 3}, {3}}, 1) ==
        "Conv 'c': the bias is [3], 2 output channels need [2]" + tail);
  CHECK(message({{1, 4, 4, 8}, {2, 4, 3, 3}}, 1) ==
        "Conv 'c': the kernel spans 5 positions along axis 2, the padded input has 4" + tail);
  CHECK(message({{1, 4, 4}, {2, 4, 3}}, 1) ==
        "Conv 'c': the input has 3 dimensions, the weights 3, the attributes are for 4" + tail);
}

TEST_CASE("Conv: meaning") {
  // Worked by hand: 1 2 3 over a kernel 1 10 with a zero on each side.
  const Conv one(attributes_of({1}, {1}, {1}, {1}), true);
  CHECK(one.eval(std::vector<RealTensor>{{{1, 1, 3}, {1, 2, 3}}, {{1, 1, 2}, {1, 10}}, {{1}, {100}}})[0].values ==
        std::vector<double>{110, 121, 132, 103});
  // Two groups, stride 2, dilation 2, clipped.
  const Conv two(attributes_of({2}, {2}, {0}, {0}, 2), false, ClampRange{-5, 7});
  const RealTensor y =
      two.eval(std::vector<RealTensor>{{{1, 2, 5}, {1, 2, 3, 4, 5, -1, -2, -3, -4, -5}}, {{2, 1, 2}, {1, 1, 1, 1}}})[0];
  CHECK(y.shape == Shape{1, 2, 2});
  CHECK(y.values == std::vector<double>{4, 7, -4, -5});
}

TEST_CASE("Conv: copies for passes change what they say and keep the rest") {
  const Conv op(attributes_of({2, 2}, {1, 1}, {0, 0}, {1, 1}, 4), false, ClampRange{0, 6});
  CHECK(op.attributes() == "strides=[2,2] dilations=[1,1] pads=[0,0][1,1] group=4 clamp=[0,6]");
  CHECK(op.with_pads({1, 0}, {2, 3})->attributes() ==
        "strides=[2,2] dilations=[1,1] pads=[1,0][2,3] group=4 clamp=[0,6]");
  CHECK(op.with_bias()->attributes() == "strides=[2,2] dilations=[1,1] pads=[0,0][1,1] group=4 bias clamp=[0,6]");
  CHECK(op.with_group(2)->conv().group == 2);
  // Clips one after the other: the second decides where they are disjoint.
  CHECK(static_cast<const Conv&>(*op.with_clamp({2, 100})).clamp() == ClampRange{2, 6});
  CHECK(static_cast<const Conv&>(*op.with_clamp({8, 9})).clamp() == ClampRange{8, 8});
  CHECK(op.depthwise(floats({1, 4, 3, 3})));
  CHECK(!op.depthwise(floats({1, 8, 3, 3})));
}

TEST_CASE("Conv: multiply-accumulates count padding taps, and not the bias") {
  const Conv op(attributes_of({1, 1}, {1, 1}, {1, 1}, {1, 1}, 2), false);
  const std::vector<TensorType> in{floats({2, 6, 5, 4}), floats({8, 3, 3, 3})};
  CHECK(op.macs(in, op.infer(in, "c")) == 2 * 8 * 5 * 4 * 27);
}

namespace {

struct LoweredCase {
  Shape input, weights;
  ConvAttributes attributes;
  const char *float_kernel, *int8_kernel;
};
const std::vector<LoweredCase>& lowered_cases() {
  static const std::vector<LoweredCase> cases = {
      {{1, 3, 9, 8}, {5, 3, 3, 3}, attributes_of({2, 1}, {1, 1}, {1, 0}, {0, 2}), "conv2d_f32", "conv2d_pairs"},
      {{2, 3, 6, 5}, {4, 3, 3, 2}, attributes_of({1, 1}, {1, 2}, {1, 1}, {1, 1}), "conv2d_f32", "conv2d_pairs"},
      {{1, 4, 7, 6}, {6, 2, 2, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, {0, 1}, 2), "conv2d_f32", "conv2d"},
      {{1, 6, 7, 6}, {6, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, {1, 1}, 6), "depthwise_f32", "depthwise"},
      {{3, 3, 9, 7}, {6, 1, 5, 3}, attributes_of({2, 2}, {1, 1}, {2, 1}, {2, 1}, 3), "depthwise_f32", "depthwise"},
      {{1, 1, 7, 6}, {3, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, {1, 1}), "conv2d_f32", "conv2d_pairs"},
      {{1, 9, 4, 5}, {7, 9, 1, 1}, attributes_of({1, 1}, {1, 1}, {0, 0}, {0, 0}), "pointwise_f32", "pointwise_pairs"},
      {{2, 4, 4, 5}, {3, 4, 1, 1}, attributes_of({1, 1}, {1, 1}, {0, 0}, {0, 0}), "pointwise_f32", "pointwise_pairs"},
      {{1, 4, 5, 5}, {3, 4, 1, 1}, attributes_of({2, 2}, {1, 1}, {0, 0}, {0, 0}), "conv2d_f32", "conv2d_pairs"},
      {{1, 4, 5, 5}, {3, 4, 1, 1}, attributes_of({1, 1}, {1, 1}, {0, 0}, {1, 0}), "conv2d_f32", "conv2d_pairs"},
      {{1, 4, 5, 5}, {3, 4, 1, 1}, attributes_of({1, 1}, {1, 1}, {0, 0}, {0, 1}), "conv2d_f32", "conv2d_pairs"},
      {{1, 4, 20}, {6, 4, 5}, attributes_of({2}, {2}, {3}, {1}), "conv2d_f32", "conv2d_pairs"},
      {{2, 4, 20}, {4, 1, 3}, attributes_of({1}, {1}, {2}, {0}, 4), "depthwise_f32", "depthwise"},
      {{1, 4, 20}, {6, 4, 1}, attributes_of({1}, {1}, {0}, {0}), "pointwise_f32", "pointwise_pairs"},
  };
  return cases;
}

// A graph of one Conv over a run-time input; weights and bias are constants.
Graph conv_graph(const LoweredCase& c, TensorType input, Tensor weights, std::optional<Tensor> bias, ClampRange clamp,
                 std::optional<Storage> stored_as) {
  Graph g;
  std::vector<Value*> operands{g.add_input("x", std::move(input)), g.add_constant("w", std::move(weights))};
  const bool has_bias = bias.has_value();
  if (has_bias) operands.push_back(g.add_constant("b", std::move(*bias)));
  Node* n = g.append({std::make_shared<Conv>(c.attributes, has_bias, clamp), operands, "conv", {"y"}, stored_as});
  g.outputs = {n->outputs[0]};
  return g;
}

Graph float_graph(const LoweredCase& c, bool bias, ClampRange clamp) {
  std::mt19937 random(5);
  std::optional<Tensor> b;
  if (bias) b = random_tensor(floats({c.weights[0]}), random);
  return conv_graph(c, floats(c.input), random_tensor(floats(c.weights), random), b, clamp, {});
}

// Scales keep the results spread over the stored range.
Graph int8_graph(const LoweredCase& c, bool bias, bool per_channel, ClampRange clamp, double bias_scale_factor = 1) {
  std::mt19937 random(6);
  const int64_t m = c.weights[0], depth = element_count(c.weights) / m;
  Quantization w_q{{}, {}, per_channel ? 0 : -1}, b_q{{}, {}, per_channel ? 0 : -1};
  const float x_scale = 0.047f;
  for (int64_t i = 0; i < (per_channel ? m : 1); ++i) {
    w_q.scales.push_back(0.0123f + 0.0017f * float(i));
    w_q.zero_points.push_back(0);
    b_q.scales.push_back(float(double(x_scale * w_q.scales.back()) * bias_scale_factor));
    b_q.zero_points.push_back(0);
  }
  std::optional<Tensor> b;
  if (bias) {
    std::vector<int32_t> values;
    for (int64_t i = 0; i < m; ++i) values.push_back(int32_t(double(random() % 20000) / bias_scale_factor) - 10000);
    b = Tensor::of<int32_t>({m}, values, b_q);
  }
  const float y_scale = x_scale * 0.02f * std::sqrt(float(depth)) * 90;
  return conv_graph(c, int8s(c.input, x_scale, -13), random_tensor({ElementType::int8, c.weights, w_q}, random), b,
                    clamp, Storage{ElementType::int8, {{y_scale}, {7}}});
}

}  // namespace

TEST_CASE("Conv lowers to the float kernels") {
  for (const LoweredCase& c : lowered_cases())
    for (bool bias : {false, true}) {
      const Program p =
          check_lowered(float_graph(c, bias, bias ? ClampRange{0, 6} : ClampRange{}), conv_kernels(), 1e-5);
      for (const Layer& l : p.layers)
        if (l.name.rfind("conv", 0) == 0) CHECK(l.kernel == c.float_kernel);
    }
}

TEST_CASE("Conv lowers to the int8 kernels") {
  for (const LoweredCase& c : lowered_cases())
    for (bool per_channel : {false, true})
      for (bool bias : {false, true}) {
        // The interpreter rounds half to even, the layer half up or as ONNX Runtime does: one step apart on a tie.
        const Program p =
            check_lowered(int8_graph(c, bias, per_channel, bias ? ClampRange{0, 4} : ClampRange{}), conv_kernels(), 1);
        for (const Layer& l : p.layers)
          if (l.name.rfind("conv", 0) == 0) CHECK(l.kernel == c.int8_kernel);
      }
}

TEST_CASE("Conv: an int8 layer equals ONNX Runtime's formula on the exact sums") {
  const LoweredCase c{{1, 3, 9, 8}, {5, 3, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, {1, 1}), "", ""};
  const Graph g = int8_graph(c, true, true, {});
  std::mt19937 random(2);
  const Tensor x = random_tensor(g.inputs[0]->type, random);
  const Node& n = *g.nodes()[0];
  const Tensor &w = *n.inputs[1]->constant, &b = *n.inputs[2]->constant;
  // The sums in integers: the same convolution of x - zero point with stored weights and bias.
  RealTensor xi{x.type.shape, {}}, wi{w.type.shape, {}}, bi{b.type.shape, {}};
  for (int64_t i = 0; i < element_count(x.type.shape); ++i) xi.values.push_back(double(x.integer(i) + 13));
  for (int64_t i = 0; i < element_count(w.type.shape); ++i) wi.values.push_back(double(w.integer(i)));
  for (int64_t i = 0; i < element_count(b.type.shape); ++i) bi.values.push_back(double(b.integer(i)));
  const RealTensor sums = n.op->eval(std::vector<RealTensor>{xi, wi, bi})[0];

  const Program p = lower(g, "test", plain_target(), {});
  LayerRunner runner(p);
  runner.set_input(0, x);
  runner.run(conv_kernels(), 0);
  const Tensor got = runner.output(0);
  const size_t pixels = 72;
  for (size_t i = 0; i < sums.values.size(); ++i) {
    const size_t m = i / pixels;
    const float scale = 0.047f * w.type.quantization->scales[m] / n.stored_as->quantization.scales[0];
    CHECK(got.integer(int64_t(i)) == reference_requantize(int64_t(sums.values[i]), scale, 7, -128, 127));
  }
  CHECK(p.layers[1].note ==
        "portable, two pixels in a word; 5 of 5 channels equal ONNX Runtime on every reachable accumulator");
  CHECK(p.exact_multipliers() == 5);
  CHECK(exactness(p) ==
        "5 of 5 channels equal ONNX Runtime on every reachable accumulator (compile --json: by layer)\n");
}

TEST_CASE("Conv: neighbouring weights of -128 cannot share a multiply, and take the plain kernel") {
  const LoweredCase c{{1, 3, 9, 8}, {4, 3, 1, 1}, attributes_of({1, 1}, {1, 1}, {0, 0}, {0, 0}), "", ""};
  for (int8_t last : {int8_t(-128), int8_t(-127)}) {
    const Tensor w =
        Tensor::of<int8_t>(c.weights, {1, 2, 3, 4, 5, 6, 7, -128, 9, -128, last, -128}, Quantization{{0.01f}, {0}});
    const Graph g = conv_graph(c, int8s(c.input, 0.05f, 4), w, {}, {}, Storage{ElementType::int8, {{0.5f}, {0}}});
    const Program p = check_lowered(g, conv_kernels(), 1);
    CHECK(p.layers[1].kernel == (last == -128 ? "pointwise" : "pointwise_pairs"));
  }
}

TEST_CASE("Conv: the reference kernels are the plain ones, with the same bytes") {
  LoweringOptions reference;
  reference.portable_kernels = true;
  for (const LoweredCase& c : lowered_cases()) {
    const Graph g = int8_graph(c, true, true, {});
    std::mt19937 random(9);
    const Tensor x = random_tensor(g.inputs[0]->type, random);
    std::vector<Tensor> results;
    for (const LoweringOptions& options : {LoweringOptions{}, reference}) {
      const Program p = lower(g, "test", plain_target(), options);
      for (const Layer& l : p.layers) CHECK((!options.portable_kernels || l.kernel.find("pairs") == std::string::npos));
      LayerRunner runner(p);
      runner.set_input(0, x);
      runner.run(conv_kernels(), 0);
      results.push_back(runner.output(0));
    }
    CHECK(results[0] == results[1]);
  }
}

TEST_CASE("Conv: a pointwise layer may run in place when its pixels do not grow") {
  const auto overwrite = [](int64_t outputs) {
    const LoweredCase c{{1, 4, 3, 3}, {outputs, 4, 1, 1}, attributes_of({1, 1}, {1, 1}, {0, 0}, {0, 0}), "", ""};
    const Program p = lower(int8_graph(c, false, false, {}), "test", plain_target(), {});
    return p.layers[1].inputs.at(0).overwrite;
  };
  CHECK(overwrite(4) == Overwrite::same_place);
  CHECK(overwrite(3) == Overwrite::same_place);
  CHECK(overwrite(5) == Overwrite::nothing);
}

TEST_CASE("Conv: a bias of another scale is rounded to the sum's units") {
  for (double factor : {0.001, 37.0})
    check_lowered(int8_graph(lowered_cases()[0], true, true, {}, factor), conv_kernels(), 1);
}

TEST_CASE("Conv: which quantized types have an integer form") {
  const Conv op(attributes_of({1, 1}, {1, 1}, {0, 0}, {0, 0}), true);
  const TensorType x = int8s({1, 2, 4, 4}, 0.1f, 3), w = int8s({2, 2, 3, 3}, 0.1f, 0);
  const TensorType b{ElementType::int32, {2}, Quantization{{0.01f}, {0}}};
  const Storage y{ElementType::int8, {{0.2f}, {0}}};
  const auto form = [&](TensorType a, TensorType c, TensorType d, Storage s) {
    return op.integer_form(std::vector<TensorType>{std::move(a), std::move(c), std::move(d)}, s);
  };
  CHECK(form(x, w, b, y));
  TensorType per_channel = w;
  per_channel.quantization = Quantization{{0.1f, 0.2f}, {0, 0}, 0};
  CHECK(form(x, per_channel, b, y));
  per_channel.quantization->axis = 1;
  CHECK(!form(x, per_channel, b, y));
  CHECK(!form(x, int8s({2, 2, 3, 3}, 0.1f, 1), b, y));
  CHECK(!form(floats({1, 2, 4, 4}), w, b, y));
  CHECK(!form(x, floats({2, 2, 3, 3}), b, y));
  CHECK(!form(x, w, floats({2}), y));
  CHECK(!form(x, w, b, Storage{ElementType::uint8, {{0.2f}, {0}}}));
  TensorType unsigned_x = x;
  unsigned_x.element = ElementType::uint8;
  CHECK(!form(unsigned_x, w, b, y));
  TensorType x_per_channel = x;
  x_per_channel.quantization = Quantization{{0.1f, 0.2f}, {0, 0}, 1};
  CHECK(!form(x_per_channel, w, b, y));
}

TEST_CASE("Conv: what no kernel takes is refused") {
  const LoweredCase c{{1, 2, 4, 4}, {2, 2, 3, 3}, attributes_of({1, 1}, {1, 1}, {0, 0}, {0, 0}), "", ""};
  std::mt19937 random(1);
  Graph g = conv_graph(c, int8s(c.input, 0.1f, 3), random_tensor(int8s(c.weights, 0.1f, 5), random), {}, {},
                       Storage{ElementType::int8, {{0.2f}, {0}}});
  CHECK_THROWS_WITH(lower(g, "test", plain_target(), {}),
                    "Conv 'conv': no kernel takes int8[1,2,4,4] x0.1+3 with weights int8[2,2,3,3] x0.1+5 to "
                    "int8[1,2,2,2] x0.2+0. Quantize activations to int8 per tensor and weights to int8 with zero point "
                    "0.");
  g = one_node(std::make_shared<Conv>(c.attributes, false), {floats(c.input), floats(c.weights)});
  CHECK_THROWS_WITH(lower(g, "test", plain_target(), {}),
                    "Conv 'node': its weights 'x1' are computed at run time. Only convolutions with constant weights "
                    "and bias are supported.");
}

}  // namespace thimble::compiler::test
