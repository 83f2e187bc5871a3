// The portable convolutions against a plain reference: geometries, bands, rings, specialised form, extreme numbers.
#include "tests/kernels/conv_grid.hpp"
#include "thimble/conv.hpp"
#include "thimble/conv_float.hpp"
#include "thimble/conv_pairs.hpp"

namespace thimble::conv_grid {

namespace {

// The members of `Shape` for geometry `index`, as the code generator writes them.
template <int32_t index>
struct FixedGeometry {
  static constexpr bool fixed = true;
  static constexpr Geometry g = geometries[index];
  static constexpr int32_t in_height = g.in_height, in_width = g.in_width, in_channels = g.in_channels;
  static constexpr int32_t out_width = g.out_width, out_channels = g.out_channels;
  static constexpr int32_t kernel_height = g.kernel_height, kernel_width = g.kernel_width;
  static constexpr int32_t stride_y = g.stride_y, stride_x = g.stride_x;
  static constexpr int32_t dilation_y = g.dilation_y, dilation_x = g.dilation_x;
  static constexpr int32_t pad_top = g.pad_top, pad_left = g.pad_left;
  static constexpr int32_t group_in_channels = g.group_in(), group_out_channels = g.group_out();
};

constexpr OutputStage stage{-7 * (1 << 12) + (1 << 11), 12, 0, -7, -110, 120, 0};
constexpr int32_t in_zero_point = -11;

template <int32_t index>
struct FixedShape : FixedGeometry<index> {
  static constexpr int32_t in_zero_point = conv_grid::in_zero_point;
  static constexpr int32_t offset = stage.offset, shift = stage.shift, left_shift = stage.left_shift;
  static constexpr int32_t zero_point = stage.zero_point, low = stage.low, high = stage.high;
  static constexpr int32_t ties_to_even = stage.ties_to_even;
};

ConvShape shape_of(const Geometry& g, const OutputStage& s) {
  ConvShape shape = with_geometry<ConvShape>(g);
  shape.in_zero_point = in_zero_point;
  shape.offset = s.offset;
  shape.shift = s.shift;
  shape.left_shift = s.left_shift;
  shape.zero_point = s.zero_point;
  shape.low = s.low;
  shape.high = s.high;
  shape.ties_to_even = s.ties_to_even;
  return shape;
}

// An int8 convolution with packed constants. Bias and multipliers centre each channel and spread it over some 30 steps:
// nearly constant rows would hide a ring that is too small.
struct Int8Case {
  Geometry g;
  Numbers<int8_t, int32_t> n;
  std::vector<int8_t> packed, pairs;  // for Conv2d and, when dense and all right, for ConvPairs
  std::vector<int32_t> channels;
  Bytes expected;

