// Biases in units of input scale * weight scale.
#include "passes/integer_bias.hpp"

#include <algorithm>
#include <cmath>

#include "passes/layer_parts.hpp"
#include "passes/quantized_edges.hpp"

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

// Whether the constant is int32 in these units.
bool is_in(const std::vector<float>& units, const Value* source) {
  if (!source || !source->is_constant() || source->type.element != ElementType::int32) return false;
  const Quantization& q = *source->type.quantization;
  for (size_t c = 0; c < units.size(); ++c)
    if (std::abs(q.scales[q.per_axis() ? c : 0] / units[c] - 1.0f) > 1e-6f) return false;
  return zero_points_are_0(q);
}

}  // namespace

Value* integer_bias(Graph& graph, const Node& layer) {
  const auto parts = layer_parts(layer);
  if (!parts || layer.inputs.size() < 3) return nullptr;
  const auto units = units_of_sums(layer, *parts);
  if (!units) return nullptr;
  Value* source = quantized_source(layer.inputs[2]);
  if (is_in(*units, source)) return source;
  std::vector<int32_t> stored;
  for (size_t c = 0; c < units->size(); ++c) {
    const double q = std::nearbyint(parts->bias[c] / double((*units)[c]));
    if (std::abs(q) > 2147483647.0) return nullptr;
    stored.push_back(int32_t(q));
  }
  const Quantization q{*units, std::vector<int32_t>(units->size(), 0), 0};
  return graph.add_constant(graph.unique_name(layer.name + "_bias"),
                            Tensor::of<int32_t>({int64_t(units->size())}, stored, q));
}

}  // namespace thimble::compiler
