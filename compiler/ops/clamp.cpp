// Relu and Clip: what is left of them when no other layer has taken the range over.
#include "compiler/ops/clamp.hpp"

#include <algorithm>

#include "compiler/import_node.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/table.hpp"

namespace thimble::compiler {

std::string ClampOp::attributes() const {
  return fmt::format("[{},{}]", range_.low, range_.high);
}

std::vector<TensorType> ClampOp::infer(std::span<const TensorType> in, const std::string& node) const {
  if (in[0].element == ElementType::boolean)
    throw Error(described(*this, node), "its operand is " + to_string(in[0]), "It clips numbers.");
  return {{in[0].quantization ? ElementType::float32 : in[0].element, in[0].shape, {}}};
}

std::vector<RealTensor> ClampOp::eval(std::span<const RealTensor> in) const {
  RealTensor out = in[0];
  for (double& v : out.values) v = std::clamp(v, range_.low, range_.high);
  return {out};
}

OpPtr ClampOp::with_clamp(const ClampRange& range) const {
  return std::make_shared<ClampOp>(range_.then(range));
}

bool ClampOp::integer_form(std::span<const TensorType> in, const Storage& out) const {
  return fits_table(in[0].element, in[0].quantization) && fits_table(out.element, out.quantization);
}

void ClampOp::lower(Lowering& lowering, const Node& node) const {
  const TensorType& in = node.inputs[0]->type;
  if (node.stored_as && integer_form(std::span(&in, 1), *node.stored_as)) {
    const auto clip = [&](double x) { return std::clamp(x, range_.low, range_.high); };
    return lower_as_table(lowering, node, table_values(clip, in, *node.stored_as));
  }
  if (in.element != ElementType::float32)
    throw Error(described(node), "no kernel clips " + to_string(in),
                "It clips float32, and int8 or uint8 with one scale.");
  Layer layer = elementwise_layer(lowering, node, "clamp_float", "unary_float.hpp", "Clamp");
  layer.fields.push_back({"low", float(range_.low)});
  layer.fields.push_back({"high", float(range_.high)});
  lowering.add(std::move(layer));
}

void import_relu(ImportNode& n) {
  n.finish(std::make_shared<ClampOp>(ClampRange{0}), {n.required_input(0)});
}

// Bounds are attributes up to opset 10 and operands from 11 on. Where they cross, ONNX's result is the upper one.
void import_clip(ImportNode& n) {
  ClampRange range;
  if (n.has("min")) range.low = double(n.real("min", 0));
  if (n.has("max")) range.high = double(n.real("max", 0));
  const auto bound = [&](size_t i, const std::string& what, double& to) {
    const auto values = n.constant_reals(i, what);
    if (!values) return;
    if (values->size() != 1) throw n.error(fmt::format("{} has {} elements", what, values->size()), "Give one number.");
    to = values->front();
  };
  bound(1, "the lower bound", range.low);
  bound(2, "the upper bound", range.high);
  range.low = std::min(range.low, range.high);
  n.finish(std::make_shared<ClampOp>(range), {n.required_input(0)});
}

}  // namespace thimble::compiler
