// One walk in execution order: layers make constants, channelwise ops carry them on and tie channels together.
#include "passes/channel_facts.hpp"

#include <algorithm>
#include <cmath>

#include "passes/quantized_edges.hpp"

namespace thimble::compiler {

namespace {

// Int8 with one scale: what the walk follows. All else keeps its channels.
bool followed(const Value* v) {
  const TensorType& t = v->type;
  return !v->is_constant() && is_quantized(t) && t.element == ElementType::int8 && !t.quantization->per_axis() &&
         t.shape.size() >= 2;
}

int64_t inner_size(const Shape& shape, int axis) {
  int64_t n = 1;
  for (size_t i = size_t(axis) + 1; i < shape.size(); ++i) n *= shape[i];
  return n;
}

// What a channelwise node makes of operands that hold one number each; nullopt when one does not, when the result
// differs from place to place, or lies so near the middle of two steps that a kernel may round it the other way.
std::optional<int32_t> constant_result(const Node& node, const ChannelConstants& stored) {
  std::vector<RealTensor> operands;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Value* v = node.inputs[i];
    if (v->is_constant()) {
      operands.push_back(to_real(*v->constant));
      continue;
    }
    if (!stored[i]) return {};
    Shape one = v->type.shape;
    one[0] = one[1] = 1;
    const Quantization& q = *v->type.quantization;
    const double real = (*stored[i] - q.zero_points[0]) * double(q.scales[0]);
    operands.push_back({one, std::vector<double>(size_t(element_count(one)), real)});
  }
  const Quantization& q = *node.outputs[0]->type.quantization;
  std::optional<int32_t> all;
  const RealTensor result = node.op->eval(operands)[0];
  for (double real : result.values) {
    const double steps = real / double(q.scales[0]);
    if (std::abs(steps - std::floor(steps) - 0.5) < 1e-3) return {};
    const auto here = int32_t(std::clamp(std::nearbyint(steps) + q.zero_points[0], -128.0, 127.0));
    if (all && *all != here) return {};
    all = here;
  }
  return all;
}

// The number of the channel that each element belongs to.
RealTensor channel_numbers(const Shape& shape, int axis) {
  RealTensor numbers{shape, {}};
  const int64_t inner = inner_size(shape, axis), count = shape[size_t(axis)];
  for (int64_t i = 0; i < element_count(shape); ++i) numbers.values.push_back(double(i / inner % count));
  return numbers;
}

// The number that each slice along `axis` holds throughout; nullopt when a slice holds several.
std::optional<std::vector<int64_t>> uniform_slices(const RealTensor& t, int axis) {
  const int64_t slices = t.shape[size_t(axis)], inner = inner_size(t.shape, axis);
  std::vector<int64_t> held(size_t(slices), -1);
  for (size_t i = 0; i < t.values.size(); ++i) {
    int64_t& s = held[size_t(int64_t(i) / inner % slices)];
    if (s != -1 && s != int64_t(t.values[i])) return {};
    s = int64_t(t.values[i]);
  }
  return held;
}

}  // namespace

int ChannelFacts::root(int set) {
  while (parent_[size_t(set)] != set) set = parent_[size_t(set)] = parent_[size_t(parent_[size_t(set)])];
  return set;
}

const ValueChannels& ChannelFacts::add(const Value* v, int axis, ChannelConstants constants) {
  ValueChannels channels{axis, std::move(constants), {}};
  for (size_t c = 0; c < channels.constants.size(); ++c) {
    channels.sets.push_back(int(parent_.size()));
    parent_.push_back(int(parent_.size()));
  }
  return values_[v] = std::move(channels);
}

void ChannelFacts::pin(const Value* v) {
  if (!knows(v)) return;
  for (int set : of(v).sets) join(set, 0);
}

