// Pools: their forms, their meaning, and their kernels, whole, in bands and through rings.
#include "compiler/ops/pool.hpp"

#include "compiler/requantize.hpp"
#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/global_average.hpp"
#include "thimble/pool.hpp"
#include "thimble/transpose.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

using Ints = std::vector<int64_t>;
using thimble::PoolShape;

const Kernels kernels = {
    {"max_pool",
     [](const Call& c) {
       thimble::max_pool(constants_of<thimble::MaxPool<PoolShape>>(c), c.in[0], c.out, c.y0, c.y1);
     }},
    {"max_pool_u8",
     [](const Call& c) {
       thimble::max_pool_u8(constants_of<thimble::MaxPool<PoolShape>>(c), c.in[0], c.out, c.y0, c.y1);
     }},
    {"max_pool_f32",
     [](const Call& c) {
       thimble::max_pool_f32(constants_of<thimble::MaxPoolF32<PoolShape>>(c), c.in[0], c.out, c.y0, c.y1);
     }},
    {"average_pool",
     [](const Call& c) {
       thimble::average_pool(constants_of<thimble::AveragePool<thimble::AveragePoolShape>>(c), c.in[0], c.out, c.y0,
                             c.y1);
     }},
    {"global_average",
     [](const Call& c) {
       thimble::global_average(constants_of<thimble::GlobalAverage<thimble::GlobalAverageShape>>(c), c.in[0], c.out,
                               c.y0, c.y1);
     }},
    {"average_pool_f32",
     [](const Call& c) {
       thimble::average_pool_f32(constants_of<thimble::AveragePoolF32<PoolShape>>(c), c.in[0], c.out, c.y0, c.y1);
     }},
    {"transpose",
     [](const Call& c) {
       with_element(c.output_element(), [&](auto zero) {
         using T = decltype(zero);
         thimble::transpose(constants_of<thimble::Transpose>(c), c.input<T>(0), c.output<T>());
       });
     }},
};

