// affine(Conv(x, w, b)) -> Conv(x, w', b'), and Gemm alike
// affine is a * y + c for each output channel: BatchNormalization, Add, Sub, Mul, Div with constants. With float32
// weights w' = a * w, b' = a * b + c; with dequantized ones only where a is 1. b' is float32: quantize_bias comes
// later. The layer does not clip its result, and the affine node alone reads it. Not exact: weights and bias are
// rounded anew.
#include <algorithm>
#include <cmath>

#include "passes/layer_parts.hpp"
#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

// What the node makes of operand `index` when that is `x` everywhere: a number for each channel; nullopt when another
// operand is not known, or has extents besides the channels'.
std::optional<std::vector<double>> probe(const Node& n, size_t index, size_t channel_axis, double x) {
  const Shape& shape = n.inputs[index]->type.shape;
  Shape thin(shape.size(), 1);
  thin[channel_axis] = shape[channel_axis];
  std::vector<RealTensor> operands;
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    auto known =
        i == index ? RealTensor{thin, std::vector<double>(size_t(element_count(thin)), x)} : known_numbers(n.inputs[i]);
    if (!known) return {};
    operands.push_back(std::move(*known));
  }
  const RealTensor result = n.op->eval(operands)[0];
  if (result.shape != thin) return {};
  return result.values;
}

struct Affine {
  std::vector<double> scale, offset;  // for each channel
};

std::optional<Affine> affine_of(const Node& n, size_t index, size_t channel_axis) {
  const auto at_0 = probe(n, index, channel_axis, 0), at_1 = probe(n, index, channel_axis, 1);
  if (!at_0 || !at_1) return {};
  Affine affine{{}, *at_0};
  for (size_t c = 0; c < at_0->size(); ++c) {
    const double a = (*at_1)[c] - (*at_0)[c];
    affine.scale.push_back(std::abs(a - 1) < 1e-12 ? 1 : a);  // 1 + c - c is not quite 1
  }
  return affine;
}

// The weights times their output channel's factor; null when they are no float32 constant and a factor is not 1.
Value* scaled_weights(Graph& graph, const Node& layer, const LayerParts& parts, const std::vector<double>& scale) {
  Value* w = layer.inputs[1];
  if (std::all_of(scale.begin(), scale.end(), [](double a) { return a == 1; })) return w;
  if (!w->is_constant() || !is_real(w->type)) return nullptr;
  int64_t inner = 1;
  for (size_t i = parts.weight_axis + 1; i < w->type.shape.size(); ++i) inner *= w->type.shape[i];
  const auto old = w->constant->as<float>();
  std::vector<float> scaled;
  for (size_t i = 0; i < old.size(); ++i)
    scaled.push_back(float(double(old[i]) * scale[size_t(int64_t(i) / inner % parts.channels)]));
  return graph.add_constant(graph.unique_name(w->name), Tensor::of<float>(w->type.shape, scaled));
}

bool fold(Graph& graph, Node& node, size_t index) {
  if (!node.op->affine_in(index) || !is_real(node.outputs[0]->type)) return false;
  if (!(node.inputs[index]->type == node.outputs[0]->type)) return false;
  const Node* layer = sole_producer(graph, node.inputs[index]);
  if (!layer) return false;
  const auto parts = layer_parts(*layer);
  if (!parts || !parts->clamp.open()) return false;
  const auto affine = affine_of(node, index, parts->result_axis);
  if (!affine) return false;
  Value* weights = scaled_weights(graph, *layer, *parts, affine->scale);
  if (!weights) return false;
  std::vector<float> numbers;
  for (size_t c = 0; c < parts->bias.size(); ++c)
    numbers.push_back(float(affine->scale[c] * parts->bias[c] + affine->offset[c]));
  Value* bias =
      graph.add_constant(graph.unique_name(layer->name + "_bias"), Tensor::of<float>({parts->channels}, numbers));
  replace_by_node(graph, node.outputs[0], parts->op_with_bias, {layer->inputs[0], weights, bias});
  return true;
}

}  // namespace

void fold_affine(Graph& graph, ReportLines&) {
  for (Node* node : graph.nodes())
    for (size_t i = 0; node->outputs.size() == 1 && i < node->inputs.size(); ++i)
      if (fold(graph, *node, i)) break;
}

}  // namespace thimble::compiler
