// Convolutions on a core with the DSP extension: which kernels and layouts are chosen, and that they give the portable
// kernels' bytes.
#include <cmath>

#include "compiler/ops/conv.hpp"
#include "tests/kernels/plane_borders.hpp"
#include "tests/ops/fake_node.hpp"
#include "tests/ops/layer_runner.hpp"
#include "thimble/arch/dsp_conv.hpp"
#include "thimble/arch/dsp_conv_small.hpp"
#include "thimble/arch/dsp_depthwise.hpp"
#include "thimble/arch/dsp_depthwise_nhwc.hpp"
#include "thimble/arch/dsp_depthwise_small.hpp"
#include "thimble/arch/dsp_depthwise_taps.hpp"
#include "thimble/arch/dsp_winograd.hpp"
#include "thimble/arch/mve_conv.hpp"
#include "thimble/arch/mve_depthwise.hpp"
#include "thimble/conv.hpp"
#include "thimble/conv_pairs.hpp"
#include "thimble/transpose.hpp"

namespace thimble::compiler::test {

namespace {

using Ints = std::vector<int64_t>;

const Target& dsp_target() {
  static const Target target = [] {
    Target t{};
    t.name = "dsp";
    t.features.dsp = true;
    return t;
  }();
  return target;
}

// The kernel on the layer's constants; borders of planes are written before the first row, as generated code does.
template <class Constants, class F>
auto kernel_of(F run) {
  return [run](const Call& c) {
    const Buffer& out = c.program.buffers[size_t(c.layer.outputs[0])];
    if (c.y0 == 0 && out.layout == Layout::planes)
      grid::write_borders(c.out, out.width, out.border, out.type.quantization->zero_points[0]);
    run(constants_of<Constants>(c), c.in[0], c.out, c.y0, c.y1, c.scratch);
  };
}
template <class Constants, class F>
auto scratchless(F run) {
  return kernel_of<Constants>([run](auto l, auto in, auto out, auto y0, auto y1, void*) { run(l, in, out, y0, y1); });
}
// The kernels for rows of taps are those of the constants' width.
template <class F>
auto taps_of(F run) {
  return [run](const Call& c) {
    if (c.layer.constants_struct == "DepthwiseTaps3") scratchless<DepthwiseTaps3<DepthwiseTapsShape>>(run)(c);
    if (c.layer.constants_struct == "DepthwiseTaps4") scratchless<DepthwiseTaps4<DepthwiseTapsShape>>(run)(c);
    if (c.layer.constants_struct == "DepthwiseTaps5") scratchless<DepthwiseTaps5<DepthwiseTapsShape>>(run)(c);
    if (c.layer.constants_struct == "DepthwiseTaps7") scratchless<DepthwiseTaps7<DepthwiseTapsShape>>(run)(c);
    if (c.layer.constants_struct == "DepthwiseTaps8") scratchless<DepthwiseTaps8<DepthwiseTapsShape>>(run)(c);
  };
}
const Kernels& kernels() {
  using Dense = ConvDsp<ConvDspShape>;
  using Planes = DepthwiseDsp<DepthwiseDspShape>;
  using Nhwc = DepthwiseNhwcDsp<DepthwiseNhwcDspShape>;
  using Portable = Conv2d<ConvShape>;
  using Helium = ConvMve<ConvMveShape>;
  using HeliumDepthwise = DepthwiseMve<DepthwiseMveShape>;
  static const Kernels all = {
      {"transpose",
       [](const Call& c) {
         thimble::transpose(constants_of<thimble::Transpose>(c), c.input<int8_t>(0), c.output<int8_t>());
       }},
      {"conv2d", kernel_of<Portable>([](auto... a) { conv2d(a...); })},
      {"depthwise", kernel_of<Portable>([](auto... a) { depthwise(a...); })},
      {"pointwise", scratchless<Portable>([](auto... a) { pointwise(a...); })},
      {"conv2d_pairs", kernel_of<ConvPairs<ConvShape>>([](auto... a) { conv2d_pairs(a...); })},
      {"conv2d_dsp", kernel_of<Dense>([](auto... a) { conv2d_dsp(a...); })},
      {"conv2d_dsp_clamped", kernel_of<Dense>([](auto... a) { conv2d_dsp_clamped(a...); })},
      {"conv2d_dsp_plain", kernel_of<Dense>([](auto... a) { conv2d_dsp_plain(a...); })},
      {"conv2d_small_dsp", kernel_of<Dense>([](auto... a) { conv2d_small_dsp(a...); })},
      {"pointwise_dsp", kernel_of<Dense>([](auto... a) { pointwise_dsp(a...); })},
      {"pointwise_dsp_clamped", kernel_of<Dense>([](auto... a) { pointwise_dsp_clamped(a...); })},
      {"pointwise_dsp_plain", kernel_of<Dense>([](auto... a) { pointwise_dsp_plain(a...); })},
      {"depthwise_planes_dsp", scratchless<Planes>([](auto... a) { depthwise_planes_dsp(a...); })},
      {"depthwise_planes_stride2_dsp", scratchless<Planes>([](auto... a) { depthwise_planes_stride2_dsp(a...); })},
      {"depthwise_planes_small_dsp", scratchless<Planes>([](auto... a) { depthwise_planes_small_dsp(a...); })},
      {"depthwise_planes_plain_dsp", scratchless<Planes>([](auto... a) { depthwise_planes_plain_dsp(a...); })},
      {"depthwise_taps_dsp", taps_of([](auto... a) { depthwise_taps_dsp(a...); })},
      {"depthwise_taps_stride2_dsp", taps_of([](auto... a) { depthwise_taps_stride2_dsp(a...); })},
      {"depthwise_taps_plain_dsp", taps_of([](auto... a) { depthwise_taps_plain_dsp(a...); })},
      {"depthwise_taps_stride2_plain_dsp", taps_of([](auto... a) { depthwise_taps_stride2_plain_dsp(a...); })},
      {"depthwise_mve", kernel_of<HeliumDepthwise>([](auto... a) { depthwise_mve(a...); })},
      {"depthwise_plain_mve", kernel_of<HeliumDepthwise>([](auto... a) { depthwise_plain_mve(a...); })},
      {"depthwise_3x3_mve", kernel_of<HeliumDepthwise>([](auto... a) { depthwise_3x3_mve(a...); })},
      {"depthwise_3x3_stride2_mve", kernel_of<HeliumDepthwise>([](auto... a) { depthwise_3x3_stride2_mve(a...); })},
      {"depthwise_3x3_narrow_mve", kernel_of<HeliumDepthwise>([](auto... a) { depthwise_3x3_narrow_mve(a...); })},
      {"conv2d_mve", kernel_of<Helium>([](auto... a) { conv2d_mve(a...); })},
      {"conv2d_plain_mve", kernel_of<Helium>([](auto... a) { conv2d_plain_mve(a...); })},
      {"pointwise_mve", scratchless<Helium>([](auto... a) { pointwise_mve(a...); })},
      {"pointwise_plain_mve", scratchless<Helium>([](auto... a) { pointwise_plain_mve(a...); })},
      {"winograd_dsp", kernel_of<WinogradDsp>([](auto... a) { winograd_dsp(a...); })},
      {"depthwise_nhwc_dsp", kernel_of<Nhwc>([](auto... a) { depthwise_nhwc_dsp(a...); })},
      {"depthwise_nhwc_plain_dsp", kernel_of<Nhwc>([](auto... a) { depthwise_nhwc_plain_dsp(a...); })},
  };
  return all;
}

// A chain of int8 convolutions over random weights.
class Chain {
 public:
  explicit Chain(Shape input) : random_(3) {
    graph_.name = "test";
    last_ = graph_.add_input("x", int8s(std::move(input), scale, -13));
  }
  Chain& conv(Shape weights, ConvAttributes attributes, ClampRange clamp = {}) {
    const std::string n = std::to_string(graph_.nodes().size());
    const int64_t depth = element_count(weights) / weights[0];
    Tensor w = random_tensor({ElementType::int8, weights, Quantization{{0.0123f}, {0}, -1}}, random_);
    for (std::byte& b : w.bytes)
      if (int8_t(b) == -128) b = std::byte(0);
    const float result_scale = scale * 0.0123f * std::sqrt(float(depth)) * 90;
    Node* node = graph_.append({std::make_shared<Conv>(std::move(attributes), false, clamp),
                                {last_, graph_.add_constant("w" + n, std::move(w))},
                                "conv" + n,
                                {"y" + n},
                                Storage{ElementType::int8, {{result_scale}, {-7}}}});
    last_ = node->outputs[0];
    return *this;
  }
  // A convolution of the last result that the next one does not read: its result is an output.
  Chain& side(Shape weights, ConvAttributes attributes) {
    Value* const from = last_;
    conv(std::move(weights), std::move(attributes));
    graph_.outputs.push_back(last_);
    last_ = from;
    return *this;
  }
  // The borders of the values that lie as planes.
  std::vector<int32_t> borders() const {
    std::vector<int32_t> found;
    for (const Buffer& b : lower(graph_, "test", dsp_target(), plainest()).buffers)
      if (b.layout == Layout::planes) found.push_back(b.border);
    return found;
  }
  // The first alternative of each layer.
  static LoweringOptions plainest() {
    LoweringOptions options;
    options.choice.alternative = 0;
    return options;
  }
  // The layers' kernels and the layouts of their results, after checking that both targets give the same bytes.
  std::vector<std::pair<std::string, Layout>> check(const LoweringOptions& options = plainest(),
                                                    const Target& target = dsp_target()) {
    if (graph_.outputs.empty() || graph_.outputs.back() != last_) graph_.outputs.push_back(last_);
    const Program portable = lower(graph_, "test", plain_target(), {.portable_kernels = true}),
                  dsp = lower(graph_, "test", target, options);
    const Tensor input = random_tensor(graph_.inputs[0]->type, random_);
    LayerRunner expected(portable);
    expected.set_input(0, input);
    expected.run(kernels(), 0);
    for (int32_t band_rows : {0, 1, 2, 3}) {
      const bool fits = std::all_of(dsp.layers.begin(), dsp.layers.end(),
                                    [&](const Layer& l) { return !l.band || band_rows % l.band->step == 0; });
      if (!fits) continue;
      LayerRunner runner(dsp);
      runner.set_input(0, input);
      runner.run(kernels(), band_rows);
      for (size_t i = 0; i < graph_.outputs.size(); ++i) CHECK(runner.output(i).bytes == expected.output(i).bytes);
    }
    std::vector<std::pair<std::string, Layout>> made;
    for (const Layer& l : dsp.layers)
      if (l.name.rfind("conv", 0) == 0) made.emplace_back(l.kernel, dsp.buffers[size_t(l.outputs[0])].layout);
    return made;
  }

