// BatchNormalization: import of every opset's inference form, meaning, and the layer of one that no other took in.
#include "compiler/ops/batch_normalization.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"

namespace thimble::compiler {

namespace {

constexpr const char* roles[] = {"x", "scale", "bias", "mean", "variance"};

int64_t elements_behind_channels(const Shape& shape) {
  return element_count(Shape(shape.begin() + 2, shape.end()));
}

Field::Array float_constant(Lowering& lowering, const std::string& name, const std::vector<double>& values) {
  std::vector<float> stored(values.begin(), values.end());
  ConstantArray c{name, fmt::format("[{}]", values.size()), ElementType::float32,
                  std::vector<std::byte>(stored.size() * sizeof(float))};
  std::memcpy(c.bytes.data(), stored.data(), c.bytes.size());
  return {lowering.constant(std::move(c))};
}

}  // namespace

BatchNormalization::ScaleShift BatchNormalization::scale_shift(std::span<const RealTensor> statistics) const {
  ScaleShift s;
  for (size_t c = 0; c < statistics[0].values.size(); ++c) {
    s.scale.push_back(statistics[0].values[c] / std::sqrt(statistics[3].values[c] + epsilon_));
    s.shift.push_back(statistics[1].values[c] - statistics[2].values[c] * s.scale.back());
  }
  return s;
}

std::string BatchNormalization::attributes() const {
  std::string text = fmt::format("epsilon={}", epsilon_);
  if (!clamp_.open()) text += fmt::format(" clamp=[{},{}]", clamp_.low, clamp_.high);
  return text;
}

OpPtr BatchNormalization::with_clamp(const ClampRange& range) const {
  return std::make_shared<BatchNormalization>(epsilon_, clamp_.then(range));
}

std::vector<TensorType> BatchNormalization::infer(std::span<const TensorType> in, const std::string& node) const {
  const std::string where = "BatchNormalization '" + node + "'";
  ensure(in.size() == 5, where + ": wrong number of operands");
  if (in[0].shape.size() < 2)
    throw Error(where, fmt::format("x has {} dimensions, at least 2 are needed", in[0].shape.size()),
                "Axis 1 holds the channels.");
  for (size_t i = 1; i < 5; ++i)
    if (in[i].shape != Shape{in[0].shape[1]})
      throw Error(where, fmt::format("{} is {}, x has {} channels", roles[i], to_string(in[i].shape), in[0].shape[1]),
                  "Give one number for each channel.");
  return {{ElementType::float32, in[0].shape, {}}};
}

std::vector<RealTensor> BatchNormalization::eval(std::span<const RealTensor> in) const {
  RealTensor out = in[0];
  const ScaleShift s = scale_shift(in.subspan(1));
  const int64_t inner = elements_behind_channels(out.shape), channels = out.shape[1];
  for (size_t i = 0; i < out.values.size(); ++i) {
    const size_t c = size_t(int64_t(i) / inner % channels);
    out.values[i] = std::clamp(out.values[i] * s.scale[c] + s.shift[c], clamp_.low, clamp_.high);
  }
  return {std::move(out)};
}

void BatchNormalization::lower(Lowering& lowering, const Node& node) const {
  const std::string where = "BatchNormalization '" + node.name + "'";
  const Value *x = node.inputs[0], *y = node.outputs[0];
  if (x->type.element != ElementType::float32 || y->type.element != ElementType::float32)
    throw Error(where, "no kernel takes " + to_string(x->type) + " to " + to_string(y->type),
                "Quantize the layer before it together with this one, so that they become one.");
  std::vector<RealTensor> statistics;
  for (size_t i = 1; i < 5; ++i) {
    if (!node.inputs[i]->is_constant())
      throw Error(where, fmt::format("its {} '{}' is computed at run time", roles[i], node.inputs[i]->name),
                  "Only constant statistics are supported.");
    statistics.push_back(to_real(*node.inputs[i]->constant));
  }
  const ScaleShift s = scale_shift(statistics);
  const Layout layout = lowering.layout_of(x);
  Layer layer;
  layer.name = node.name;
  layer.kernel = "scale_shift";
  layer.headers = {"scale_shift.hpp"};
  layer.constants_struct = "ScaleShift";
  layer.inputs = {{lowering.one_row(lowering.input(x, layout)), Overwrite::same_place}};
  layer.outputs = {lowering.one_row(lowering.output(y, layout))};
  layer.band = BandContract{};
  const Buffer& out = lowering.program().buffers[size_t(layer.outputs[0])];
  const int64_t channels = x->type.shape[1];
  const int64_t inner = layout == Layout::nhwc ? 1 : elements_behind_channels(x->type.shape);
  layer.fields = {{"groups", out.row_bytes / int64_t(sizeof(float)) / (channels * inner)},
                  {"channels", channels},
                  {"inner", inner},
                  {"scale", float_constant(lowering, node.name + "_scale", s.scale)},
                  {"shift", float_constant(lowering, node.name + "_shift", s.shift)},
                  {"low", float(clamp_.low)},
                  {"high", float(clamp_.high)}};
  lowering.add(std::move(layer));
}

// Opsets 1 to 13 tell training by is_test or by asking for the statistics, later ones by training_mode.
void import_batch_normalization(ImportNode& node) {
  const std::string remedy = "Export the model for inference.";
  const float epsilon = node.real("epsilon", 1e-5f);
  node.real("momentum", 0.9f);  // of the running statistics: inference has none
  if (node.integer("training_mode", 0) != 0) throw node.error("training_mode is 1: training is not supported", remedy);
  if (node.opset() < 7) {
    node.integers("consumed_inputs", {});
    if (node.integer("is_test", 0) == 0) throw node.error("is_test is 0: training is not supported", remedy);
  }
  if (node.integer("spatial", 1) == 0)
    throw node.error("spatial is 0: statistics for each position are not supported",
                     "Give one number for each channel.");
  for (size_t i = 1; i < node.output_count(); ++i)
    if (node.output_used(i))
      throw node.error(fmt::format("output {} gives statistics: training is not supported", i), remedy);
  std::vector<Value*> operands;
  for (size_t i = 0; i < 5; ++i) operands.push_back(node.required_input(i));
  node.finish(std::make_shared<BatchNormalization>(double(epsilon)), std::move(operands));
}

}  // namespace thimble::compiler
