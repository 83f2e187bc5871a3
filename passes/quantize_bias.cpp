// QuantizeLinear(Conv(DequantizeLinear(x), DequantizeLinear(w), b)) -> the same with DequantizeLinear(b'), Gemm alike
// b is a float32 constant, or one quantized in other units; b' is int32 in units of input scale * weight scale, which
// the integer layer adds to its sums. Not exact: off by half a unit at most.
#include <algorithm>
#include <cmath>

#include "passes/layer_parts.hpp"
#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

bool zero_points_are_0(const Quantization& q) {
  return std::all_of(q.zero_points.begin(), q.zero_points.end(), [](int32_t z) { return z == 0; });
}

// The unit of the integer layer's sums for each output channel, as float32 computes it; nullopt where operands 0 and 1
// are not what such a layer reads.
std::optional<std::vector<float>> units_of_sums(const Node& layer, const LayerParts& parts) {
  const Value *x = quantized_source(layer.inputs[0]), *w = quantized_source(layer.inputs[1]);
  if (!x || !w || x->type.quantization->per_axis() || !zero_points_are_0(*w->type.quantization)) return {};
  const Quantization& q = *w->type.quantization;
  if (q.per_axis() && q.axis != int(parts.weight_axis)) return {};
  std::vector<float> all;
  for (int64_t c = 0; c < parts.channels; ++c)
    all.push_back(x->type.quantization->scales[0] * q.scales[q.per_axis() ? size_t(c) : 0]);
  return all;
}

// Whether the bias is int32 in these units already.
bool is_in(const std::vector<float>& units, const Value* bias) {
  const Value* source = quantized_source(bias);
  if (!source || source->type.element != ElementType::int32) return false;
  const Quantization& q = *source->type.quantization;
  for (size_t c = 0; c < units.size(); ++c)
    if (std::abs(q.scales[q.per_axis() ? c : 0] / units[c] - 1.0f) > 1e-6f) return false;
  return zero_points_are_0(q);
}

// b' dequantized, in front of `layer`; null when it does not fit int32.
Value* integer_bias(Graph& graph, Node& layer, const std::vector<double>& bias, const std::vector<float>& units) {
  std::vector<int32_t> stored;
  for (size_t c = 0; c < bias.size(); ++c) {
    const double q = std::nearbyint(bias[c] / double(units[c]));
    if (std::abs(q) > 2147483647.0) return nullptr;
    stored.push_back(int32_t(q));
  }
  const Quantization q{units, std::vector<int32_t>(units.size(), 0), 0};
  const std::string name = graph.unique_name(layer.name + "_bias");
  Value* made = graph.add_constant(name, Tensor::of<int32_t>({int64_t(units.size())}, stored, q));
  // The weights are dequantized by a node of the op that is needed here too.
  const OpPtr dequantize = layer.inputs[1]->producer->op;
  return graph.insert_before(&layer, {dequantize, {made}, name, {graph.unique_name(name + "_real")}})->outputs[0];
}

}  // namespace

void quantize_bias(Graph& graph, ReportLines&) {
  for (Node* layer : graph.nodes()) {
    const auto parts = layer_parts(*layer);
    if (!parts || layer->inputs.size() < 3 || layer->stored_as) continue;
    const Node* reader = sole_reader(graph, layer->outputs[0]);
    const auto units = units_of_sums(*layer, *parts);
    if (!reader || !quantizes(*reader) || !units || is_in(*units, layer->inputs[2])) continue;
    if (Value* bias = integer_bias(graph, *layer, parts->bias, *units)) graph.set_input(layer, 2, bias);
  }
}

}  // namespace thimble::compiler