 private:
  static constexpr float scale = 0.047f;
  std::mt19937 random_;
  Graph graph_;
  Value* last_;
};

ConvAttributes attributes_of(Ints strides, Ints begin, Ints end, int64_t group = 1, Ints dilations = {1, 1}) {
  return {std::move(strides), std::move(dilations), std::move(begin), std::move(end), group};
}
using Made = std::vector<std::pair<std::string, Layout>>;

}  // namespace

TEST_CASE("DSP: a convolution writes planes where a depthwise 3x3 reads them") {
  Chain separable({1, 3, 13, 11});
  separable.conv({8, 3, 3, 3}, attributes_of({2, 2}, {0, 0}, {1, 1}))
      .conv({8, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, 8))
      .conv({7, 8, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}))
      .conv({7, 1, 3, 3}, attributes_of({2, 2}, {0, 0}, {1, 1}, 7))
      .conv({3, 7, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}));
  CHECK(separable.check() == Made{{"conv2d_dsp", Layout::planes},
                                  {"depthwise_planes_dsp", Layout::nhwc},
                                  {"pointwise_dsp", Layout::planes},
                                  {"depthwise_planes_stride2_dsp", Layout::nhwc},
                                  {"pointwise_dsp", Layout::nhwc}});
  LoweringOptions general;  // the kernel for any window takes single pixels too
  general.choice.alternative = 1;
  CHECK(separable.check(general) == Made{{"conv2d_small_dsp", Layout::planes},
                                         {"depthwise_planes_small_dsp", Layout::nhwc},
                                         {"conv2d_dsp", Layout::planes},
                                         {"depthwise_planes_small_dsp", Layout::nhwc},
                                         {"conv2d_dsp", Layout::nhwc}});
  LoweringOptions small;  // in little code, the last
  small.choice.alternative = 9;
  CHECK(separable.check(small) == Made{{"conv2d_small_dsp", Layout::planes},
                                       {"depthwise_planes_small_dsp", Layout::nhwc},
                                       {"conv2d_small_dsp", Layout::planes},
                                       {"depthwise_planes_small_dsp", Layout::nhwc},
                                       {"conv2d_small_dsp", Layout::nhwc}});
}

