// QLinearConv and QLinearMatMul: read as QuantizeLinear(op(DequantizeLinear(x), ...)), which the passes make an integer
// layer of again.
#include <cmath>

#include "compiler/import_node.hpp"
#include "compiler/ops/conv.hpp"
#include "compiler/ops/matmul.hpp"
#include "compiler/ops/quantize_linear.hpp"

namespace thimble::compiler {

namespace {

// Quantization of `value` from the constant operands `scale` and scale + 1; a list of scales is for the indices of
// `axis`.
Quantization quantization_of(ImportNode& node, const Value* value, size_t scale, int64_t axis) {
  const auto scales = node.constant_reals(scale, "a scale");
  const auto zero_points = node.constant_integers(scale + 1, "a zero point");
  if (!scales || scales->empty()) throw node.error(fmt::format("operand {}, a scale, is absent", scale), "Give it.");
  if (zero_points && zero_points->size() != 1 && zero_points->size() != scales->size())
    throw node.error(fmt::format("it has {} scales and {} zero points", scales->size(), zero_points->size()),
                     "Give as many of both.");
  Quantization q;
  for (size_t i = 0; i < scales->size(); ++i) {
    const double s = (*scales)[i];
    if (!(s > 0) || !std::isfinite(s))
      throw node.error(fmt::format("a scale is {}", s),
                       "Scales must be positive and finite: quantize the model again.");
    q.scales.push_back(float(s));
    const size_t z = zero_points && zero_points->size() > 1 ? i : 0;
    q.zero_points.push_back(zero_points ? int32_t((*zero_points)[z]) : 0);
  }
  if (q.scales.size() == 1) return q;
  q.axis = int(normalized_axis(axis, value->type.shape.size(), node.name()));
  const int64_t extent = value->type.shape[size_t(q.axis)];
  if (extent != int64_t(q.scales.size()))
    throw node.error(fmt::format("it has {} scales for the {} indices of axis {}", q.scales.size(), extent, q.axis),
                     "Give one scale, or one for each index.");
  return q;
}

// The real numbers that `value` stands for under `q`.
Value* dequantized(ImportNode& node, Value* value, const Quantization& q) {
  if (!is_integer(value->type.element))
    throw node.error(fmt::format("a quantized operand is {}", name_of(value->type.element)),
                     "Store it as int8 or uint8.");
  if (value->type.quantization != q)
    value = node.emit(std::make_shared<ReinterpretOp>(value->type.quantization, q), {value});
  return node.emit(std::make_shared<DequantizeLinearOp>(), {value});
}

// Output 0 is `real`, stored as the operands `scale` and scale + 1 say.
void finish_quantized(ImportNode& node, Value* real, size_t scale) {
  const Value* zero_point = node.required_input(scale + 1);
  const Quantization q = quantization_of(node, real, scale, 0);
  if (q.per_axis()) throw node.error("its result has several scales", "Quantize the result with one.");
  node.finish(std::make_shared<QuantizeLinearOp>(), {real}, Storage{zero_point->type.element, q});
}

}  // namespace

void import_qlinear_matmul(ImportNode& node) {
  Value *a = node.required_input(0), *b = node.required_input(3);
  const Shape a_shape = a->type.shape, b_shape = b->type.shape;
  a = dequantized(node, a, quantization_of(node, a, 1, -2));
  b = dequantized(node, b, quantization_of(node, b, 4, -1));
  finish_quantized(node, node.emit(product_of(a_shape, b_shape), {a, b}), 6);
}

void import_qlinear_conv(ImportNode& node) {
  Value *x = node.required_input(0), *w = node.required_input(3), *bias = node.input(8);
  const OpPtr conv = conv_of(node, x->type.shape, w->type.shape, bias != nullptr);
  const Quantization of_x = quantization_of(node, x, 1, 1), of_w = quantization_of(node, w, 4, 0);
  if (of_x.per_axis()) throw node.error("its input has several scales", "Quantize the input with one.");
  std::vector<Value*> operands{dequantized(node, x, of_x), dequantized(node, w, of_w)};
  if (bias) {  // in units of the products
    Quantization of_bias{{}, std::vector<int32_t>(of_w.scales.size(), 0), of_w.per_axis() ? 0 : -1};
    for (float s : of_w.scales) of_bias.scales.push_back(of_x.scales[0] * s);
    operands.push_back(dequantized(node, bias, of_bias));
  }
  finish_quantized(node, node.emit(conv, operands), 6);
}

}  // namespace thimble::compiler
