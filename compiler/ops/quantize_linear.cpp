// QuantizeLinear and DequantizeLinear of every opset. Their eval is the identity, for the interpreter converts between
// storages; at run time they are kernels only where no integer layer has taken them up.
#include "compiler/ops/quantize_linear.hpp"

#include <cmath>

#include "compiler/import_node.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/elementwise.hpp"
#include "compiler/ops/table.hpp"

namespace thimble::compiler {

namespace {

// Elements before the axis, along it, and behind it, in the order of memory.
struct AxisSplit {
  int64_t outer = 1, channels = 1, inner = 1;
};
AxisSplit split_at(const Shape& shape, Layout layout, int axis) {
  AxisSplit split;
  bool behind = false;
  for (int a : Lowering::physical_axes(layout, shape.size())) {
    if (a == axis) {
      split.channels = shape[size_t(a)];
      behind = true;
    } else {
      (behind ? split.inner : split.outer) *= shape[size_t(a)];
    }
  }
  return split;
}

// One layer of kernel `stem`_int8 ..., or `stem`_axis, that converts between reals and `stored`.
void lower_conversion(Lowering& lowering, const Node& node, const std::string& stem, const TensorType& stored) {
  const Quantization& q = *stored.quantization;
  if (!q.per_axis()) {
    Layer layer = elementwise_layer(lowering, node, stem + "_" + std::string(name_of(stored.element)), "quantize.hpp",
                                    "Quantize");
    layer.fields.push_back({"scale", q.scales[0]});
    layer.fields.push_back({"zero_point", int64_t(q.zero_points[0])});
    return lowering.add(std::move(layer));
  }
  const Layout layout = lowering.layout_of(node.inputs[0]);
  const AxisSplit split = split_at(stored.shape, layout, q.axis);
  Layer layer;
  layer.name = node.name;
  layer.kernel = stem + "_axis";
  layer.headers = {"quantize.hpp"};
  layer.constants_struct = "QuantizeAxis";
  const int scales = lowering.constant(
      ConstantArray::of(node.name + "_scales", fmt::format("one for each index of axis {}", q.axis), q.scales, false));
  const int zero_points = lowering.constant(ConstantArray::of(
      node.name + "_zero_points", fmt::format("one for each index of axis {}", q.axis), q.zero_points, false));
  layer.fields = {{"outer", split.outer},
                  {"channels", split.channels},
                  {"inner", split.inner},
                  {"scales", Field::Array{scales}},
                  {"zero_points", Field::Array{zero_points}}};
  layer.inputs = {{lowering.input(node.inputs[0], layout)}};
  layer.outputs = {lowering.output(node.outputs[0], layout)};
  lowering.add(std::move(layer));
}

bool is_small_integer(ElementType e) {
  return e == ElementType::int8 || e == ElementType::uint8 || e == ElementType::int16;
}

}  // namespace

std::vector<TensorType> QuantizeLinearOp::infer(std::span<const TensorType> in, const std::string&) const {
  return {{ElementType::float32, in[0].shape, {}}};
}

std::vector<RealTensor> QuantizeLinearOp::eval(std::span<const RealTensor> in) const {
  return {in[0]};
}

bool QuantizeLinearOp::integer_form(std::span<const TensorType> in, const Storage& out) const {
  return fits_table(in[0].element, in[0].quantization) && fits_table(out.element, out.quantization);
}

void QuantizeLinearOp::lower(Lowering& lowering, const Node& node) const {
  const TensorType& in = node.inputs[0]->type;
  const TensorType& out = node.outputs[0]->type;
  ensure(out.quantization.has_value(), "QuantizeLinear '" + node.name + "' has no storage");
  if (in.quantization && node.stored_as && integer_form(std::span(&in, 1), *node.stored_as))
    return lower_as_table(lowering, node, table_values([](double x) { return x; }, in, *node.stored_as));
  if (in.element != ElementType::float32 || !is_small_integer(out.element))
    throw Error(described(node), fmt::format("no kernel quantizes {} to {}", to_string(in), to_string(out)),
                "Quantize float32 to int8, uint8 or int16.");
  lower_conversion(lowering, node, "quantize", out);
}

std::vector<TensorType> DequantizeLinearOp::infer(std::span<const TensorType> in, const std::string& node) const {
  ensure(in[0].quantization.has_value(), "DequantizeLinear '" + node + "' reads " + to_string(in[0]));
  return {{ElementType::float32, in[0].shape, {}}};
}

std::vector<RealTensor> DequantizeLinearOp::eval(std::span<const RealTensor> in) const {
  return {in[0]};
}

void DequantizeLinearOp::lower(Lowering& lowering, const Node& node) const {
  const TensorType& in = node.inputs[0]->type;
  if (!is_small_integer(in.element) && in.element != ElementType::int32)
    throw Error(described(node), "no kernel dequantizes " + to_string(in), "Store int8, uint8, int16 or int32.");
  lower_conversion(lowering, node, "dequantize", in);
}

std::string ReinterpretOp::attributes() const {
  const auto text = [](const std::optional<Quantization>& q) {
    if (!q) return std::string("none");
    return fmt::format("x[{}]+[{}]@{}", fmt::join(q->scales, ","), fmt::join(q->zero_points, ","), q->axis);
  };
  return "from=" + text(from_) + " to=" + text(to_);
}

std::vector<TensorType> ReinterpretOp::infer(std::span<const TensorType> in, const std::string& node) const {
  ensure(in[0].quantization == from_, "Reinterpret '" + node + "' is made for another type than " + to_string(in[0]));
  return {{in[0].element, in[0].shape, to_}};
}

std::vector<RealTensor> ReinterpretOp::eval(std::span<const RealTensor> in) const {
  // Any integer type holds the stored numbers: int32 has room for each that a quantized tensor can have.
  const Tensor stored = from_real(in[0], {ElementType::int32, in[0].shape, from_});
  return {to_real({{ElementType::int32, in[0].shape, to_}, stored.bytes})};
}

void ReinterpretOp::lower(Lowering& lowering, const Node& node) const {
  const Layout layout = lowering.layout_of(node.inputs[0]);
  lowering.alias(node.outputs[0], lowering.input(node.inputs[0], layout), layout);
}

namespace {

// Refuses what newer opsets add and integers have no use for.
void check_attributes(ImportNode& n) {
  if (const int64_t block = n.integer("block_size", 0); block != 0)
    throw n.error(fmt::format("it quantizes in blocks of {}", block), "Quantize per tensor or per axis.");
  if (n.integer("saturate", 1) == 0)
    throw n.error("saturate is 0, which is for 8-bit floats", "Quantize to int8 or uint8.");
  const int64_t precision = n.integer("precision", 0);
  if (precision > 1)
    throw n.error(fmt::format("it asks for precision {} (ONNX's number of the type), we compute in float32", precision),
                  "Remove the attribute.");
}

// Scales and zero points (operands 1 and 2), both constant, checked; axis resolved against the rank of operand 0.
Quantization parameters(ImportNode& n) {
  const auto scales = n.constant_reals(1, "the scale");
  if (!scales || scales->empty()) throw n.error("it has no scale", "Give one scale, or one for each index of an axis.");
  const Shape& scale_shape = n.required_input(1)->type.shape;
  if (scale_shape.size() > 1)
    throw n.error(fmt::format("its scale has shape {}", to_string(scale_shape)), "Quantize per tensor or per axis.");
  Quantization q;
  for (double s : *scales) {
    if (!(s > 0) || !std::isfinite(s))
      throw n.error(fmt::format("a scale is {}", s), "Scales must be positive and finite: quantize the model again.");
    q.scales.push_back(float(s));
  }
  const auto zero_points = n.constant_integers(2, "the zero point");
  if (zero_points && zero_points->size() != scales->size())
    throw n.error(fmt::format("it has {} scales and {} zero points", scales->size(), zero_points->size()),
                  "Give as many of both.");
  for (size_t i = 0; i < scales->size(); ++i) q.zero_points.push_back(zero_points ? int32_t((*zero_points)[i]) : 0);
  const int64_t axis = n.integer("axis", 1);
  if (scales->size() == 1) return q;
  const Shape& shape = n.required_input(0)->type.shape;
  q.axis = int(normalized_axis(axis, shape.size(), n.name()));
  if (shape[size_t(q.axis)] != int64_t(scales->size()))
    throw n.error(fmt::format("it has {} scales for axis {} of {}", scales->size(), q.axis, to_string(shape)),
                  "Give one scale for each index of the axis.");
  return q;
}

// The element type that QuantizeLinear stores: the zero point's, or output_dtype's, or uint8.
ElementType stored_element(ImportNode& n) {
  const int64_t asked = n.integer("output_dtype", 0);
  if (n.input(2)) {
    const ElementType e = n.input(2)->type.element;
    if (!is_small_integer(e))
      throw n.error(fmt::format("it quantizes to {}", name_of(e)), "Quantize to int8, uint8 or int16.");
    return e;
  }
  switch (asked) {  // ONNX's numbers of types
    case 0:
    case 2:
      return ElementType::uint8;
    case 3:
      return ElementType::int8;
    case 5:
      return ElementType::int16;
    default:
      throw n.error(fmt::format("its output_dtype is {} (ONNX's number of the type)", asked),
                    "Quantize to int8 (3), uint8 (2) or int16 (5).");
  }
}

}  // namespace

std::optional<Quantization> declared_quantization(ImportNode& n) {
  if (!n.input(0) || !n.input(1) || !n.input(1)->is_constant() || (n.input(2) && !n.input(2)->is_constant())) return {};
  return parameters(n);
}

void import_quantize_linear(ImportNode& n) {
  check_attributes(n);
  Value* x = n.required_input(0);
  if (x->type.element != ElementType::float32)
    throw n.error(fmt::format("it quantizes {}", name_of(x->type.element)), "Quantize float32 values.");
  const Storage storage{stored_element(n), parameters(n)};
  n.finish(std::make_shared<QuantizeLinearOp>(), {x}, storage);
}

void import_dequantize_linear(ImportNode& n) {
  check_attributes(n);
  if (const int64_t asked = n.integer("output_dtype", 0); asked > 1)
    throw n.error(fmt::format("its output_dtype is {} (ONNX's number of the type)", asked),
                  "Dequantize to float32 (1).");
  Value* x = n.required_input(0);
  if (!is_integer(x->type.element))
    throw n.error(fmt::format("it dequantizes {}", name_of(x->type.element)), "Store integers.");
  const Quantization q = parameters(n);
  if (x->type.quantization != q) x = n.emit(std::make_shared<ReinterpretOp>(x->type.quantization, q), {x});
  n.finish(std::make_shared<DequantizeLinearOp>(), {x});
}

}  // namespace thimble::compiler