  Int8Case(const Geometry& geometry, const OutputStage& s, unsigned seed) : g(geometry) {
    std::mt19937 random(seed);
    for (int32_t i = 0; i < g.in_height * g.in_width * g.in_channels; ++i) n.input.push_back(int8_t(random()));
    for (int32_t i = 0; i < g.out_channels * g.depth(); ++i) n.weights.push_back(int8_t(int32_t(random() % 255) - 127));
    finish(s);
  }
  void finish(const OutputStage& s) {
    sum_up<int8_t, int32_t>(g, in_zero_point, n);
    const int32_t pixels = g.out_height * g.out_width;
    channels.clear();
    for (int32_t m = 0; m < g.out_channels; ++m) {
      int64_t total = 0, spread = 0;
      for (int32_t p = 0; p < pixels; ++p) total += n.sums[size_t(p * g.out_channels + m)];
      const int64_t mean = total / pixels;
      for (int32_t p = 0; p < pixels; ++p) spread += std::abs(n.sums[size_t(p * g.out_channels + m)] - mean);
      channels.push_back(int32_t(-mean));
      channels.push_back(int32_t(
          std::min<int64_t>(INT32_MAX, (int64_t(30) << (32 + s.shift - s.left_shift)) / (spread / pixels + 1))));
    }
    expected.clear();
    for (size_t i = 0; i < n.sums.size(); ++i) {
      const size_t m = i % size_t(g.out_channels);
      expected.push_back(uint8_t(requantize(n.sums[i] + channels[2 * m], channels[2 * m + 1], s)));
    }
    packed.resize(n.weights.size());
    const ConvShape shape = shape_of(g, s);
    pack_conv(shape, n.weights.data(), packed.data());
    pairs.clear();
    if (g.groups > 1 || !weights_pair(packed.data(), g.out_channels, g.depth())) return;
    pairs.resize(size_t(packed_conv_pairs_bytes(shape)));
    pack_conv_pairs(shape, packed.data(), pairs.data());
  }
  Runner runner(int32_t scratch_bytes) const {
    return {conv_contract(with_geometry<ConvShape>(g)),
            g.in_height,
            g.in_width * g.in_channels,
            g.out_height,
            g.out_width * g.out_channels,
            scratch_bytes};
  }
};

// A kernel over its constants; `f` gets the constants and what a Kernel gets.
template <class Constants, class F>
Kernel bound(const Constants& c, F f) {
  return [c, f](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* s) { f(c, in, out, y0, y1, s); };
}
constexpr auto run_conv2d = [](const auto&... a) { conv2d(a...); };
constexpr auto run_depthwise = [](const auto&... a) { depthwise(a...); };
constexpr auto run_pointwise = [](const auto& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void*) {
  pointwise(c, in, out, y0, y1);
};
constexpr auto run_conv2d_pairs = [](const auto&... a) { conv2d_pairs(a...); };
constexpr auto run_pointwise_pairs = [](const auto&... a) { pointwise_pairs(a...); };
constexpr auto run_conv2d_f32 = [](const auto&... a) { conv2d_f32(a...); };
constexpr auto run_depthwise_f32 = [](const auto&... a) { depthwise_f32(a...); };
constexpr auto run_conv2d_panel_f32 = [](const auto&... a) { conv2d_panel_f32(a...); };
constexpr auto run_depthwise_eights_f32 = [](const auto&... a) { depthwise_eights_f32(a...); };
constexpr auto run_pointwise_f32 = [](const auto& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                                      void*) { pointwise_f32(c, in, out, y0, y1); };

template <class Shape>
void check_int8(const Int8Case& t, const Conv2d<Shape>& c) {
  const Bytes input = bytes_of(t.n.input);
  const auto check = [&](const char* name, const Kernel& kernel, int32_t scratch_bytes) {
    INFO(name);
    const Runner runner = t.runner(scratch_bytes);
    CHECK(runner.whole(input, kernel) == t.expected);
    runner.check_bands(input, kernel, t.expected);
  };
  check("conv2d", bound(c, run_conv2d), conv2d_scratch_bytes(c));
  if (is_depthwise(c)) check("depthwise", bound(c, run_depthwise), window_scratch_bytes(c));
  if (is_pointwise(c, t.g.out_height)) check("pointwise", bound(c, run_pointwise), 0);
  if (t.pairs.empty()) return;
  const ConvPairs<Shape> p{c, t.pairs.data(), t.channels.data()};
  check("conv2d_pairs", bound(p, run_conv2d_pairs), conv2d_pairs_scratch_bytes(p));
  if (is_pointwise(c, t.g.out_height))
    check("pointwise_pairs", bound(p, run_pointwise_pairs), pointwise_pairs_scratch_bytes(p));
}

template <int32_t index = 0>
void check_fixed_int8() {
  if constexpr (index < geometry_count) {
    INFO("geometry " << index);
    const Int8Case t(geometries[index], stage, unsigned(index));
    check_int8(t, Conv2d<FixedShape<index>>{{}, t.packed.data(), t.channels.data()});
    check_fixed_int8<index + 1>();
  }
}

// In place over the input, as a plan may run it.
void check_in_place(const Int8Case& t, const ConvPairs<ConvShape>& p) {
  const Runner r = t.runner(0);
  Bytes tensor = bytes_of(t.n.input), scratch(size_t(pointwise_pairs_scratch_bytes(p)));
  const RowView in{tensor.data(), r.in_row_bytes, r.in_height};
  const RowRing out{tensor.data(), r.out_row_bytes, r.out_height};
  for (int32_t y = 0; y < r.out_height; y += 2)
    pointwise_pairs(p, in, out, y, std::min(y + 2, r.out_height), scratch.data());
  tensor.resize(t.expected.size());
  CHECK(tensor == t.expected);
}

}  // namespace

TEST_CASE("pointwise_pairs writes over its own input when its pixels do not grow") {
  int32_t checked = 0;
  for (const Geometry& g : geometries) {
    if (!is_pointwise(with_geometry<ConvShape>(g), g.out_height) || g.out_channels > g.in_channels) continue;
    const Int8Case t(g, stage, 5);
    check_in_place(t, {shape_of(g, stage), t.pairs.data(), t.channels.data()});
    ++checked;
  }
  CHECK(checked == 2);
}

TEST_CASE("int8 convolutions equal the plain reference, whole and in bands") {
  for (int32_t i = 0; i < geometry_count; ++i) {
    INFO("geometry " << i);
    const Int8Case t(geometries[i], stage, unsigned(i));
    check_int8(t, Conv2d<ConvShape>{shape_of(t.g, stage), t.packed.data(), t.channels.data()});
  }
}

TEST_CASE("int8 convolutions are the same when specialised") {
  check_fixed_int8();
}

TEST_CASE("int8 convolutions store through the whole of requantize()") {
  for (const OutputStage& s : {OutputStage{3 * 4 + 2, 2, 3, 3, -128, 127, 0}, OutputStage{0, 12, 0, -5, -128, 127, 1}})
    for (int32_t i : {0, 10, 15}) {
      const Int8Case t(geometries[i], s, 7);
      check_int8(t, Conv2d<ConvShape>{shape_of(t.g, s), t.packed.data(), t.channels.data()});
    }
}

TEST_CASE("int8 convolutions of extreme numbers") {
  for (int32_t i = 0; i < geometry_count; ++i)
    for (int8_t a : {int8_t(-128), int8_t(127)})
      for (int8_t w : {int8_t(-128), int8_t(127)}) {
        Int8Case t(geometries[i], stage, 1);
        for (int8_t& v : t.n.input) v = a;
        for (int8_t& v : t.n.weights) v = w;
        t.finish(stage);
        const Conv2d<ConvShape> c{shape_of(t.g, stage), t.packed.data(), t.channels.data()};
        CHECK(t.runner(conv2d_scratch_bytes(c)).whole(bytes_of(t.n.input), bound(c, run_conv2d)) == t.expected);
        CHECK(t.pairs.empty() == (t.g.groups > 1 || (w == -128 && t.g.depth() > 1)));
        if (t.pairs.empty()) continue;
        const ConvPairs<ConvShape> p{c, t.pairs.data(), t.channels.data()};
        CHECK(t.runner(conv2d_pairs_scratch_bytes(p)).whole(bytes_of(t.n.input), bound(p, run_conv2d_pairs)) ==
              t.expected);
      }
}

namespace {

struct FloatCase {
  Geometry g;
  Numbers<float, float> n;
  std::vector<float> packed, plain, eights;
  std::vector<double> expected;

