// Reads Conv and Gemm nodes as sums over channels, and makes them again with fewer.
#include "passes/summing_layer.hpp"

#include <algorithm>
#include <set>

#include "compiler/error.hpp"
#include "compiler/ops/conv.hpp"
#include "compiler/ops/gemm.hpp"
#include "compiler/requantize.hpp"
#include "passes/quantized_edges.hpp"

namespace thimble::compiler {

namespace {

// Int8 operands (weights and bias constant, with zero point 0), an int32 bias, an int8 result.
bool is_integer_layer(const Node& n) {
  const auto stored_as = [](const Value* v, ElementType element) {
    return v->type.element == element && is_quantized(v->type);
  };
  if (n.inputs.size() < 2 || !stored_as(n.inputs[0], ElementType::int8) || !stored_as(n.inputs[1], ElementType::int8) ||
      !stored_as(n.outputs[0], ElementType::int8))
    return false;
  for (size_t i = 1; i < n.inputs.size(); ++i) {
    if (!n.inputs[i]->is_constant() || !is_quantized(n.inputs[i]->type)) return false;
    const auto& zeros = n.inputs[i]->type.quantization->zero_points;
    if (std::any_of(zeros.begin(), zeros.end(), [](int z) { return z != 0; })) return false;
  }
  return n.inputs.size() == 2 || stored_as(n.inputs[2], ElementType::int32);
}

float scale_of(const Quantization& q, int64_t channel) {
  return q.scales[q.per_axis() ? size_t(channel) : 0];
}

// Which kernel positions along one axis lie inside the input: each pattern that occurs, once.
std::set<std::vector<uint8_t>> patterns(const ConvAttributes& conv, size_t axis, int64_t in, int64_t kernel,
                                        int64_t out) {
  std::set<std::vector<uint8_t>> all;
  for (int64_t o = 0; o < out; ++o) {
    std::vector<uint8_t> inside;
    for (int64_t k = 0; k < kernel; ++k) {
      const int64_t at = o * conv.strides[axis] - conv.pads_begin[axis] + k * conv.dilations[axis];
      inside.push_back(at >= 0 && at < in);
    }
    all.insert(inside);
  }
  return all;
}

std::vector<std::vector<uint8_t>> places_of(const ConvAttributes& conv, const Shape& in, const Shape& weights,
                                            const Shape& out) {
  std::vector<std::vector<uint8_t>> places{{1}};
  for (size_t axis = 0; axis < conv.strides.size(); ++axis) {
    std::vector<std::vector<uint8_t>> products;
    for (const auto& place : places)
      for (const auto& pattern : patterns(conv, axis, in[axis + 2], weights[axis + 2], out[axis + 2])) {
        products.emplace_back();
        for (uint8_t a : place)
          for (uint8_t b : pattern) products.back().push_back(a & b);
      }
    places = std::move(products);
  }
  return places;
}

void read_numbers(const Node& node, const ClampRange& clamp, SummingLayer& layer) {
  const Quantization &in = *node.inputs[0]->type.quantization, &w = *node.inputs[1]->type.quantization;
  const Storage out = storage_of(node.outputs[0]->type);
  layer.zero_in = in.zero_points[0];
  layer.zero_out = out.quantization.zero_points[0];
  const StoredRange range = stored_range(out, clamp);
  layer.low = range.low;
  layer.high = range.high;
  for (int64_t m = 0; m < layer.outputs; ++m) {
    layer.scales.push_back(in.scales[0] * scale_of(w, m) / out.quantization.scales[0]);
    layer.bias.push_back(node.inputs.size() > 2 ? node.inputs[2]->constant->integer(m) : 0);
  }
}

std::optional<SummingLayer> read_conv(const Node& node, const Conv& op) {
  const Shape &in = node.inputs[0]->type.shape, &w = node.inputs[1]->type.shape;
  SummingLayer layer;
  layer.depthwise = op.conv().group > 1;
  if (layer.depthwise && op.conv().group != in[1]) return {};
  layer.outputs = w[0];
  layer.inputs = in[1];
  layer.taps = element_count(w) / (w[0] * w[1]);
  const auto weights = node.inputs[1]->constant->as<int8_t>();
  layer.weights.assign(weights.begin(), weights.end());
  layer.places = places_of(op.conv(), in, w, node.outputs[0]->type.shape);
  read_numbers(node, op.clamp(), layer);
  return layer;
}

// Rows times a matrix, one bias for each output.
std::optional<SummingLayer> read_gemm(const Node& node, const Gemm& op) {
  const GemmAttributes& gemm = op.gemm();
  if (gemm.trans_a || gemm.alpha != 1 || (op.has_bias() && gemm.beta != 1) || node.inputs[0]->type.shape.size() != 2)
    return {};
  SummingLayer layer;
  layer.outputs = op.outputs(node.inputs[1]->type);
  layer.inputs = op.inputs(node.inputs[1]->type);
  layer.taps = 1;
  layer.places = {{1}};
  const Shape bias = node.inputs.size() > 2 ? node.inputs[2]->type.shape : Shape{layer.outputs};
  if (element_count(bias) != layer.outputs || bias.back() != layer.outputs) return {};
  const auto weights = node.inputs[1]->constant->as<int8_t>();
  for (int64_t m = 0; m < layer.outputs; ++m)
    for (int64_t c = 0; c < layer.inputs; ++c)
      layer.weights.push_back(weights[size_t(gemm.trans_b ? m * layer.inputs + c : c * layer.outputs + m)]);
  read_numbers(node, op.clamp(), layer);
  return layer;
}

// The elements of `t` with these indices along axis `axis`, its per-axis quantization alike.
Tensor slices(const Tensor& t, size_t axis, const std::vector<int64_t>& kept) {
  int64_t outer = 1, inner = size_of(t.type.element);
  for (size_t i = 0; i < axis; ++i) outer *= t.type.shape[i];
  for (size_t i = axis + 1; i < t.type.shape.size(); ++i) inner *= t.type.shape[i];
  Tensor out{t.type, {}};
  out.type.shape[axis] = int64_t(kept.size());
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t k : kept) {
      const auto from = t.bytes.begin() + long((o * t.type.shape[axis] + k) * inner);
      out.bytes.insert(out.bytes.end(), from, from + long(inner));
    }
  if (!t.type.quantization || t.type.quantization->axis != int(axis)) return out;
  out.type.quantization->scales.clear();
  out.type.quantization->zero_points.clear();
  for (int64_t k : kept) {
    out.type.quantization->scales.push_back(t.type.quantization->scales[size_t(k)]);
    out.type.quantization->zero_points.push_back(t.type.quantization->zero_points[size_t(k)]);
  }
  return out;
}

Value* smaller_constant(Graph& graph, const Value* old, Tensor tensor) {
  return graph.add_constant(graph.unique_name(old->name), std::move(tensor));
}

// The bias of the kept outputs; null when there was none and nothing is added.
Value* smaller_bias(Graph& graph, const Node& node, const std::vector<int64_t>& kept,
                    const std::vector<int64_t>& added) {
  const bool had = node.inputs.size() > 2;
  if (!had && std::all_of(added.begin(), added.end(), [](int64_t a) { return a == 0; })) return nullptr;
  const Quantization &in = *node.inputs[0]->type.quantization, &w = *node.inputs[1]->type.quantization;
  std::vector<int32_t> bias;
  Quantization q{{}, std::vector<int32_t>(kept.size(), 0), 0};
  for (size_t i = 0; i < kept.size(); ++i) {
    bias.push_back(int32_t((had ? node.inputs[2]->constant->integer(kept[i]) : 0) + added[i]));
    q.scales.push_back(had ? scale_of(*node.inputs[2]->type.quantization, kept[i])
                           : in.scales[0] * scale_of(w, kept[i]));
  }
  return smaller_constant(graph, had ? node.inputs[2] : node.outputs[0],
                          Tensor::of<int32_t>({int64_t(kept.size())}, bias, q));
}

}  // namespace

