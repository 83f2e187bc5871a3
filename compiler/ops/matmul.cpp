// How MatMul is read from ONNX, its shape rule and its meaning, and the layer of a general product.
#include "compiler/ops/matmul.hpp"

#include <algorithm>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"
#include "compiler/ops/gemm.hpp"
#include "compiler/requantize.hpp"

namespace thimble::compiler {

namespace {

// A as [batch..., rows, inner] and B as [batch..., inner, columns]: a vector is a row of A, or a column of B.
struct Operands {
  Shape a_batch, b_batch, batch;
  int64_t rows, inner, columns;
};

Operands operands_of(Shape a, Shape b, const std::string& where) {
  if (a.empty() || b.empty())
    throw Error(where, fmt::format("A has {} dimensions and B {}", a.size(), b.size()), "Each needs at least 1.");
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  Operands o{{a.begin(), a.end() - 2}, {b.begin(), b.end() - 2}, {}, a[a.size() - 2], a.back(), b.back()};
  if (o.inner != b[b.size() - 2])
    throw Error(where, fmt::format("a row of A has {} elements, a column of B {}", o.inner, b[b.size() - 2]),
                "Correct the model's shapes.");
  o.batch = broadcast_shape(o.a_batch, o.b_batch, where);
  if (element_count(o.batch) * o.rows * o.inner * o.columns == 0)
    throw Error(where, fmt::format("A is {} and B {}: one has 0 elements", to_string(a), to_string(b)),
                "Correct the model's shapes.");
  return o;
}

// Matrices that an operand moves on for a step along axis `axis` of the whole batch: 0 where it is broadcast.
int64_t batch_step(const Shape& own, const Shape& batch, size_t axis) {
  const size_t missing = batch.size() - own.size();
  if (axis < missing || own[axis - missing] == 1) return 0;
  int64_t step = 1;
  for (size_t i = axis - missing + 1; i < own.size(); ++i) step *= own[i];
  return step;
}

// The batch's axes with steps in elements; axes of one step are left out.
std::vector<Product::BatchAxis> batch_axes(const Operands& o) {
  std::vector<Product::BatchAxis> axes;
  for (size_t i = 0; i < o.batch.size(); ++i)
    if (o.batch[i] != 1)
      axes.push_back({o.batch[i], batch_step(o.a_batch, o.batch, i) * o.rows * o.inner,
                      batch_step(o.b_batch, o.batch, i) * o.inner * o.columns});
  return axes;
}

// Offsets of A and B for batch number n.
std::pair<int64_t, int64_t> batch_offsets(const std::vector<Product::BatchAxis>& axes, int64_t n) {
  int64_t a = 0, b = 0;
  for (size_t i = axes.size(); i-- > 0; n /= axes[i].extent) {
    a += n % axes[i].extent * axes[i].a_step;
    b += n % axes[i].extent * axes[i].b_step;
  }
  return {a, b};
}

std::vector<Field> shape_fields(const Product& p) {
  return {{"rows", p.rows},
          {"inner", p.inner},
          {"columns", p.columns},
          {"a_row", p.a_row},
          {"a_inner", p.a_inner},
          {"b_inner", p.b_inner},
          {"b_column", p.b_column},
          {"bias_row", p.bias_row},
          {"bias_column", p.bias_column},
          {"batch_axes", int64_t(p.batch.size())}};
}

Field batch_field(Lowering& lowering, const Node& node, const Product& p) {
  if (p.batch.empty()) return {"batch", Field::Null{}};
  std::vector<int32_t> steps;
  for (const auto& axis : p.batch)
    for (int64_t v : {axis.extent, axis.a_step, axis.b_step}) steps.push_back(int32_t(v));
  Tensor t = Tensor::of<int32_t>({int64_t(steps.size())}, steps);
  return {"batch", Field::Array{lowering.constant({node.name + "_batch", "extent, step in A, step in B",
                                                   ElementType::int32, std::move(t.bytes), false})}};
}

// Field `name` for operand i: the constant's array, or null after listing the activation among the layer's inputs.
Field operand_field(Lowering& lowering, const Node& node, size_t i, const std::string& name, Layer& layer) {
  const Value* v = node.inputs[i];
  if (!v->is_constant()) {
    layer.inputs.push_back({lowering.input(v, Layout::flat)});
    return {name, Field::Null{}};
  }
  return {name, Field::Array{lowering.constant(
                    {node.name + "_" + name, to_string(v->type.shape), v->type.element, v->constant->bytes, true})}};
}

void add_integer_fields(Lowering& lowering, const Node& node, const Product& p, Layer& layer) {
  const std::string where = std::string(node.op->name()) + " '" + node.name + "'";
  const TensorType& y = node.outputs[0]->type;
  const Quantization &qa = *node.inputs[0]->type.quantization, &qb = *node.inputs[1]->type.quantization;
  int64_t largest_bias = 0;
  for (const auto& [name, zero] : {std::pair("a_zero", qa.zero_points[0]), std::pair("b_zero", qb.zero_points[0])})
    layer.fields.push_back({name, int64_t(zero)});
  if (p.has_bias) {
    const Value* bias = node.inputs[2];
    if (!bias->is_constant())
      throw Error(where, "its integer bias is no constant", "Make it a constant, or leave this product in float.");
    for (int64_t i = 0; i < element_count(bias->type.shape); ++i)
      largest_bias = std::max<int64_t>(largest_bias, std::llabs(bias->constant->integer(i)));
    layer.fields.push_back(operand_field(lowering, node, 2, "bias", layer));
  } else {
    layer.fields.push_back({"bias", Field::Null{}});
  }
  const int64_t a = 128 + std::abs(qa.zero_points[0]), b = 128 + std::abs(qb.zero_points[0]);
  const ChannelRange all{qa.scales[0] * qb.scales[0] / y.quantization->scales[0], -(p.inner * a * b + largest_bias),
                         p.inner * a * b + largest_bias};
  const StoredRange range = stored_range({y.element, *y.quantization}, p.clamp);
  const ChosenOutputStage chosen =
      choose_output_stage({&all, 1}, y.quantization->zero_points[0], range.low, range.high, where);
  layer.fields.push_back({"multiplier", int64_t(chosen.multipliers[0])});
  add_output_stage(chosen, layer);
}

void add_real_fields(Lowering& lowering, const Node& node, const Product& p, Layer& layer) {
  layer.fields.push_back({"has_bias", int64_t(p.has_bias)});
  layer.fields.push_back(p.has_bias ? operand_field(lowering, node, 2, "bias", layer) : Field{"bias", Field::Null{}});
  layer.fields.push_back({"alpha", p.alpha});
  layer.fields.push_back({"beta", p.beta});
  layer.fields.push_back({"low", float(p.clamp.low)});
  layer.fields.push_back({"high", float(p.clamp.high)});
}

}  // namespace

void lower_product(Lowering& lowering, const Node& node, const Product& p) {
  const bool integer = node.outputs[0]->type.quantization.has_value();
  Layer layer;
  layer.name = node.name;
  layer.kernel = integer ? "matmul" : "matmul_f32";
  layer.headers = {"matmul.hpp"};
  layer.constants_struct = integer ? "MatMul" : "MatMulF32";
  layer.shape_struct = "MatMulShape";
  layer.shape = shape_fields(p);
  layer.fields.push_back(batch_field(lowering, node, p));
  layer.fields.push_back(operand_field(lowering, node, 0, "a", layer));
  layer.fields.push_back(operand_field(lowering, node, 1, "b", layer));
  if (integer)
    add_integer_fields(lowering, node, p, layer);
  else
    add_real_fields(lowering, node, p, layer);
  layer.outputs = {lowering.output(node.outputs[0], Layout::flat)};
  layer.macs = p.rows * p.inner * p.columns;
  for (const auto& axis : p.batch) layer.macs *= axis.extent;
  lowering.add(std::move(layer));
}

std::string MatMul::attributes() const {
  return clamp_.open() ? "" : fmt::format("clamp=[{},{}]", clamp_.low, clamp_.high);
}

OpPtr MatMul::with_clamp(const ClampRange& range) const {
  return std::make_shared<MatMul>(clamp_.then(range));
}

std::vector<TensorType> MatMul::infer(std::span<const TensorType> in, const std::string& node) const {
  ensure(in.size() == 2, "MatMul '" + node + "': wrong number of operands");
  const Operands o = operands_of(in[0].shape, in[1].shape, "MatMul '" + node + "'");
  Shape out = o.batch;
  if (in[0].shape.size() > 1) out.push_back(o.rows);
  if (in[1].shape.size() > 1) out.push_back(o.columns);
  return {{ElementType::float32, std::move(out), {}}};
}

std::vector<RealTensor> MatMul::eval(std::span<const RealTensor> in) const {
  const Operands o = operands_of(in[0].shape, in[1].shape, "eval");
  const std::vector<Product::BatchAxis> axes = batch_axes(o);
  const std::vector<TensorType> types{{ElementType::float32, in[0].shape, {}}, {ElementType::float32, in[1].shape, {}}};
  RealTensor out{infer(types, "eval")[0].shape, {}};
  for (int64_t n = 0; n < element_count(o.batch); ++n) {
    const auto [a, b] = batch_offsets(axes, n);
    for (int64_t r = 0; r < o.rows; ++r)
      for (int64_t c = 0; c < o.columns; ++c) {
        double sum = 0;
        for (int64_t k = 0; k < o.inner; ++k)
          sum += in[0].values[size_t(a + r * o.inner + k)] * in[1].values[size_t(b + k * o.columns + c)];
        out.values.push_back(sum < clamp_.low ? clamp_.low : sum > clamp_.high ? clamp_.high : sum);
      }
  }
  return {std::move(out)};
}

void MatMul::lower(Lowering& lowering, const Node& node) const {
  const Operands o = operands_of(node.inputs[0]->type.shape, node.inputs[1]->type.shape, "MatMul '" + node.name + "'");
  Product p;
  p.rows = o.rows;
  p.inner = o.inner;
  p.columns = o.columns;
  p.a_row = o.inner;
  p.a_inner = 1;
  p.b_inner = o.columns;
  p.b_column = 1;
  p.batch = batch_axes(o);
  p.clamp = clamp_;
  lower_product(lowering, node, p);
}

bool MatMul::integer_form(std::span<const TensorType> in, const Storage& stored_as) const {
  for (const TensorType& t : {in[0], in[1]})
    if (t.element != ElementType::int8 || !t.quantization || t.quantization->per_axis()) return false;
  const int64_t inner = in[0].shape.back();
  return inner <= 32767 && stored_as.element == ElementType::int8 && !stored_as.quantization.per_axis();
}

int64_t MatMul::macs(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return element_count(out[0].shape) * in[0].shape.back();
}

OpPtr product_of(const Shape& a, const Shape& b) {
  if (b.size() == 2 && !a.empty()) return std::make_shared<Gemm>(GemmAttributes{}, false);
  return std::make_shared<MatMul>();
}

void import_matmul(ImportNode& node) {
  Value *a = node.required_input(0), *b = node.required_input(1);
  for (const Value* v : {a, b})
    if (v->type.element != ElementType::float32 && !v->type.quantization)
      throw node.error(fmt::format("an operand is {}", name_of(v->type.element)), "Only float32 MatMul is supported.");
  node.finish(product_of(a->type.shape, b->type.shape), {a, b});
}

}  // namespace thimble::compiler
