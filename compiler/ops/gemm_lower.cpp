// Gemm to layers: `dense` where the weights are constant, the general product elsewhere.
#include <algorithm>
#include <limits>

#include "compiler/error.hpp"
#include "compiler/ops/conv_dsp.hpp"
#include "compiler/ops/gemm.hpp"
#include "compiler/ops/matmul.hpp"
#include "compiler/requantize.hpp"
#include "thimble/arch/dsp_dense.pack.hpp"
#include "thimble/arch/mve_dense.pack.hpp"
#include "thimble/dense.pack.hpp"
#include "thimble/dense_long.pack.hpp"
#include "thimble/dense_octets.pack.hpp"

namespace thimble::compiler {

namespace {

template <class T>
ConstantArray array_of(std::string name, std::string comment, const std::vector<T>& values, bool weights) {
  Tensor t = Tensor::of<T>({int64_t(values.size())}, values);
  return {std::move(name), std::move(comment), element_type_of<T>(), std::move(t.bytes), weights};
}

// Constant B as rows, [N][K].
template <class T>
std::vector<T> weight_rows(const Gemm& gemm, const Tensor& b) {
  const auto stored = b.as<T>();
  if (gemm.gemm().trans_b) return {stored.begin(), stored.end()};
  const int64_t k = gemm.inputs(b.type), n = gemm.outputs(b.type);
  std::vector<T> rows;
  rows.reserve(stored.size());
  for (int64_t o = 0; o < n; ++o)
    for (int64_t i = 0; i < k; ++i) rows.push_back(stored[size_t(i * n + o)]);
  return rows;
}

// The weights as a constant of the program.
template <class T>
int packed_weights(Lowering& lowering, const Node& node, const std::vector<T>& rows, int64_t n, int64_t k,
                   const std::string& what) {
  std::vector<T> packed(rows.size());
  pack_dense(rows.data(), int32_t(n), int32_t(k), packed.data());
  return lowering.constant(array_of(node.name + "_weights",
                                    fmt::format("{}{} outputs x {} inputs, 4 outputs side by side", what, n, k), packed,
                                    true));
}

// The layer but for its fields.
Layer dense_layer(Lowering& lowering, const Node& node, const Gemm& gemm, std::string kernel, std::string constants) {
  const TensorType& b = node.inputs[1]->type;
  const int64_t n = gemm.outputs(b), k = gemm.inputs(b);
  const int64_t rows = element_count(node.outputs[0]->type.shape) / n;
  Layer layer;
  layer.name = node.name;
  layer.kernel = std::move(kernel);
  layer.headers = {"dense.hpp"};
  layer.constants_struct = std::move(constants);
  layer.shape_struct = "DenseShape";
  layer.shape = {{"rows", rows}, {"inputs", k}, {"outputs", n}};
  layer.inputs = {{lowering.input(node.inputs[0], Layout::flat)}};
  layer.outputs = {lowering.output(node.outputs[0], Layout::flat)};
  layer.macs = rows * n * k;
  return layer;
}

void lower_dense_f32(Lowering& lowering, const Node& node, const Gemm& gemm) {
  const Tensor& b = *node.inputs[1]->constant;
  const int64_t n = gemm.outputs(b.type), k = gemm.inputs(b.type);
  std::vector<float> rows = weight_rows<float>(gemm, b);
  if (gemm.gemm().alpha != 1)
    for (float& w : rows) w *= gemm.gemm().alpha;
  Layer layer = dense_layer(lowering, node, gemm, "dense_f32", "DenseF32");
  layer.fields.push_back({"weights", Field::Array{packed_weights(lowering, node, rows, n, k, "")}});
  if (gemm.has_bias()) {
    const auto stored = node.inputs[2]->constant->as<float>();
    std::vector<float> bias(size_t(n), stored[0]);
    if (stored.size() > 1) bias.assign(stored.begin(), stored.end());
    for (float& v : bias) v *= gemm.gemm().beta;
    layer.fields.push_back(
        {"bias", Field::Array{lowering.constant(array_of(node.name + "_bias", "one for each output", bias, true))}});
  } else {
    layer.fields.push_back({"bias", Field::Null{}});
  }
  layer.fields.push_back({"low", float(gemm.clamp().low)});
  layer.fields.push_back({"high", float(gemm.clamp().high)});
  lowering.add(std::move(layer));
}

// The sums of an integer layer: bias of each output with the input's zero point folded in, and what can be reached.
struct Sums {
  std::vector<int32_t> bias;
  std::vector<ChannelRange> channels;
};

Sums sums_of(const Node& node, const Gemm& gemm, const std::vector<int8_t>& rows, const std::string& where) {
  const TensorType &a = node.inputs[0]->type, &b = node.inputs[1]->type, &y = node.outputs[0]->type;
  const int64_t n = gemm.outputs(b), k = gemm.inputs(b);
  Sums sums;
  for (int64_t o = 0; o < n; ++o) {
    int64_t bias = 0, lowest = 0, highest = 0;
    if (gemm.has_bias()) {
      const Tensor& c = *node.inputs[2]->constant;
      bias = c.integer(element_count(c.type.shape) == 1 ? 0 : o);
    }
    for (int64_t i = 0; i < k; ++i) {
      const int64_t w = rows[size_t(o * k + i)];
      bias -= w * a.quantization->zero_points[0];
      lowest += w * (w > 0 ? -128 : 127);
      highest += w * (w > 0 ? 127 : -128);
    }
    if (bias < INT32_MIN || bias > INT32_MAX)
      throw Error(where, fmt::format("the bias of output {} is {}, an int32 ends at 2147483647", o, bias),
                  "Use fewer inputs per output, or a smaller bias.");
    const std::vector<float>& scales = b.quantization->scales;
    const float weight_scale = scales[scales.size() == 1 ? 0 : size_t(o)];
    sums.bias.push_back(int32_t(bias));
    sums.channels.push_back(
        {a.quantization->scales[0] * weight_scale / y.quantization->scales[0], bias + lowest, bias + highest});
  }
  return sums;
}

// One multiplier for all outputs where their scale is the same and it is exact for all; else one for each.
ChosenOutputStage choose_stage(const Sums& sums, const Storage& storage, const ClampRange& clamp,
                               const std::string& where) {
  const StoredRange range = stored_range(storage, clamp);
  const int32_t zero_point = storage.quantization.zero_points[0];
  ChannelRange all = sums.channels[0];
  bool alike = true;
  for (const ChannelRange& c : sums.channels) {
    all.lowest = std::min(all.lowest, c.lowest);
    all.highest = std::max(all.highest, c.highest);
    alike = alike && c.scale == all.scale;
  }
  if (alike) {
    ChosenOutputStage one = choose_output_stage({&all, 1}, zero_point, range.low, range.high, where);
    if (one.exact_channels == 1) return one;
  }
  return choose_output_stage(sums.channels, zero_point, range.low, range.high, where);
}

// Weights without a sign, as the portable kernel has them.
int portable_weights(Lowering& lowering, const Node& node, const std::vector<int8_t>& rows, int64_t n, int64_t k) {
  std::vector<uint8_t> offset_rows;
  for (int8_t w : rows) offset_rows.push_back(uint8_t(w + dense_weight_offset));
  return packed_weights(lowering, node, offset_rows, n, k, "plus 128: ");
}

// Turns `layer` to the kernel for cores with the DSP extension.
void use_dsp_kernel(Lowering& lowering, const Node& node, const std::vector<int8_t>& rows,
                    const std::vector<int32_t>& bias, const ChosenOutputStage& chosen, Layer& layer) {
  const int32_t n = int32_t(bias.size()), k = int32_t(rows.size() / bias.size());
  const DspForm form = dsp_form(rows.data(), bias.data(), n, k, chosen.stage);
  layer.kernel = form == DspForm::saturated ? "dense_dsp"
                 : form == DspForm::clamped ? "dense_dsp_clamped"
                                            : "dense_dsp_plain";
  layer.headers = {"arch/dsp_dense.hpp"};
  layer.constants_struct = "DenseDsp";
  layer.takes_scratch = true;
  layer.scratch_bytes = dense_dsp_scratch_bytes(k);
  layer.note = form == DspForm::plain ? "DSP, one byte a weight" : "DSP, two outputs share a half";
  std::vector<int32_t> multipliers = chosen.multipliers;
  multipliers.resize(size_t(n), multipliers[0]);
  std::vector<int32_t> packed(size_t(packed_dense_dsp_words(k, n)));
  pack_dense_dsp(k, n, form, rows.data(), bias.data(), multipliers.data(), packed.data());
  // Sizes as constants of the code would save nothing to speak of.
  layer.fields = std::move(layer.shape);
  layer.shape.clear();
  layer.shape_struct.clear();
  layer.fields.push_back(
      {"weights",
       Field::Array{lowering.constant(array_of(
           node.name + "_weights",
           fmt::format("{} outputs x {} inputs; 4 outputs: biases, weights of 4 inputs each, multipliers", n, k),
           packed, true))}});
}

// The kernel makes three pixels at a time, of which a fully connected layer is one: MACs that are still not much.
constexpr int64_t largest_convolution = 4096;

// The layer as a convolution of one pixel, for features().dsp: it may share that kernel's code with others.
Layer as_convolution(Lowering& lowering, const Node& node, const std::vector<int8_t>& rows,
                     const std::vector<int32_t>& bias, const ChosenOutputStage& chosen, const Layer& dense) {
  const int32_t n = int32_t(bias.size()), k = int32_t(rows.size() / bias.size());
  IntegerConv conv{node.name, {}, 1, rows, bias, chosen.multipliers};
  conv.multipliers.resize(size_t(n), chosen.multipliers[0]);
  ConvShape& s = conv.shape;
  s.in_height = s.in_width = s.out_width = s.kernel_height = s.kernel_width = 1;
  s.stride_y = s.stride_x = s.dilation_y = s.dilation_x = 1;
  s.in_channels = s.group_in_channels = k;
  s.out_channels = s.group_out_channels = n;
  set_output_stage(s, chosen.stage);
  Layer layer = small_dsp_conv(lowering, conv);
  layer.name = dense.name;
  layer.inputs = dense.inputs;
  layer.outputs = dense.outputs;
  layer.macs = dense.macs;
  layer.note += ", as a convolution";
  note_exactness(chosen, layer);
  return layer;
}

// The same for cores with Helium. Biases and multipliers are filled up to whole quads.
int use_mve_kernel(Lowering& lowering, const Node& node, const std::vector<int8_t>& rows, const OutputStage& stage,
                   std::vector<int32_t>& bias, std::vector<int32_t>& multipliers, Layer& layer) {
  const int32_t n = int32_t(bias.size()), k = int32_t(rows.size() / bias.size());
  layer.kernel = dense_mve_saturates(stage) ? "dense_mve" : "dense_plain_mve";
  layer.headers = {"arch/mve_dense.hpp"};
  layer.constants_struct = "DenseMve";
  layer.note = "Helium";
  bias.resize(size_t(dense_mve_quads(n)) * 4);
  if (multipliers.size() > 1) multipliers.resize(bias.size());
  std::vector<int8_t> packed(size_t(packed_dense_mve_bytes(n, k)));
  pack_dense_mve(rows.data(), n, k, packed.data());
  return lowering.constant(array_of(node.name + "_weights",
                                    fmt::format("{} outputs x {} inputs, 16 inputs of 4 outputs side by side", n, k),
                                    packed, true));
}

// The same for cores without a long multiply, and for RV32.
int use_octets_kernel(Lowering& lowering, const Node& node, const std::vector<int8_t>& rows, int64_t n, int64_t k,
                      Layer& layer) {
  layer.kernel = "dense_octets";
  layer.headers = {"dense_octets.hpp"};
  layer.constants_struct = "DenseOctets";
  layer.note = "two outputs in a word, groups of inputs as long as the weights allow";
  std::vector<int32_t> packed(size_t(pack_dense_octets(rows.data(), int32_t(n), int32_t(k), nullptr)));
  pack_dense_octets(rows.data(), int32_t(n), int32_t(k), packed.data());
  return lowering.constant(
      array_of(node.name + "_weights",
               fmt::format("plus 128: {} outputs x {} inputs, 8 outputs side by side, in groups of inputs", n, k),
               packed, true));
}

// The same for ARMv7-M.
int use_long_kernel(Lowering& lowering, const Node& node, const std::vector<int8_t>& rows, int64_t n, int64_t k,
                    Layer& layer) {
  layer.kernel = "dense_long";
  layer.headers = {"dense_long.hpp"};
  layer.constants_struct = "DenseLong";
  layer.note = "four outputs in two words, sums of 64 bits";
  std::vector<int32_t> packed(size_t(dense_quads(int32_t(n)) * k));
  pack_dense_long(rows.data(), int32_t(n), int32_t(k), packed.data());
  return lowering.constant(array_of(
      node.name + "_weights",
      fmt::format("{} outputs x {} inputs, 4 outputs side by side, every other one plus 128", n, k), packed, true));
}

// Weights of the kernel that is best on a core without SIMD; `layer` is turned to it.
int scalar_weights(Lowering& lowering, const Node& node, const std::vector<int8_t>& rows, int64_t n, int64_t k,
                   Layer& layer) {
  const Features features = lowering.features();
  if (features.rv32 && dense_in_octets(int32_t(n))) return use_octets_kernel(lowering, node, rows, n, k, layer);
  if (features.armv7m && dense_long_takes(rows.data(), int32_t(n), int32_t(k)))
    return use_long_kernel(lowering, node, rows, n, k, layer);
  return portable_weights(lowering, node, rows, n, k);
}

void lower_dense(Lowering& lowering, const Node& node, const Gemm& gemm) {
  const std::string where = "Gemm '" + node.name + "'";
  const Tensor& b = *node.inputs[1]->constant;
  const int64_t n = gemm.outputs(b.type), k = gemm.inputs(b.type);
  const std::vector<int8_t> rows = weight_rows<int8_t>(gemm, b);
  Sums sums = sums_of(node, gemm, rows, where);
  const TensorType& y = node.outputs[0]->type;
  const ChosenOutputStage chosen = choose_stage(sums, {y.element, *y.quantization}, gemm.clamp(), where);
  Layer layer = dense_layer(lowering, node, gemm, "dense", "Dense");
  const Features features = lowering.features();
  std::vector<Layer> alternatives;
  if (features.dsp && !features.mve) {
    use_dsp_kernel(lowering, node, rows, sums.bias, chosen, layer);
    if (element_count(y.shape) == n && n * k <= largest_convolution)
      alternatives = {as_convolution(lowering, node, rows, sums.bias, chosen, layer)};
  } else {
    std::vector<int32_t> multiplier_of = chosen.multipliers;
    const int weights = features.mve
                            ? use_mve_kernel(lowering, node, rows, chosen.stage, sums.bias, multiplier_of, layer)
                            : scalar_weights(lowering, node, rows, n, k, layer);
    const int bias = lowering.constant(array_of(
        node.name + "_bias", "one for each output, less input zero point times sum of weights", sums.bias, true));
    const int multipliers = lowering.constant(
        array_of(node.name + "_multipliers",
                 chosen.multipliers.size() == 1 ? "one for all outputs" : "one for each output", multiplier_of, true));
    layer.fields = {{"weights", Field::Array{weights}},
                    {"bias", Field::Array{bias}},
                    {"multipliers", Field::Array{multipliers}},
                    {"multiplier_step", int64_t(chosen.multipliers.size() > 1)}};
    if (features.thumb1 && dense_in_octets(int32_t(n))) {  // fewer instructions, more flash
      Layer octets = layer;
      octets.fields[0].value = Field::Array{use_octets_kernel(lowering, node, rows, n, k, octets)};
      add_output_stage(chosen, octets);
      alternatives.push_back(std::move(octets));
    }
  }
  add_output_stage(chosen, layer);
  if (layer.kernel == "dense_dsp") {
    alternatives.push_back(layer);
    alternatives.back().kernel = "dense_dsp_unrolled";
  }
  alternatives.insert(alternatives.begin(), std::move(layer));
  lowering.add(std::move(alternatives));
}

}  // namespace

void Gemm::lower(Lowering& lowering, const Node& node) const {
  const Value *a = node.inputs[0], *b = node.inputs[1], *y = node.outputs[0];
  const int64_t n = outputs(b->type), k = inputs(b->type), m = element_count(y->type.shape) / n;
  const Value* bias = has_bias_ ? node.inputs[2] : nullptr;
  const int64_t bias_count = bias ? element_count(bias->type.shape) : 0;
  const bool bias_is_row =
      !bias || (bias->is_constant() && (bias_count == 1 || (bias_count == n && bias->type.shape.back() == n)));
  if (b->is_constant() && !a->is_constant() && bias_is_row && (!gemm_.trans_a || m == 1))
    return y->type.quantization ? lower_dense(lowering, node, *this) : lower_dense_f32(lowering, node, *this);
  Product p;
  p.rows = m;
  p.inner = k;
  p.columns = n;
  p.a_row = gemm_.trans_a ? 1 : k;
  p.a_inner = gemm_.trans_a ? m : 1;
  p.b_inner = gemm_.trans_b ? 1 : n;
  p.b_column = gemm_.trans_b ? k : 1;
  p.has_bias = has_bias_;
  if (bias) {
    p.bias_column = !bias->type.shape.empty() && bias->type.shape.back() == n && n > 1 ? 1 : 0;
    p.bias_row = bias_count > n || (p.bias_column == 0 && bias_count > 1) ? bias_count / m : 0;
  }
  p.alpha = gemm_.alpha;
  p.beta = gemm_.beta;
  p.clamp = clamp_;
  lower_product(lowering, node, p);
}

}  // namespace thimble::compiler
