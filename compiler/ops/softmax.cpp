// How Softmax is read from ONNX, its meaning, and how it lowers: in int8 to a table of exponentials.
#include "compiler/ops/softmax.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "thimble/softmax.pack.hpp"

namespace thimble::compiler {

namespace {

// A distribution has `count` elements, `inner` apart; `outer` blocks of `inner` distributions follow one another.
struct Extents {
  int64_t outer = 1, count = 1, inner = 1;
};
Extents extents_of(const Shape& shape, int first, int last) {
  Extents e;
  for (int i = 0; i < int(shape.size()); ++i) (i < first ? e.outer : i <= last ? e.count : e.inner) *= shape[size_t(i)];
  return e;
}

// The constants of the integer form; see thimble/softmax.pack.hpp.
struct Exponentials {
  std::vector<int32_t> exps;
  int64_t numerator;
  int shift;
};

constexpr int most_exponent = 24;         // float32's precision: what ONNX Runtime computes with
constexpr int64_t most_in_sum = 1 << 12;  // more would leave the exponentials less than 18 bits
// Results are then shifts of the upper half of a product. The least scale has it so: 2^33 * 2^15 < 2^(31 + 18).
constexpr int least_shift = 33;
constexpr float least_scale = 1.0f / (1 << 15);

Exponentials exponentials_of(float in_scale, float out_scale, int64_t count) {
  const int exponent = std::min(most_exponent, int(std::floor(std::log2(2147483647.0 / double(count)))));
  Exponentials e;
  for (int d = 0; d < 256; ++d) {
    const auto v = int32_t(std::nearbyint(std::ldexp(std::exp(-d * double(in_scale)), exponent)));
    if (v == 0) break;
    e.exps.push_back(v);
  }
  // The largest shift with numerator / sum < 2^31: the sum is at least 2^exponent.
  const auto numerator = [&](int shift) { return std::nearbyint(std::ldexp(1.0 / double(out_scale), shift)); };
  e.shift = least_shift;
  while (e.shift < 61 && numerator(e.shift + 1) < std::ldexp(1.0, 31 + exponent)) ++e.shift;
  e.numerator = int64_t(numerator(e.shift));
  return e;
}

}  // namespace

std::string Softmax::attributes() const {
  return first_ == last_ ? fmt::format("axis={}", first_) : fmt::format("axes={}..{}", first_, last_);
}

std::vector<TensorType> Softmax::infer(std::span<const TensorType> in, const std::string& node) const {
  const std::string where = "Softmax '" + node + "'";
  if (in[0].element != ElementType::float32 && !in[0].quantization)
    throw Error(where, fmt::format("the input is {}", name_of(in[0].element)), "Only float32 is supported.");
  if (element_count(in[0].shape) == 0)
    throw Error(where, "the input " + to_string(in[0].shape) + " has 0 elements", "Give it at least one.");
  return {{ElementType::float32, in[0].shape, {}}};
}

std::vector<RealTensor> Softmax::eval(std::span<const RealTensor> in) const {
  RealTensor out = in[0];
  const Extents e = extents_of(out.shape, first_, last_);
  for (int64_t block = 0; block < e.outer; ++block)
    for (int64_t column = 0; column < e.inner; ++column) {
      const auto at = [&](int64_t i) -> double& {
        return out.values[size_t((block * e.count + i) * e.inner + column)];
      };
      double largest = at(0), sum = 0;
      for (int64_t i = 1; i < e.count; ++i) largest = std::max(largest, at(i));
      for (int64_t i = 0; i < e.count; ++i) sum += at(i) = std::exp(at(i) - largest);
      for (int64_t i = 0; i < e.count; ++i) at(i) /= sum;
    }
  return {std::move(out)};
}

bool Softmax::integer_form(std::span<const TensorType> in, const Storage& stored_as) const {
  if (in[0].element != ElementType::int8 || !in[0].quantization || in[0].quantization->per_axis()) return false;
  if (stored_as.element != ElementType::int8 || stored_as.quantization.per_axis()) return false;
  const float scale = stored_as.quantization.scales[0];
  return extents_of(in[0].shape, first_, last_).count <= most_in_sum && scale >= least_scale && scale <= 64;
}

void Softmax::lower(Lowering& lowering, const Node& node) const {
  const Value *x = node.inputs[0], *y = node.outputs[0];
  const bool pixels = lowering.layout_of(x) == Layout::nhwc && first_ == 1 && last_ == 1;
  const Layout layout = pixels ? Layout::nhwc : Layout::flat;
  const int in = lowering.input(x, layout), out = lowering.output(y, layout);
  Extents e = extents_of(x->type.shape, first_, last_);
  if (pixels) e = {lowering.program().buffers[size_t(in)].width, e.count, 1};
  Layer layer;
  layer.kernel = "softmax_f32";
  layer.constants_struct = "SoftmaxF32";
  if (y->type.quantization) {
    layer.kernel = "softmax";
    layer.constants_struct = "Softmax";
    const Exponentials table =
        exponentials_of(x->type.quantization->scales[0], y->type.quantization->scales[0], e.count);
    Tensor exps = Tensor::of<int32_t>({int64_t(table.exps.size())}, table.exps);
    const int array = lowering.constant({node.name + "_exps", "exponentials of the steps below the largest",
                                         ElementType::int32, std::move(exps.bytes), false});
    layer.fields = {{"exps", Field::Array{array}},
                    {"exps_count", int64_t(table.exps.size())},
                    {"numerator_high", table.numerator >> 31},
                    {"numerator_low", table.numerator & 0x7fffffff},
                    {"shift", int64_t(table.shift)},
                    {"zero_point", int64_t(y->type.quantization->zero_points[0])}};
  }
  layer.headers = {"softmax.hpp"};
  layer.shape_struct = "SoftmaxShape";
  layer.shape = {{"outer", e.outer}, {"count", e.count}, {"inner", e.inner}};
  layer.band = BandContract{};
  for (int64_t n = 0; n < (pixels ? x->type.shape[0] : 1); ++n) {
    Layer one = layer;
    one.name = node.name;
    one.inputs = {{pixels ? lowering.image(in, n) : in, Overwrite::same_place}};
    one.outputs = {pixels ? lowering.image(out, n) : out};
    lowering.add(std::move(one));
  }
}

void import_softmax(ImportNode& node) {
  Value* x = node.required_input(0);
  const size_t rank = x->type.shape.size();
  const int64_t given = node.integer("axis", node.opset() < 13 ? 1 : -1);
  if (rank == 0) throw node.error("the input is a scalar", "Give it at least one dimension.");
  // Before opset 13 the axes from `axis` on are one; an axis equal to the rank leaves single elements.
  if (node.opset() < 13 && given == int64_t(rank))
    throw node.error(fmt::format("axis is {}, the input has {} dimensions", given, rank), "Correct the attribute.");
  const int axis = int(normalized_axis(given, rank, node.name()));
  node.finish(std::make_shared<Softmax>(axis, node.opset() < 13 ? int(rank) - 1 : axis), {x});
}

}  // namespace thimble::compiler