TEST_CASE("DSP: rows of taps are read from planes with as much border as they need") {
  Chain wide({1, 4, 12, 13});
  wide.conv({6, 4, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}))
      .conv({6, 1, 5, 5}, attributes_of({1, 1}, {2, 2}, {2, 2}, 6))
      .conv({5, 6, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}))
      .conv({5, 1, 7, 7}, attributes_of({2, 2}, {3, 3}, {3, 3}, 5))
      .conv({7, 5, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}))
      .conv({7, 1, 2, 4}, attributes_of({1, 1}, {0, 1}, {1, 0}, 7))
      .conv({4, 7, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}), ClampRange{0, 2})
      .conv({4, 1, 1, 5}, attributes_of({1, 2}, {0, 2}, {0, 2}, 4), ClampRange{0, 2});
  CHECK(wide.check() == Made{{"pointwise_dsp", Layout::planes},
                             {"depthwise_taps_dsp", Layout::nhwc},
                             {"pointwise_dsp", Layout::planes},
                             {"depthwise_taps_stride2_dsp", Layout::nhwc},
                             {"conv2d_dsp", Layout::planes},
                             {"depthwise_taps_dsp", Layout::nhwc},
                             {"pointwise_dsp_clamped", Layout::planes},
                             {"depthwise_taps_stride2_plain_dsp", Layout::nhwc}});
  CHECK(wide.borders() == std::vector<int32_t>{2, 3, 1, 2});
}

