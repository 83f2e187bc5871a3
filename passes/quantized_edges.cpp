// Recognises nodes that only change how numbers are stored.
#include "passes/quantized_edges.hpp"

namespace thimble::compiler {

namespace {
bool is_identity(const Node& n) {
  return n.op->is_identity() && n.inputs.size() == 1 && n.outputs.size() == 1;
}
}  // namespace

bool is_quantized(const TensorType& t) {
  return t.quantization.has_value() && is_integer(t.element);
}

bool is_real(const TensorType& t) {
  return t.element == ElementType::float32;
}

bool quantizes(const Node& n) {
  return is_identity(n) && is_real(n.inputs[0]->type) && is_quantized(n.outputs[0]->type);
}

bool dequantizes(const Node& n) {
  return is_identity(n) && is_quantized(n.inputs[0]->type) && is_real(n.outputs[0]->type);
}

bool requantizes(const Node& n) {
  return is_identity(n) && is_quantized(n.inputs[0]->type) && is_quantized(n.outputs[0]->type);
}

Storage storage_of(const TensorType& t) {
  return {t.element, *t.quantization};
}

Value* quantized_source(const Value* value) {
  return value->producer && dequantizes(*value->producer) ? value->producer->inputs[0] : nullptr;
}

ClampRange representable(const TensorType& t) {
  const Quantization& q = *t.quantization;
  const auto real = [&](double stored) { return (stored - q.zero_points[0]) * double(q.scales[0]); };
  return {real(lowest(t.element)), real(highest(t.element))};
}

}  // namespace thimble::compiler