struct Case {
  const char* what;
  Shape in;
  PoolAttributes pool;
};
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"2x2, stride 2", {1, 5, 8, 6}, {{2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}}},
      {"3x3, padded", {1, 4, 7, 9}, {{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}},
      {"3x3, padded, the padding counted", {1, 4, 7, 9}, {{3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, false, true}},
      {"3x2, pads differ", {1, 6, 9, 8}, {{3, 2}, {2, 3}, {1, 1}, {2, 0}, {1, 1}, false, true}},
      {"ceil mode", {1, 3, 8, 7}, {{3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, true, false}},
      {"ceil mode, the padding counted", {1, 3, 8, 8}, {{3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, true, true}},
      {"dilated", {1, 9, 10, 11}, {{2, 3}, {1, 2}, {3, 2}, {1, 1}, {1, 1}}},
      {"all of it", {1, 7, 5, 3}, {{5, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}}},
      {"a batch", {3, 4, 6, 5}, {{2, 2}, {1, 1}, {1, 1}, {0, 1}, {1, 0}}},
      {"1-D", {1, 6, 12}, {{3}, {1}, {1}, {2}, {0}, false, true}},
      {"1-D, stride 2", {2, 3, 11}, {{4}, {2}, {1}, {1}, {1}}},
  };
  return all;
}

OpPtr pool(PoolKind kind, const PoolAttributes& attributes, ClampRange clamp = {}) {
  return std::make_shared<Pool>(kind, attributes, clamp);
}

// Runs a program of one banded layer with its input in a ring of `ring_rows`, each row made just before it is read, and
// its output in a ring of one band, read out after each call.
Tensor run_through_rings(const Program& program, const Tensor& nhwc_input, int32_t ring_rows) {
  REQUIRE(program.layers.size() == 1);
  const Layer& layer = program.layers[0];
  const Buffer& in = program.buffers[size_t(layer.inputs[0].buffer)];
  const Buffer& out = program.buffers[size_t(layer.outputs[0])];
  std::vector<uint8_t> in_ring(size_t(in.row_bytes) * size_t(ring_rows), 0xA5), out_ring(size_t(out.row_bytes));
  Tensor result{out.type, {}};
  int32_t made = 0;
  for (int32_t y = 0; y < out.height; ++y) {
    const int32_t end = std::min(y * layer.band->stride - layer.band->pad_top + layer.band->window, in.height);
    for (; made < end; ++made)
      std::memcpy(in_ring.data() + made % ring_rows * in.row_bytes, nhwc_input.bytes.data() + made * in.row_bytes,
                  size_t(in.row_bytes));
    Call call{program, layer,  {{in_ring.data(), in.row_bytes, ring_rows}}, {out_ring.data(), out.row_bytes, 1}, y,
              y + 1,   nullptr};
    kernels.at(layer.kernel)(call);
    const auto* row = reinterpret_cast<const std::byte*>(out_ring.data());
    result.bytes.insert(result.bytes.end(), row, row + out.row_bytes);
  }
  return result;
}

}  // namespace

TEST_CASE("pools: shapes of every form") {
  struct Form {
    Ints in, kernel;
    std::map<std::string, Attribute> attributes;
    Ints out;
  };
  const std::vector<Form> forms = {
      {{1, 3, 8, 8}, {2, 2}, {{"strides", Ints{2, 2}}}, {1, 3, 4, 4}},
      {{1, 3, 8, 8}, {3, 3}, {{"pads", Ints{1, 1, 1, 1}}}, {1, 3, 8, 8}},
      {{1, 3, 7, 8}, {3, 3}, {{"strides", Ints{2, 2}}, {"ceil_mode", int64_t(1)}}, {1, 3, 3, 4}},
      // The second window would begin in the padding behind the input.
      {{1, 1, 3, 3},
       {2, 2},
       {{"strides", Ints{3, 3}}, {"pads", Ints{0, 0, 1, 1}}, {"ceil_mode", int64_t(1)}},
       {1, 1, 1, 1}},
      {{1, 3, 7, 7}, {3, 3}, {{"strides", Ints{2, 2}}, {"auto_pad", std::string("SAME_UPPER")}}, {1, 3, 4, 4}},
      {{1, 3, 7, 7}, {3, 3}, {{"strides", Ints{2, 2}}, {"auto_pad", std::string("VALID")}}, {1, 3, 3, 3}},
      {{1, 3, 9}, {3}, {{"dilations", Ints{2}}}, {1, 3, 5}},
  };
  for (const Form& f : forms)
    for (const char* op : {"MaxPool", "AveragePool"}) {
      std::map<std::string, Attribute> attributes = f.attributes;
      attributes["kernel_shape"] = f.kernel;
      FakeNode node(op, 19, attributes);
      CHECK(result_type(node.input(floats(f.in))).shape == f.out);
    }
  FakeNode global("GlobalAveragePool", 13);
  CHECK(result_type(global.input(floats({2, 3, 4, 5}))).shape == Shape{2, 3, 1, 1});
  FakeNode global_max("GlobalMaxPool", 13);
  CHECK(result_type(global_max.input(floats({2, 3, 4}))).shape == Shape{2, 3, 1});
}

TEST_CASE("auto_pad puts the odd position at the end or at the beginning") {
  for (const auto& [mode, begin] : std::map<std::string, int64_t>{{"SAME_UPPER", 0}, {"SAME_LOWER", 1}}) {
    FakeNode node("MaxPool", 13, {{"kernel_shape", Ints{2}}, {"auto_pad", mode}});
    const Graph& g = node.input(floats({1, 1, 4})).import();
    CHECK(dynamic_cast<const Pool&>(*g.nodes()[0]->op).pool().pads_begin == Ints{begin});
  }
}

TEST_CASE("pools refuse what they cannot do, by name") {
  FakeNode three("MaxPool", 13, {{"kernel_shape", Ints{2, 2, 2}}});
  CHECK_THROWS_WITH(three.input(floats({1, 1, 4, 4, 4})).import(), Catch::Contains("3-D pooling"));
  FakeNode absent("MaxPool", 13);
  CHECK_THROWS_WITH(absent.input(floats({1, 1, 4})).import(), Catch::Contains("'kernel_shape' is absent"));
  FakeNode indices("MaxPool", 13, {{"kernel_shape", Ints{2}}}, 2);
  CHECK_THROWS_WITH(indices.input(floats({1, 1, 4})).import(), Catch::Contains("output Indices is used"));
  FakeNode large("MaxPool", 13, {{"kernel_shape", Ints{5}}});
  CHECK_THROWS_WITH(large.input(floats({1, 1, 4})).import(),
                    Catch::Contains("the window spans 5 positions along axis 2, the padded input has 4"));
  FakeNode pads("MaxPool", 13, {{"kernel_shape", Ints{2}}, {"pads", Ints{0, 2}}});
  CHECK_THROWS_WITH(pads.input(floats({1, 1, 4})).import(),
                    Catch::Contains("the window spans 2 positions along axis 2, the input has 4 and pads of 0 and 2"));
  FakeNode empty("MaxPool", 13, {{"kernel_shape", Ints{2}}, {"pads", Ints{1, 1}}});
  CHECK_THROWS_WITH(empty.input(floats({1, 1, 0})).import(), Catch::Contains("the input not empty"));
  FakeNode entries("AveragePool", 13, {{"kernel_shape", Ints{2, 2}}});
  CHECK_THROWS_WITH(entries.input(floats({1, 1, 4})).import(), Catch::Contains("kernel_shape has 2 entries"));
  FakeNode unknown("MaxPool", 13, {{"kernel_shape", Ints{2}}, {"auto_pad", std::string("SAME")}});
  CHECK_THROWS_WITH(unknown.input(floats({1, 1, 4})).import(), Catch::Contains("auto_pad is 'SAME'"));
  FakeNode integers("AveragePool", 13, {{"kernel_shape", Ints{2}}});
  CHECK_THROWS_WITH(integers.input({ElementType::int32, {1, 1, 4}, {}}).import(),
                    Catch::Contains("the input is int32"));
  const Graph g = one_node(pool(PoolKind::average, {{2}, {1}, {5}, {2}, {5}}), {floats({1, 1, 1})});
  CHECK_THROWS_WITH(lower(g, "test", plain_target(), {}), Catch::Contains("0 positions inside the input"));
}

TEST_CASE("pools' meaning") {
  const RealTensor x{{1, 1, 2, 3}, {1, 2, 3, 4, 5, 7}};
  PoolAttributes p{{2, 2}, {1, 1}, {1, 1}, {0, 0}, {0, 1}};
  CHECK(Pool(PoolKind::max, p).eval(std::vector{x})[0].values == std::vector<double>{5, 7, 7});
  CHECK(Pool(PoolKind::average, p).eval(std::vector{x})[0].values == std::vector<double>{3, 4.25, 5});
  p.count_include_pad = true;
  CHECK(Pool(PoolKind::average, p).eval(std::vector{x})[0].values == std::vector<double>{3, 4.25, 2.5});
}

TEST_CASE("float pools equal their meaning") {
  for (const Case& c : cases())
    for (PoolKind kind : {PoolKind::max, PoolKind::average}) {
      INFO(c.what);
      check_lowered(one_node(pool(kind, c.pool), {floats(c.in)}), kernels, kind == PoolKind::max ? 0 : 1e-6);
      check_lowered(one_node(pool(kind, c.pool, {0, 0.5}), {floats(c.in)}), kernels, 1e-6);
    }
}

TEST_CASE("int8 and uint8 MaxPool keep their operand's quantization, and its numbers exactly") {
  for (const Case& c : cases()) {
    INFO(c.what);
    const Graph g = one_node(pool(PoolKind::max, c.pool), {int8s(c.in, 0.1f, 3)});
    CHECK(g.outputs[0]->type.quantization == int8s({}, 0.1f, 3).quantization);
    check_lowered(g, kernels, 0);
    check_lowered(one_node(pool(PoolKind::max, c.pool, {0, 6}), {int8s(c.in, 0.1f, 3)}), kernels, 0);
    TensorType bytes = int8s(c.in, 0.1f, 128);
    bytes.element = ElementType::uint8;
    check_lowered(one_node(pool(PoolKind::max, c.pool), {bytes}), kernels, 0);
    bytes.quantization.reset();
    check_lowered(one_node(pool(PoolKind::max, c.pool), {bytes}), kernels, 0);
  }
}

TEST_CASE("int8 AveragePool equals its meaning, ties to even where the window is a power of two") {
  const Storage other{ElementType::int8, {{0.173f}, {-4}}}, same{ElementType::int8, {{0.125f}, {3}}};
  for (const Case& c : cases()) {
    INFO(c.what);
    const TensorType x = int8s(c.in, 0.125f, 3);
    REQUIRE(Pool(PoolKind::average, c.pool).integer_form(std::vector{x}, other));
    check_lowered(one_node(pool(PoolKind::average, c.pool), {x}, other), kernels, 0);
    check_lowered(one_node(pool(PoolKind::average, c.pool, {0, 9}), {x}, other), kernels, 0);
    // With the scale kept, a window of 6 positions meets ties that no multiplier of finite length hits exactly.
    check_lowered(one_node(pool(PoolKind::average, c.pool), {x}, same), kernels, c.pool.pads_end[0] > 0 ? 1 : 0);
  }
  const PoolAttributes quarter{{2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}};
  const Program program =
      check_lowered(one_node(pool(PoolKind::average, quarter), {int8s({1, 40, 20, 20}, 0.125f, 3)}, same), kernels, 0);
  CHECK(program.layers[program.layers.size() > 1 ? 1 : 0].note.find("1 of 1 channels") == 0);
}

TEST_CASE("pools read no row outside the ring that their contract asks for") {
  std::mt19937 random(5);
  for (const Case& c : cases()) {
    if (c.in[0] != 1) continue;
    Shape in = c.in;
    in[1] = 1;  // one channel: nhwc and flat are the same bytes, so that the pool is the only layer
    if (in.size() == 4) in[3] = std::max<int64_t>(in[3], c.pool.kernel[1]);
    for (PoolKind kind : {PoolKind::max, PoolKind::average}) {
      INFO(c.what);
      const Graph g = one_node(pool(kind, c.pool), {floats(in)});
      const Program program = lower(g, "test", plain_target(), {});
      const Tensor x = random_tensor(floats(in), random);
      const Tensor expected = interpret(g, {{"x0", x}}).at("y");
      const int32_t window = program.layers[0].band->window;
      CHECK(difference(run_through_rings(program, x, window), expected) <= 1e-6);
      // The twin: with one row less, a row that is still needed is gone. (The largest may be in another row.)
      if (kind == PoolKind::average && window > 1 && int64_t(window) <= in[2] && c.pool.dilations[0] == 1)
        CHECK(difference(run_through_rings(program, x, window - 1), expected) > 1e-3);
    }
  }
}

TEST_CASE("an average of the whole image has a kernel of its own, where sums of bytes fit 16 bits") {
  const auto kernel_of = [](const PoolAttributes& attributes, const Shape& in, const Target& target) {
    LoweringOptions options;
    options.choice.alternative = 1;
    const Storage stored{ElementType::int8, {{0.173f}, {-4}}};
    const Graph g = one_node(pool(PoolKind::average, attributes), {int8s(in, 0.125f, 3)}, stored);
    return lower(g, "test", target, options).layers[1].kernel;  // behind the transpose
  };
  const auto whole = [](int64_t height, int64_t width) {
    return PoolAttributes{{height, width}, {1, 1}, {1, 1}, {0, 0}, {0, 0}};
  };
  Target helium = plain_target();
  helium.features.mve = true;
  CHECK(kernel_of(whole(16, 16), {1, 8, 16, 16}, plain_target()) == "global_average");
  CHECK(kernel_of(whole(16, 17), {1, 8, 16, 17}, plain_target()) == "average_pool");
  CHECK(kernel_of(whole(4, 4), {1, 7, 4, 4}, plain_target()) == "average_pool");
  CHECK(kernel_of(whole(4, 4), {1, 16, 4, 5}, plain_target()) == "average_pool");
  CHECK(kernel_of({{4, 4}, {1, 1}, {1, 1}, {0, 1}, {0, 0}}, {1, 16, 4, 4}, plain_target()) == "average_pool");
  CHECK(kernel_of(whole(4, 4), {1, 16, 4, 4}, helium) == "global_average_mve");
  CHECK(kernel_of(whole(4, 4), {1, 15, 4, 4}, helium) == "global_average");
  const Graph g = one_node(pool(PoolKind::average, whole(7, 5)), {int8s({2, 12, 7, 5}, 0.125f, 3)},
                           Storage{ElementType::int8, {{0.06f}, {-4}}});
  check_lowered(g, kernels, 0);
}

TEST_CASE("pools take blocks of channels where the core has the instructions and the channels are there") {
  const auto kernel_of = [](PoolKind kind, int64_t window, int64_t channels, auto with) {
    Target target = plain_target();
    with(target.features);
    const Storage stored{ElementType::int8, {{0.173f}, {-4}}};
    const PoolAttributes attributes{{window, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}};
    const Graph g = one_node(pool(kind, attributes), {int8s({1, channels, window + 1, 2}, 0.125f, 3)},
                             kind == PoolKind::average ? std::optional(stored) : std::nullopt);
    return lower(g, "test", target, {}).layers[1].kernel;
  };
  const auto none = [](Features&) {};
  const auto dsp = [](Features& f) { f.dsp = true; };
  const auto helium = [](Features& f) { f.dsp = f.mve = true; };
  const auto armv7m = [](Features& f) { f.armv7m = true; };
  CHECK(kernel_of(PoolKind::max, 2, 8, none) == "max_pool");
  CHECK(kernel_of(PoolKind::max, 2, 8, armv7m) == "max_pool");
  CHECK(kernel_of(PoolKind::max, 2, 8, dsp) == "max_pool_words");
  CHECK(kernel_of(PoolKind::max, 300, 8, dsp) == "max_pool_words");
  CHECK(kernel_of(PoolKind::max, 2, 7, dsp) == "max_pool");
  CHECK(kernel_of(PoolKind::max, 2, 15, helium) == "max_pool_words");
  CHECK(kernel_of(PoolKind::max, 2, 16, helium) == "max_pool_mve");
  CHECK(kernel_of(PoolKind::average, 256, 8, none) == "average_pool");
  CHECK(kernel_of(PoolKind::average, 256, 8, armv7m) == "average_pool_words");
  CHECK(kernel_of(PoolKind::average, 257, 8, armv7m) == "average_pool");
  CHECK(kernel_of(PoolKind::average, 256, 7, armv7m) == "average_pool");
  CHECK(kernel_of(PoolKind::average, 256, 16, helium) == "average_pool_mve");
  CHECK(kernel_of(PoolKind::average, 257, 16, helium) == "average_pool");
}