const int8_t* SummingLayer::filter(int64_t output, int64_t input) const {
  return weights.data() + (depthwise ? output : output * inputs + input) * taps;
}

bool SummingLayer::reads(int64_t output, int64_t input) const {
  if (depthwise && output * inputs / outputs != input) return false;
  const int8_t* w = filter(output, input);
  return std::any_of(w, w + taps, [](int8_t x) { return x != 0; });
}

int64_t SummingLayer::contribution_at(const std::vector<uint8_t>& place, int64_t output, int64_t input,
                                      int32_t stored) const {
  const int8_t* w = filter(output, input);
  int64_t sum = 0;
  for (int64_t t = 0; t < taps; ++t) sum += place[size_t(t)] ? w[t] : 0;
  return sum * (stored - zero_in);
}

std::optional<int64_t> SummingLayer::contribution(int64_t output, int64_t input, int32_t stored) const {
  std::optional<int64_t> all;
  for (const auto& place : places) {
    const int64_t here = contribution_at(place, output, input, stored);
    if (all && *all != here) return {};
    all = here;
  }
  return all;
}

std::optional<int32_t> SummingLayer::constant_output(int64_t output, const ChannelConstants& in) const {
  std::vector<int64_t> read;
  for (int64_t c = 0; c < inputs; ++c) {
    if (!reads(output, c)) continue;
    if (!in[size_t(c)]) return {};
    read.push_back(c);
  }
  std::optional<int32_t> all;
  for (const auto& place : places) {
    int64_t acc = bias[size_t(output)];
    for (int64_t c : read) acc += contribution_at(place, output, c, *in[size_t(c)]);
    const int32_t here = reference_requantize(acc, scales[size_t(output)], zero_out, low, high);
    if (all && *all != here) return {};
    all = here;
  }
  return all;
}

