// How Gemm is read from ONNX, its shape rule and its meaning. How it lowers: gemm_lower.cpp.
#include "compiler/ops/gemm.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"
#include "thimble/dense.pack.hpp"

namespace thimble::compiler {

namespace {

// Rows of a value seen as a matrix of `columns` columns.
int64_t rows_of(const Shape& shape, int64_t columns) {
  return columns == 0 ? 0 : element_count(shape) / columns;
}

Shape result_shape(const GemmAttributes& gemm, const Shape& a, int64_t outputs) {
  if (gemm.trans_a) return {a[1], outputs};
  Shape shape = a;
  shape.back() = outputs;
  return shape;
}

// Step of the bias from one row and from one column to the next; nullopt when it does not broadcast that way.
struct BiasSteps {
  int64_t row, column;
};
std::optional<BiasSteps> bias_steps(const Shape& bias, const Shape& result) {
  const int64_t columns = result.back(), count = element_count(bias);
  const int64_t last = bias.empty() ? 1 : bias.back();
  if (bias.size() > result.size() || (last != 1 && last != columns)) return {};
  const int64_t rows = last == 0 ? 0 : count / last;
  const BiasSteps steps{rows == 1 ? 0 : last, last == 1 ? 0 : 1};
  if (rows == 1) return steps;
  Shape leading = bias, all = result;
  leading.pop_back();
  all.pop_back();
  return leading == all ? std::optional(steps) : std::nullopt;
}

bool zero_points_are_0(const Quantization& q) {
  return std::all_of(q.zero_points.begin(), q.zero_points.end(), [](int32_t z) { return z == 0; });
}

// Scale of the exact products: input scale times weight scale, per tensor or for each output.
Quantization product_scales(const Quantization& a, const Quantization& weights) {
  Quantization q{{}, weights.zero_points, weights.per_axis() ? 0 : -1};
  for (float s : weights.scales) q.scales.push_back(a.scales[0] * s);
  return q;
}

// Whether a bias stored so can be added to the sums of products as it is.
bool bias_is_in_products(const TensorType& bias, const Quantization& a, const Quantization& weights) {
  if (bias.element != ElementType::int32 || !bias.quantization || !zero_points_are_0(*bias.quantization)) return false;
  const std::vector<float> wanted = product_scales(a, weights).scales;
  const std::vector<float>& scales = bias.quantization->scales;
  if (bias.quantization->per_axis() && size_t(bias.quantization->axis) + 1 != bias.shape.size()) return false;
  for (size_t i = 0; i < std::max(wanted.size(), scales.size()); ++i) {
    const float w = wanted[wanted.size() == 1 ? 0 : i], s = scales[scales.size() == 1 ? 0 : i];
    if (std::abs(s - w) > 1e-5f * w) return false;
  }
  return true;
}

}  // namespace

Gemm::Gemm(GemmAttributes attributes, bool has_bias, ClampRange clamp)
    : gemm_(attributes), has_bias_(has_bias), clamp_(clamp) {}

std::shared_ptr<const Gemm> Gemm::with_bias() const {
  GemmAttributes changed = gemm_;
  changed.beta = 1;
  return std::make_shared<Gemm>(changed, true, clamp_);
}

OpPtr Gemm::with_clamp(const ClampRange& range) const {
  return std::make_shared<Gemm>(gemm_, has_bias_, clamp_.then(range));
}

std::string Gemm::attributes() const {
  std::string text = fmt::format("transA={} transB={} alpha={} beta={}{}", int(gemm_.trans_a), int(gemm_.trans_b),
                                 gemm_.alpha, gemm_.beta, has_bias_ ? " bias" : "");
  if (!clamp_.open()) text += fmt::format(" clamp=[{},{}]", clamp_.low, clamp_.high);
  return text;
}

std::vector<TensorType> Gemm::infer(std::span<const TensorType> in, const std::string& node) const {
  ensure(in.size() == (has_bias_ ? 3u : 2u), "Gemm '" + node + "': wrong number of operands");
  const std::string where = "Gemm '" + node + "'", remedy = "Correct the model's shapes or attributes.";
  const Shape &a = in[0].shape, &b = in[1].shape;
  if (b.size() != 2 || a.empty() || (gemm_.trans_a && a.size() != 2))
    throw Error(where, fmt::format("A has {} dimensions and B {}", a.size(), b.size()), "Both must be matrices.");
  const int64_t inner = gemm_.trans_a ? a[0] : a.back();
  if (inner != inputs(in[1]))
    throw Error(where, fmt::format("a row of A has {} elements, a column of B {}", inner, inputs(in[1])), remedy);
  Shape out = result_shape(gemm_, a, outputs(in[1]));
  if (inner == 0 || element_count(out) == 0)
    throw Error(where, fmt::format("A is {} and B {}: one has 0 elements", to_string(a), to_string(b)), remedy);
  if (has_bias_ && !bias_steps(in[2].shape, out))
    throw Error(where,
                fmt::format("C is {}, the result {}: it does not broadcast", to_string(in[2].shape), to_string(out)),
                remedy);
  return {{ElementType::float32, std::move(out), {}}};
}

std::vector<RealTensor> Gemm::eval(std::span<const RealTensor> in) const {
  const RealTensor &a = in[0], &b = in[1];
  const TensorType b_type{ElementType::float32, b.shape, {}};
  const int64_t n = outputs(b_type), k = inputs(b_type);
  RealTensor out{result_shape(gemm_, a.shape, n), {}};
  const int64_t m = rows_of(out.shape, n);
  const BiasSteps steps = has_bias_ ? *bias_steps(in[2].shape, out.shape) : BiasSteps{0, 0};
  out.values.reserve(size_t(m * n));
  for (int64_t r = 0; r < m; ++r)
    for (int64_t o = 0; o < n; ++o) {
      double sum = 0;
      for (int64_t i = 0; i < k; ++i)
        sum += a.values[size_t(gemm_.trans_a ? i * m + r : r * k + i)] *
               b.values[size_t(gemm_.trans_b ? o * k + i : i * n + o)];
      double y = double(gemm_.alpha) * sum;
      if (has_bias_) y += double(gemm_.beta) * in[2].values[size_t(r * steps.row + o * steps.column)];
      out.values.push_back(y < clamp_.low ? clamp_.low : y > clamp_.high ? clamp_.high : y);
    }
  return {std::move(out)};
}

bool Gemm::integer_form(std::span<const TensorType> in, const Storage& stored_as) const {
  const TensorType &a = in[0], &b = in[1];
  if (gemm_.alpha != 1 || (has_bias_ && gemm_.beta != 1) || inputs(b) > dense_most_inputs) return false;
  for (const TensorType& t : {a, b})
    if (t.element != ElementType::int8 || !t.quantization) return false;
  const Quantization& weights = *b.quantization;
  if (a.quantization->per_axis() || !zero_points_are_0(weights)) return false;
  if (weights.per_axis() && (gemm_.trans_a || weights.axis != (gemm_.trans_b ? 0 : 1))) return false;
  const bool bias_is_row = !has_bias_ || in[2].shape.empty() || element_count(in[2].shape) == in[2].shape.back();
  if (weights.per_axis() && !bias_is_row) return false;
  if (has_bias_ && !bias_is_in_products(in[2], *a.quantization, weights)) return false;
  return stored_as.element == ElementType::int8 && !stored_as.quantization.per_axis();
}

int64_t Gemm::macs(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return element_count(out[0].shape) * inputs(in[1]);
}

void import_gemm(ImportNode& node) {
  GemmAttributes gemm;
  gemm.trans_a = node.integer("transA", 0) != 0;
  gemm.trans_b = node.integer("transB", 0) != 0;
  gemm.alpha = node.real("alpha", 1);
  gemm.beta = node.real("beta", 1);
  std::vector<Value*> operands{node.required_input(0), node.required_input(1)};
  if (node.input(2)) operands.push_back(node.input(2));
  for (const Value* v : operands)
    if (v->type.element != ElementType::float32 && !v->type.quantization)
      throw node.error(fmt::format("an operand is {}", name_of(v->type.element)), "Only float32 Gemm is supported.");
  node.finish(std::make_shared<Gemm>(gemm, operands.size() == 3), operands);
}

}  // namespace thimble::compiler