  FloatCase(const Geometry& geometry, float low, float high, unsigned seed) : g(geometry) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (int32_t i = 0; i < g.in_height * g.in_width * g.in_channels; ++i) n.input.push_back(normal(random));
    for (int32_t i = 0; i < g.out_channels * g.depth(); ++i) n.weights.push_back(normal(random));
    for (int32_t i = 0; i < g.out_channels; ++i) n.bias.push_back(normal(random));
    Numbers<double, double> exact{{n.input.begin(), n.input.end()}, {n.weights.begin(), n.weights.end()}, {}, {}};
    sum_up<double, double>(g, 0, exact);
    for (size_t i = 0; i < exact.sums.size(); ++i)
      expected.push_back(std::clamp<double>(exact.sums[i] + n.bias[i % n.bias.size()], low, high));
    packed.resize(n.weights.size());
    plain.resize(n.weights.size());
    pack_conv_float(with_geometry<ConvFloatShape>(g), n.weights.data(), packed.data());
    pack_conv(with_geometry<ConvFloatShape>(g), n.weights.data(), plain.data());
    eights.resize(n.weights.size());
    if (g.group_in() == 1) pack_depthwise_eights(with_geometry<ConvFloatShape>(g), plain.data(), eights.data());
  }
  Runner runner(int32_t scratch_bytes) const {
    return {conv_contract(with_geometry<ConvFloatShape>(g)),
            g.in_height,
            4 * g.in_width * g.in_channels,
            g.out_height,
            4 * g.out_width * g.out_channels,
            scratch_bytes};
  }
};

template <class Shape>
void check_float(const FloatCase& t, const Shape& shape, float low, float high) {
  const Bytes input = bytes_of(t.n.input);
  const auto check = [&](const char* name, const Kernel& kernel, int32_t scratch_bytes) {
    INFO(name);
    const Runner runner = t.runner(scratch_bytes);
    const Bytes whole = runner.whole(input, kernel);
    std::vector<float> got(whole.size() / 4);
    std::memcpy(got.data(), whole.data(), whole.size());
    REQUIRE(got.size() == t.expected.size());
    double worst = 0;
    for (size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::abs(got[i] - t.expected[i]));
    CHECK(worst < 1e-5 * std::sqrt(double(t.g.depth())));
    runner.check_bands(input, kernel, whole);
  };
  const ConvFloat<Shape> c{shape, t.packed.data(), t.n.bias.data(), low, high};
  check("conv2d_f32", bound(c, run_conv2d_f32), window_scratch_bytes(c));
  if (gathers_floats(c)) check("conv2d_panel_f32", bound(c, run_conv2d_panel_f32), float_panel_scratch_bytes(c));
  if (is_pointwise(c, t.g.out_height)) check("pointwise_f32", bound(c, run_pointwise_f32), 0);
  const ConvFloat<Shape> d{shape, t.plain.data(), t.n.bias.data(), low, high};
  if (is_depthwise(d)) check("depthwise_f32", bound(d, run_depthwise_f32), window_scratch_bytes(d));
  if (!is_depthwise(d) || t.g.group_out() > 1) return;
  const ConvFloat<Shape> e{shape, t.eights.data(), t.n.bias.data(), low, high};
  check("depthwise_eights_f32", bound(e, run_depthwise_eights_f32), window_scratch_bytes(e));
}

template <int32_t index = 0>
void check_fixed_float() {
  if constexpr (index < geometry_count) {
    INFO("geometry " << index);
    check_float(FloatCase(geometries[index], -INFINITY, INFINITY, unsigned(index)), FixedGeometry<index>{}, -INFINITY,
                INFINITY);
    check_fixed_float<index + 1>();
  }
}

}  // namespace