TEST_CASE("DSP: planes have the largest border of their readers") {
  Chain shared({1, 4, 8, 9});
  shared.conv({6, 4, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}))
      .side({6, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, 6))
      .conv({6, 1, 5, 5}, attributes_of({1, 1}, {2, 2}, {2, 2}, 6));
  CHECK(shared.check() == Made{{"pointwise_dsp", Layout::planes},
                               {"depthwise_planes_dsp", Layout::nhwc},
                               {"depthwise_taps_dsp", Layout::nhwc}});
  CHECK(shared.borders() == std::vector<int32_t>{2});
}

TEST_CASE("DSP: depthwise convolutions that no kernel reads from planes") {
  const auto after_pointwise = [](Shape weights, ConvAttributes attributes) {
    Chain chain({1, 4, 12, 13});
    chain.conv({6, 4, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0})).conv(std::move(weights), std::move(attributes));
    const Made made = chain.check();
    CHECK(made[0].second == (made[1].first == "depthwise_nhwc_dsp" ? Layout::nhwc : Layout::planes));
    return made[1].first;
  };
  CHECK(after_pointwise({6, 1, 3, 3}, attributes_of({1, 1}, {2, 2}, {2, 2}, 6)) == "depthwise_taps_dsp");
  CHECK(after_pointwise({6, 1, 3, 3}, attributes_of({1, 1}, {3, 3}, {0, 0}, 6)) ==
        "depthwise_nhwc_dsp");  // all padding
  CHECK(after_pointwise({6, 1, 3, 3}, attributes_of({3, 3}, {1, 1}, {1, 1}, 6)) == "depthwise_nhwc_dsp");
  CHECK(after_pointwise({6, 1, 5, 5}, attributes_of({2, 1}, {2, 2}, {2, 2}, 6)) == "depthwise_taps_dsp");
  CHECK(after_pointwise({6, 1, 5, 5}, attributes_of({1, 1}, {4, 2}, {4, 2}, 6, {2, 1})) == "depthwise_nhwc_dsp");
  CHECK(after_pointwise({6, 1, 5, 1}, attributes_of({1, 1}, {2, 0}, {2, 0}, 6)) == "depthwise_nhwc_dsp");
  CHECK(after_pointwise({6, 1, 3, 9}, attributes_of({1, 1}, {1, 4}, {1, 4}, 6)) == "depthwise_nhwc_dsp");
  CHECK(after_pointwise({6, 1, 5, 8}, attributes_of({2, 2}, {2, 0}, {2, 0}, 6)) ==
        "depthwise_taps_stride2_dsp");  // 3 columns
  Chain two_columns({1, 4, 12, 4});     // of stride 2: computed as four, they would be read behind the tail
  two_columns.conv({6, 4, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}))
      .conv({6, 1, 5, 5}, attributes_of({2, 2}, {2, 2}, {2, 2}, 6));
  CHECK(two_columns.check() == Made{{"pointwise_dsp", Layout::nhwc}, {"depthwise_nhwc_dsp", Layout::nhwc}});
}