ChannelFacts::ChannelFacts(const Graph& graph) {
  for (const Value* v : graph.inputs)
    if (followed(v)) add(v, 1, ChannelConstants(size_t(v->type.shape[1])));
  for (const Node* n : graph.nodes()) visit(*n);
  for (const Value* v : graph.inputs) pin(v);
  for (const Value* v : graph.outputs) pin(v);
  for (size_t set = 0; set < parent_.size(); ++set) parent_[set] = root(int(set));
}

void ChannelFacts::visit(const Node& node) {
  const bool reads = !node.inputs.empty() && knows(node.inputs[0]);
  const bool makes = node.outputs.size() == 1 && followed(node.outputs[0]);
  if (reads && makes && of(node.inputs[0]).axis == 1) {
    if (auto layer = summing_layer(node)) return visit_layer(node, std::move(*layer));
  }
  if (reads && makes && (visit_moved(node) || visit_channelwise(node))) return;
  for (const Value* v : node.inputs) pin(v);
  for (const Value* v : node.outputs) {
    if (!followed(v)) continue;
    add(v, 1, ChannelConstants(size_t(v->type.shape[1])));
    pin(v);
  }
}

void ChannelFacts::visit_layer(const Node& node, SummingLayer layer) {
  const Value* in = node.inputs[0];
  ChannelConstants constants;
  for (int64_t m = 0; m < layer.outputs; ++m) constants.push_back(layer.constant_output(m, of(in).constants));
  const ValueChannels& out = add(node.outputs[0], 1, std::move(constants));
  for (int64_t m = 0; m < layer.outputs && layer.depthwise; ++m)
    join(out.sets[size_t(m)], of(in).sets[size_t(m * layer.inputs / layer.outputs)]);
  layers_.emplace(&node, std::move(layer));
}

// Every operand that is no single number has the result's channels along axis 1.
bool ChannelFacts::visit_channelwise(const Node& node) {
  const Value* result = node.outputs[0];
  const int64_t count = result->type.shape[1];
  const auto fits = [&](const Value* v) {
    if (v->is_constant()) return element_count(v->type.shape) == 1;
    return knows(v) && of(v).axis == 1 && v->type.shape[1] == count &&
           v->type.shape.size() == result->type.shape.size();
  };
  if (!node.op->channelwise() || !std::all_of(node.inputs.begin(), node.inputs.end(), fits)) return false;
  ChannelConstants constants;
  for (int64_t c = 0; c < count; ++c) {
    ChannelConstants stored;
    for (const Value* v : node.inputs) stored.push_back(v->is_constant() ? std::nullopt : of(v).constants[size_t(c)]);
    constants.push_back(constant_result(node, stored));
  }
  const ValueChannels& out = add(result, 1, std::move(constants));
  for (const Value* v : node.inputs)
    for (int64_t c = 0; knows(v) && c < count; ++c) join(out.sets[size_t(c)], of(v).sets[size_t(c)]);
  return true;
}

// Reshape, Transpose: moves the number of each element's channel, and finds the axis along which they lie in slices.
bool ChannelFacts::visit_moved(const Node& node) {
  const Value *from = node.inputs[0], *to = node.outputs[0];
  if (!node.op->moves_data() || node.inputs.size() != 1 ||
      element_count(from->type.shape) != element_count(to->type.shape))
    return false;
  const ValueChannels& in = of(from);
  const RealTensor moved = node.op->eval(std::vector<RealTensor>{channel_numbers(from->type.shape, in.axis)})[0];
  for (int axis = 0; axis < int(moved.shape.size()); ++axis) {
    if (moved.shape[size_t(axis)] < int64_t(in.sets.size())) continue;
    const auto source = uniform_slices(moved, axis);
    if (!source) continue;
    ChannelConstants constants;
    for (int64_t s : *source) constants.push_back(in.constants[size_t(s)]);
    const ValueChannels& out = add(to, axis, std::move(constants));
    for (size_t i = 0; i < source->size(); ++i) join(out.sets[i], of(from).sets[size_t((*source)[i])]);
    return true;
  }
  return false;
}

}  // namespace thimble::compiler
