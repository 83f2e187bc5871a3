// How Conv lowers: its constants in the kernel's terms, for int8 and for float.
#include <algorithm>
#include <cmath>

#include "compiler/error.hpp"
#include "compiler/ops/conv.hpp"
#include "compiler/ops/conv_dsp.hpp"
#include "compiler/requantize.hpp"

namespace thimble::compiler {

namespace {

Error refused(const Node& node, const std::string& what, const std::string& remedy) {
  return Error("Conv '" + node.name + "'", what, remedy);
}

const Tensor& constant_operand(const Node& node, size_t i, const char* role) {
  const Value* v = node.inputs[i];
  if (!v->is_constant())
    throw refused(node, fmt::format("its {} '{}' are computed at run time", role, v->name),
                  "Only convolutions with constant weights and bias are supported.");
  return *v->constant;
}

// Geometry of one image; a 1-D convolution runs along the height.
template <class Shape>
void set_geometry(Shape& s, const ConvAttributes& conv, const TensorType& in, const TensorType& weights,
                  const TensorType& out) {
  const bool two = conv.strides.size() == 2;
  const auto y = [](const std::vector<int64_t>& v) { return int32_t(v[0]); };
  const auto x = [two](const std::vector<int64_t>& v, int32_t if_1d) { return two ? int32_t(v[1]) : if_1d; };
  const std::vector<int64_t> kernel(weights.shape.begin() + 2, weights.shape.end());
  s.in_height = int32_t(in.shape[2]);
  s.in_width = two ? int32_t(in.shape[3]) : 1;
  s.in_channels = int32_t(in.shape[1]);
  s.out_width = two ? int32_t(out.shape[3]) : 1;
  s.out_channels = int32_t(out.shape[1]);
  s.kernel_height = y(kernel);
  s.kernel_width = x(kernel, 1);
  s.stride_y = y(conv.strides);
  s.stride_x = x(conv.strides, 1);
  s.dilation_y = y(conv.dilations);
  s.dilation_x = x(conv.dilations, 1);
  s.pad_top = y(conv.pads_begin);
  s.pad_left = x(conv.pads_begin, 0);
  s.group_in_channels = int32_t(weights.shape[1]);
  s.group_out_channels = int32_t(out.shape[1] / conv.group);
}

// The bias in units of the accumulator. One of another scale (beyond rounding of float32) is rounded to them.
int64_t accumulator_bias(const Tensor& bias, int64_t m, double unit) {
  const Quantization& q = *bias.type.quantization;
  const size_t i = q.per_axis() ? size_t(m) : 0;
  const int64_t stored = bias.integer(m) - q.zero_points[i];
  const double scale = double(q.scales[i]);
  if (std::abs(scale - unit) <= 1e-6 * unit) return stored;
  const double value = std::nearbyint(double(stored) * scale / unit);
  return int64_t(std::clamp(value, -4e18, 4e18));
}

IntegerConv integer_conv(const Conv& op, const Node& node, const Lowering& lowering, Layer& noted) {
  const Tensor& weights = constant_operand(node, 1, "weights");
  const TensorType &in = node.inputs[0]->type, &out = node.outputs[0]->type;
  const Quantization &in_q = *in.quantization, &w_q = *weights.type.quantization;
  IntegerConv conv{};
  conv.name = node.name;
  conv.out_height = int32_t(out.shape[2]);
  set_geometry(conv.shape, op.conv(), in, weights.type, out);
  conv.shape.in_zero_point = in_q.zero_points[0];
  if (lowering.layout_of(node.inputs[0]) == Layout::planes) {
    conv.in = Layout::planes;
    conv.in_border = lowering.planes_border(node.inputs[0]);
  }
  if (lowering.features().dsp && dsp_writes_planes(conv.shape))
    conv.out_border = lowering.planes_border(node.outputs[0]);
  if (conv.out_border > 0) conv.out = Layout::planes;
  conv.weights.assign(weights.as<int8_t>().begin(), weights.as<int8_t>().end());
  const int64_t depth = conv_depth(conv.shape);
  std::vector<ChannelRange> ranges;
  for (int64_t m = 0; m < conv.shape.out_channels; ++m) {
    const float w_scale = w_q.scales[w_q.per_axis() ? size_t(m) : 0];
    const float unit = in_q.scales[0] * w_scale;
    int64_t bias = op.has_bias() ? accumulator_bias(constant_operand(node, 2, "biases"), m, unit) : 0;
    ChannelRange range{unit / node.stored_as->quantization.scales[0], 0, 0};
    for (int64_t k = 0; k < depth; ++k) {
      const int64_t w = conv.weights[size_t(m * depth + k)];
      bias -= w * in_q.zero_points[0];
      range.lowest += std::min(w * -128, w * 127);
      range.highest += std::max(w * -128, w * 127);
    }
    range.lowest += bias;
    range.highest += bias;
    ranges.push_back(range);
    conv.bias.push_back(int32_t(bias));  // fits when the range does, which choose_output_stage checks
  }
  const StoredRange stored = stored_range(*node.stored_as, op.clamp());
  const ChosenOutputStage chosen = choose_output_stage(ranges, node.stored_as->quantization.zero_points[0], stored.low,
                                                       stored.high, "Conv '" + node.name + "'");
  set_output_stage(conv.shape, chosen.stage);
  conv.multipliers = chosen.multipliers;
  note_exactness(chosen, noted);
  return conv;
}

FloatConv float_conv(const Conv& op, const Node& node) {
  const Tensor& weights = constant_operand(node, 1, "weights");
  FloatConv conv{
      node.name, {}, int32_t(node.outputs[0]->type.shape[2]), {}, {}, float(op.clamp().low), float(op.clamp().high)};
  set_geometry(conv.shape, op.conv(), node.inputs[0]->type, weights.type, node.outputs[0]->type);
  conv.weights.assign(weights.as<float>().begin(), weights.as<float>().end());
  conv.bias.assign(size_t(conv.shape.out_channels), 0.0f);
  if (op.has_bias()) {
    const auto bias = constant_operand(node, 2, "biases").as<float>();
    conv.bias.assign(bias.begin(), bias.end());
  }
  return conv;
}

}  // namespace

int32_t Conv::planes_border(const Node& node, const Target& target) const {
  if (!target.features.dsp || target.features.mve || conv_.strides.size() != 2 || !node.stored_as) return 0;
  std::vector<TensorType> types;
  for (const Value* v : node.inputs) types.push_back(v->type);
  if (!integer_form(types, *node.stored_as)) return 0;
  ConvShape shape{};
  set_geometry(shape, conv_, types[0], types[1], node.outputs[0]->type);
  return dsp_planes_border(shape);
}

void Conv::lower(Lowering& lowering, const Node& node) const {
  std::vector<TensorType> types;
  for (const Value* v : node.inputs) types.push_back(v->type);
  const bool floats = !node.stored_as && std::all_of(types.begin(), types.end(), [](const TensorType& t) {
    return t.element == ElementType::float32 && !t.quantization;
  });
  if (!floats && !(node.stored_as && integer_form(types, *node.stored_as)))
    throw refused(node,
                  fmt::format("no kernel takes {} with weights {} to {}", to_string(types[0]), to_string(types[1]),
                              to_string(node.outputs[0]->type)),
                  "Quantize activations to int8 per tensor and weights to int8 with zero point 0.");
  Layer noted;
  std::vector<Layer> alternatives;
  Layout in_layout = Layout::nhwc, out_layout = Layout::nhwc;
  if (floats) {
    alternatives = conv_alternatives(lowering, float_conv(*this, node));
  } else {
    const IntegerConv conv = integer_conv(*this, node, lowering, noted);
    alternatives = conv_alternatives(lowering, conv);
    in_layout = conv.in;
    out_layout = conv.out;
  }
  const int64_t images = node.inputs[0]->type.shape[0];
  const int in = lowering.input(node.inputs[0], in_layout);
  const int out = lowering.output(node.outputs[0], out_layout);
  for (Layer& layer : alternatives) {
    if (!noted.note.empty()) layer.note += "; " + noted.note;
    layer.multipliers = noted.multipliers;
    layer.exact_multipliers = noted.exact_multipliers;
    layer.name = node.name;
    layer.macs = macs(types, std::vector<TensorType>{node.outputs[0]->type}) / std::max<int64_t>(images, 1);
    if (layer.inputs.empty()) layer.inputs.push_back({});
  }
  for (int64_t n = 0; n < images; ++n) {
    for (Layer& layer : alternatives) {
      layer.inputs[0].buffer = lowering.image(in, n);
      layer.outputs = {lowering.image(out, n)};
    }
    lowering.add(alternatives);
  }
}

}  // namespace thimble::compiler