TEST_CASE("DSP: depthwise convolutions that read NHWC") {
  Chain of_input({1, 6, 9, 8});  // nothing wrote planes
  of_input.conv({6, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, 6));
  CHECK(of_input.check() == Made{{"depthwise_nhwc_dsp", Layout::nhwc}});
  Chain wide({2, 4, 9, 8});
  wide.conv({5, 4, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}))
      .conv({5, 1, 5, 5}, attributes_of({2, 2}, {2, 2}, {2, 2}, 5), ClampRange{0, 3});
  CHECK(wide.check() == Made{{"pointwise_dsp", Layout::nhwc},
                             {"pointwise_dsp", Layout::nhwc},
                             {"depthwise_nhwc_plain_dsp", Layout::nhwc},
                             {"depthwise_nhwc_plain_dsp", Layout::nhwc}});
  Chain one_dimension({1, 6, 20});
  one_dimension.conv({6, 1, 5}, {{1}, {2}, {8}, {0}, 6}).conv({4, 6, 3}, {{1}, {2}, {4}, {0}, 1});
  CHECK(one_dimension.check() == Made{{"depthwise_nhwc_dsp", Layout::nhwc}, {"conv2d_dsp", Layout::nhwc}});
}

TEST_CASE("DSP: kernels follow the output stage and the weights") {
  Chain clamped({1, 4, 6, 6});
  clamped.conv({4, 4, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}), ClampRange{0, 2})
      .conv({4, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, 4), ClampRange{0, 2})
      .conv({4, 4, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}), ClampRange{0, 2});
  CHECK(clamped.check() == Made{{"conv2d_dsp_clamped", Layout::planes},
                                {"depthwise_planes_plain_dsp", Layout::nhwc},
                                {"pointwise_dsp_clamped", Layout::nhwc}});
}