std::optional<SummingLayer> summing_layer(const Node& node) {
  if (!is_integer_layer(node)) return {};
  if (const auto* conv = dynamic_cast<const Conv*>(node.op.get())) return read_conv(node, *conv);
  if (const auto* gemm = dynamic_cast<const Gemm*>(node.op.get())) return read_gemm(node, *gemm);
  return {};
}

Node* with_channels(Graph& graph, Node& node, Value* input, const std::vector<int64_t>& kept_out,
                    const std::vector<int64_t>& kept_in, const std::vector<int64_t>& added) {
  const auto* conv = dynamic_cast<const Conv*>(node.op.get());
  const auto* gemm = dynamic_cast<const Gemm*>(node.op.get());
  ensure(conv || gemm, "with_channels: '" + node.name + "' is no layer of sums");
  const bool depthwise = conv && conv->conv().group > 1;
  const size_t out_axis = gemm && !gemm->gemm().trans_b ? 1 : 0;
  Tensor weights = slices(*node.inputs[1]->constant, out_axis, kept_out);
  if (!depthwise) weights = slices(weights, 1 - out_axis, kept_in);
  std::vector<Value*> operands{input, smaller_constant(graph, node.inputs[1], std::move(weights))};
  Value* bias = smaller_bias(graph, node, kept_out, added);
  if (bias) operands.push_back(bias);
  OpPtr op = node.op;
  if (conv) {
    const auto smaller = depthwise ? conv->with_group(int64_t(kept_in.size())) : conv->with_group(1);
    op = bias ? smaller->with_bias() : smaller;
  } else if (bias) {
    op = gemm->with_bias();
  }
  return graph.insert_before(&node,
                             {op, operands, node.name, {graph.unique_name(node.outputs[0]->name)}, node.stored_as});
}

}  // namespace thimble::compiler