TEST_CASE("float convolutions equal the plain reference, whole and in bands") {
  for (int32_t i = 0; i < geometry_count; ++i) {
    INFO("geometry " << i);
    check_float(FloatCase(geometries[i], -1.5f, 4.0f, unsigned(i)), with_geometry<ConvFloatShape>(geometries[i]), -1.5f,
                4.0f);
  }
}

TEST_CASE("a ReLU of a float convolution is exact zero below") {
  for (int32_t i = 0; i < geometry_count; ++i) {
    INFO("geometry " << i);
    check_float(FloatCase(geometries[i], 0, INFINITY, unsigned(i)), with_geometry<ConvFloatShape>(geometries[i]), 0,
                INFINITY);
  }
}

TEST_CASE("float convolutions are the same when specialised") {
  check_fixed_float();
}

TEST_CASE("infinite values outside a float kernel's window do not reach its result") {
  FloatCase t(geometries[15], -INFINITY, INFINITY, 3);
  t.n.input.back() = INFINITY;  // the last pixel: rows and columns before the last two do not read it
  const ConvFloat<ConvFloatShape> d{with_geometry<ConvFloatShape>(t.g), t.plain.data(), t.n.bias.data(), -INFINITY,
                                    INFINITY};
  const Bytes whole = t.runner(window_scratch_bytes(d)).whole(bytes_of(t.n.input), bound(d, run_depthwise_f32));
  std::vector<float> got(whole.size() / 4);
  std::memcpy(got.data(), whole.data(), whole.size());
  int32_t touched = 0;
  for (float v : got) touched += !std::isfinite(v);
  CHECK(touched == 4);  // 2 x 2 pixels of one channel
}

}  // namespace thimble::conv_grid