TEST_CASE("DSP: Winograd's form is an alternative where it is exact and the channels are whole quads and pairs") {
  const auto kernels_of = [](std::optional<size_t> alternative) {
    Chain chain({1, 4, 7, 6});
    chain.conv({6, 4, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}))
        .conv({8, 6, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}))  // 6 channels are no quads
        .conv({4, 8, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}));
    LoweringOptions options;
    options.choice.alternative = alternative;
    std::string text;
    for (const auto& [kernel, layout] : chain.check(options)) text += kernel + " ";
    return text;
  };
  CHECK(kernels_of(0) == "conv2d_dsp conv2d_dsp conv2d_dsp ");
  CHECK(kernels_of(1) == "winograd_dsp conv2d_small_dsp winograd_dsp ");
  CHECK(kernels_of(2) == "conv2d_small_dsp conv2d_small_dsp conv2d_small_dsp ");
  // The table of costs knows nothing of this target: then the smallest is taken.
  CHECK(kernels_of({}) == kernels_of(0));
}

TEST_CASE("DSP: what has no kernel of its own stays portable") {
  Chain chain({1, 4, 9, 9});
  chain.conv({6, 4, 3, 3}, attributes_of({1, 1}, {2, 2}, {2, 2}, 1, {1, 2}))
      .conv({6, 3, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, 2))
      .conv({12, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, 6));
  CHECK(chain.check() == Made{{"conv2d_pairs", Layout::nhwc}, {"conv2d", Layout::nhwc}, {"depthwise", Layout::nhwc}});
}

TEST_CASE("Helium: convolutions have its kernels, and nothing is written as planes") {
  Target helium = dsp_target();
  helium.features.mve = true;
  Chain separable({1, 3, 13, 11});
  separable.conv({8, 3, 3, 3}, attributes_of({2, 2}, {0, 0}, {1, 1}))
      .conv({8, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, 8))
      .conv({7, 8, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}))
      .conv({5, 7, 3, 1}, attributes_of({1, 1}, {1, 0}, {1, 0}), ClampRange{0, 1})
      .conv({5, 5, 1, 1}, attributes_of({1, 1}, {0, 0}, {0, 0}), ClampRange{0, 1});
  CHECK(separable.check({}, helium) == Made{{"conv2d_mve", Layout::nhwc},
                                            {"depthwise_3x3_narrow_mve", Layout::nhwc},
                                            {"pointwise_mve", Layout::nhwc},
                                            {"conv2d_mve", Layout::nhwc},
                                            {"pointwise_mve", Layout::nhwc}});
  Chain depthwise({1, 18, 13, 11});
  depthwise.conv({18, 1, 3, 3}, attributes_of({1, 1}, {1, 1}, {1, 1}, 18))
      .conv({18, 1, 3, 3}, attributes_of({2, 2}, {1, 1}, {1, 1}, 18), ClampRange{0, 1})
      .conv({18, 1, 5, 4}, attributes_of({1, 1}, {2, 2}, {2, 1}, 18))
      .conv({18, 1, 3, 3}, attributes_of({1, 1}, {2, 2}, {2, 2}, 18, {2, 2}));
  CHECK(depthwise.check({}, helium) == Made{{"depthwise_3x3_mve", Layout::nhwc},
                                            {"depthwise_3x3_stride2_mve", Layout::nhwc},
                                            {"depthwise_mve", Layout::nhwc},
                                            {"depthwise_mve", Layout::nhwc}});
}

TEST_CASE("DSP: planes are for cores with the DSP extension") {
  const Conv depthwise(attributes_of({1, 1}, {1, 1}, {1, 1}, 4), false);
  Graph g = one_node(std::make_shared<Conv>(depthwise),
                     {int8s({1, 4, 6, 6}, 0.05f, 3), {ElementType::int8, {4, 1, 3, 3}, Quantization{{0.01f}, {0}, -1}}},
                     Storage{ElementType::int8, {{0.1f}, {0}}});
  CHECK(g.nodes()[0]->op->planes_border(*g.nodes()[0], dsp_target()) == 1);
  CHECK(g.nodes()[0]->op->planes_border(*g.nodes()[0], plain_target()) == 0);
}

}  // namespace thimble::compiler::test
