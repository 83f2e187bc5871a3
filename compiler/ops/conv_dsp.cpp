// Dense convolutions as panels of three pixels; depthwise ones from planes, 3x3 and others, and from NHWC.
#include "compiler/ops/conv_dsp.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/requantize.hpp"
#include "thimble/arch/dsp_conv.pack.hpp"
#include "thimble/arch/dsp_depthwise.pack.hpp"
#include "thimble/arch/dsp_depthwise_nhwc.pack.hpp"
#include "thimble/arch/dsp_depthwise_taps.pack.hpp"
#include "thimble/arch/dsp_winograd.pack.hpp"

namespace thimble::compiler {

namespace {

// Columns of padding behind the input that the last output reads.
int32_t pad_right(const ConvShape& s) {
  return (s.out_width - 1) * s.stride_x + (s.kernel_width - 1) * s.dilation_x + 1 - s.pad_left - s.in_width;
}

// The border that a layer's planes need.
int32_t border_of(const ConvShape& s) {
  return std::max({1, s.pad_left, pad_right(s)});
}
// Whether the kernels for 3x3 from planes take the layer, and whether those for rows of taps do.
bool has_nine_taps(const ConvShape& s) {
  return s.kernel_height == 3 && s.kernel_width == 3 && (s.stride_x == 1 || s.stride_x == 2) && border_of(s) == 1;
}
bool has_taps(const ConvShape& s) {
  return depthwise_taps_fit(s.kernel_width, s.stride_x, s.out_width) && border_of(s) < s.kernel_width;
}

void add_stage(const ConvShape& s, std::vector<Field>& fields) {
  for (Field& f : output_stage_fields(output_stage(s))) fields.push_back(std::move(f));
}

const char* suffix_of(DspForm form) {
  return form == DspForm::plain ? "_plain" : form == DspForm::clamped ? "_clamped" : "";
}
const char* note_of(DspForm form) {
  return form == DspForm::plain ? "DSP, one byte a weight" : "DSP, two channels share a half";
}

// Winograd's form, where the shape has one and it is exact. `weights`: [output channel][kernel row][kernel
// column][input channel].
std::optional<Layer> winograd(Lowering& lowering, const IntegerConv& conv, const std::vector<int8_t>& weights) {
  const ConvShape& c = conv.shape;
  const bool has_form = c.kernel_height == 3 && c.kernel_width == 3 && c.stride_y == 1 && c.stride_x == 1 &&
                        c.dilation_y == 1 && c.dilation_x == 1 && c.in_channels % 4 == 0 && c.out_channels % 2 == 0 &&
                        conv.out == Layout::nhwc;
  if (!has_form || !winograd_dsp_fits(weights.data(), conv.bias.data(), c.out_channels, conv_depth(c), output_stage(c)))
    return {};
  const int32_t words = packed_winograd_dsp_words(c.in_channels, c.out_channels);
  std::vector<int32_t> packed(size_t(words), 0);
  pack_winograd_dsp(c.in_channels, c.out_channels, weights.data(), conv.bias.data(), conv.multipliers.data(),
                    packed.data());

  Layer layer;
  layer.kernel = "winograd_dsp";
  layer.headers = {"arch/dsp_winograd.hpp"};
  layer.constants_struct = "WinogradDsp";
  layer.band = winograd_dsp_contract(c.pad_top);
  layer.takes_scratch = true;
  layer.scratch_bytes = winograd_dsp_scratch_bytes(c.in_channels);
  layer.note = fmt::format("DSP, Winograd's form: {} bytes of weights instead of {}", words * 4, weights.size());
  const int w = lowering.constant(constant_of(
      conv.name + "_weights",
      fmt::format("[{}][16 * {} * 4 + 4]: pair of output channels: transformed weights by position and quad "
                  "of inputs, then four times the bias, and the multiplier of both",
                  c.out_channels / 2, c.in_channels / 4),
      packed));
  // Sizes as constants of the code would save nothing to speak of.
  layer.fields = {{"in_height", int64_t(c.in_height)},
                  {"in_width", int64_t(c.in_width)},
                  {"in_channels", int64_t(c.in_channels)},
                  {"out_height", int64_t(conv.out_height)},
                  {"out_width", int64_t(c.out_width)},
                  {"out_channels", int64_t(c.out_channels)},
                  {"pad_top", int64_t(c.pad_top)},
                  {"pad_left", int64_t(c.pad_left)},
                  {"in_zero_point", int64_t(c.in_zero_point)},
                  {"offset", int64_t(c.offset)},
                  {"shift", int64_t(c.shift)},
                  {"weights", Field::Array{w}}};
  return layer;
}

// The kernels that share their constants: for one pixel's kernel, for any, and for any in little code.
enum class Panels { pointwise, conv2d, small };

// `weights` as winograd() takes them.
Layer dense(Lowering& lowering, const IntegerConv& conv, const std::vector<int8_t>& weights, Panels panels) {
  const ConvDspShape s = dsp_shape(conv);
  const int32_t quads = dsp_panel(s).quads;
  const DspForm form =
      dsp_form(weights.data(), conv.bias.data(), s.out_channels, conv_depth(conv.shape), output_stage(s));
  std::vector<int32_t> packed(size_t(packed_conv_dsp_words(quads, s.out_channels)));
  pack_conv_dsp(s, form, weights.data(), conv.bias.data(), conv.multipliers.data(), packed.data());

  Layer layer;
  const bool each_pixel = panels == Panels::pointwise, small = panels == Panels::small;
  layer.kernel = std::string(each_pixel ? "pointwise_dsp" : small ? "conv2d_small_dsp" : "conv2d_dsp") + suffix_of(form);
  layer.headers = {small ? "arch/dsp_conv_small.hpp" : "arch/dsp_conv.hpp"};
  layer.constants_struct = "ConvDsp";
  layer.shape_struct = "ConvDspShape";
  layer.shape = dsp_shape_fields(conv);
  layer.band = conv_dsp_contract(s);
  layer.takes_scratch = true;
  layer.scratch_bytes = each_pixel ? pointwise_dsp_scratch_bytes(s)
                        : small    ? conv_small_dsp_scratch_bytes(s)
                                   : conv_dsp_scratch_bytes(s);
  // A pixel is read before its result is stored, and results are no longer than pixels.
  if (each_pixel && conv.out == Layout::nhwc && s.out_channels <= s.in_channels)
    layer.inputs = {{-1, Overwrite::same_place}};
  layer.note = note_of(form);
  const int w = lowering.constant(constant_of(
      conv.name + "_weights",
      fmt::format("[{}][2 + {} * 2 + 2]: pair of output channels: biases, weights of four inputs each, multipliers",
                  (s.out_channels + 1) / 2, quads),
      packed));
  layer.fields = {{"weights", Field::Array{w}}};
  return layer;
}

// [output channel][kernel row][kernel column][input channel]
std::vector<int8_t> channels_last(const IntegerConv& conv) {
  std::vector<int8_t> weights(conv.weights.size());
  pack_conv(conv.shape, conv.weights.data(), weights.data());
  return weights;
}

std::vector<Layer> dense_alternatives(Lowering& lowering, const IntegerConv& conv) {
  const std::vector<int8_t> weights = channels_last(conv);
  const bool each_pixel = is_pointwise(conv.shape, conv.out_height);
  std::vector<Layer> layers;
  if (each_pixel) layers.push_back(dense(lowering, conv, weights, Panels::pointwise));
  // The general kernel takes a few more instructions a pixel, and is often there anyway.
  layers.push_back(dense(lowering, conv, weights, Panels::conv2d));
  if (std::optional<Layer> layer = winograd(lowering, conv, weights)) layers.push_back(std::move(*layer));
  layers.push_back(dense(lowering, conv, weights, Panels::small));
  return layers;
}

// 3x3. The kernels share their constants. One in little code is there for the usual output stage.
std::vector<Layer> depthwise_nine_taps(Lowering& lowering, const IntegerConv& conv) {
  const ConvShape& s = conv.shape;
  std::vector<int32_t> packed(size_t(s.in_channels) * depthwise_dsp_words);
  pack_depthwise_dsp(s.in_channels, conv.weights.data(), conv.bias.data(), conv.multipliers.data(), packed.data());
  const bool saturates = depthwise_dsp_saturates(output_stage(s));

  Layer layer;
  layer.kernel = !saturates        ? "depthwise_planes_plain_dsp"
                 : s.stride_x == 1 ? "depthwise_planes_dsp"
                                   : "depthwise_planes_stride2_dsp";
  layer.headers = {"arch/dsp_depthwise.hpp"};
  layer.constants_struct = "DepthwiseDsp";
  layer.shape_struct = "DepthwiseDspShape";
  layer.shape = {
      {"in_height", int64_t(s.in_height)}, {"in_width", int64_t(s.in_width)}, {"channels", int64_t(s.in_channels)},
      {"out_width", int64_t(s.out_width)}, {"stride_y", int64_t(s.stride_y)}, {"stride_x", int64_t(s.stride_x)},
      {"pad_top", int64_t(s.pad_top)},     {"pad_left", int64_t(s.pad_left)}, {"border", int64_t(conv.in_border)}};
  add_stage(s, layer.shape);
  layer.band = conv_contract(s);
  layer.note = saturates ? "DSP, from planes" : "DSP, from planes, any output stage";
  const int w = lowering.constant(constant_of(
      conv.name + "_weights", fmt::format("[{}][5]: three kernel rows, bias, multiplier", s.in_channels), packed));
  const std::vector<uint8_t> zeros(size_t(s.in_width + plane_tail_bytes(conv.in_border)), uint8_t(s.in_zero_point));
  ConstantArray pad =
      constant_of(conv.name + "_pad_plane", fmt::format("[{}]: a row outside the image", zeros.size()), zeros);
  pad.weights = false;
  layer.fields = {{"weights", Field::Array{w}}, {"pad_plane", Field::Array{lowering.constant(std::move(pad))}}};
  if (!saturates) return {layer};
  Layer small = layer;
  small.kernel = "depthwise_planes_small_dsp";
  small.headers = {"arch/dsp_depthwise_small.hpp"};
  return {layer, small};
}

Layer depthwise_taps(Lowering& lowering, const IntegerConv& conv) {
  const ConvShape& s = conv.shape;
  std::vector<int8_t> weights = conv.weights;
  weights.push_back(0);  // three taps are read as four
  std::vector<int32_t> channels(size_t(s.in_channels) * 2);
  pack_depthwise_taps_channels(s.in_channels, conv.bias.data(), conv.multipliers.data(), channels.data());

  Layer layer;
  layer.kernel = std::string("depthwise_taps") + (s.stride_x == 2 ? "_stride2" : "") +
                 (depthwise_dsp_saturates(output_stage(s)) ? "_dsp" : "_plain_dsp");
  layer.headers = {"arch/dsp_depthwise_taps.hpp"};
  layer.constants_struct = fmt::format("DepthwiseTaps{}", s.kernel_width);
  layer.shape_struct = fmt::format("DepthwiseTaps{}Shape", s.kernel_width);
  layer.shape = {{"in_height", int64_t(s.in_height)},
                 {"in_width", int64_t(s.in_width)},
                 {"channels", int64_t(s.in_channels)},
                 {"out_width", int64_t(s.out_width)},
                 {"kernel_height", int64_t(s.kernel_height)},
                 {"stride_y", int64_t(s.stride_y)},
                 {"pad_top", int64_t(s.pad_top)},
                 {"pad_left", int64_t(s.pad_left)},
                 {"border", int64_t(conv.in_border)},
                 {"in_zero_point", int64_t(s.in_zero_point)}};
  add_stage(s, layer.shape);
  layer.band = conv_contract(s);
  layer.note = fmt::format("DSP, from planes, {} columns of taps", s.kernel_width);
  const int w = lowering.constant(constant_of(
      conv.name + "_weights",
      fmt::format("[{}][{}][{}], and a byte more", s.in_channels, s.kernel_height, s.kernel_width), weights));
  const int k = lowering.constant(
      constant_of(conv.name + "_channels", fmt::format("[{}][2]: bias, multiplier", s.in_channels), channels));
  layer.fields = {{"weights", Field::Array{w}}, {"channels2", Field::Array{k}}};
  return layer;
}

Layer depthwise_nhwc(Lowering& lowering, const IntegerConv& conv) {
  const ConvShape& c = conv.shape;
  const DepthwiseNhwcDspShape s{c.in_height,    c.in_width,      c.in_channels, c.out_width,   c.kernel_height,
                                c.kernel_width, c.stride_y,      c.stride_x,    c.pad_top,     c.pad_left,
                                c.dilation_y,   c.in_zero_point, c.offset,      c.shift,       c.left_shift,
                                c.zero_point,   c.low,           c.high,        c.ties_to_even};
  std::vector<int32_t> packed(size_t(depthwise_nhwc_words(s)));
  pack_depthwise_nhwc_dsp(s, conv.weights.data(), packed.data());
  std::vector<int32_t> channels(size_t(depthwise_nhwc_channel_words(s)));
  pack_depthwise_nhwc_channels(s, conv.bias.data(), conv.multipliers.data(), channels.data());

  Layer layer;
  layer.kernel = depthwise_dsp_saturates(output_stage(s)) ? "depthwise_nhwc_dsp" : "depthwise_nhwc_plain_dsp";
  layer.headers = {"arch/dsp_depthwise_nhwc.hpp"};
  layer.constants_struct = "DepthwiseNhwcDsp";
  layer.shape_struct = "DepthwiseNhwcDspShape";
  layer.shape = {{"in_height", int64_t(s.in_height)},
                 {"in_width", int64_t(s.in_width)},
                 {"channels", int64_t(s.channels)},
                 {"out_width", int64_t(s.out_width)},
                 {"kernel_height", int64_t(s.kernel_height)},
                 {"kernel_width", int64_t(s.kernel_width)},
                 {"stride_y", int64_t(s.stride_y)},
                 {"stride_x", int64_t(s.stride_x)},
                 {"pad_top", int64_t(s.pad_top)},
                 {"pad_left", int64_t(s.pad_left)},
                 {"dilation_y", int64_t(s.dilation_y)},
                 {"in_zero_point", int64_t(s.in_zero_point)}};
  add_stage(c, layer.shape);
  layer.band = conv_contract(c);
  layer.takes_scratch = true;
  layer.scratch_bytes = depthwise_nhwc_scratch_bytes(s);
  layer.note = "DSP, four channels at a time";
  const int32_t groups = (s.channels + 3) / 4;
  const int w = lowering.constant(constant_of(
      conv.name + "_weights",
      fmt::format("[{}][{}]: taps of four channels, a byte each", groups, s.kernel_height * s.kernel_width), packed));
  const int k = lowering.constant(
      constant_of(conv.name + "_channels", fmt::format("[{}][8]: four biases, four multipliers", groups), channels));
  layer.fields = {{"weights", Field::Array{w}}, {"channels4", Field::Array{k}}};
  return layer;
}

std::vector<Layer> depthwise_alternatives(Lowering& lowering, const IntegerConv& conv) {
  const ConvShape& s = conv.shape;
  if (has_nine_taps(s)) return depthwise_nine_taps(lowering, conv);
  return {depthwise_taps(lowering, conv)};
}

}  // namespace

ConvDspShape dsp_shape(const IntegerConv& conv) {
  const ConvShape& s = conv.shape;
  const bool planes = conv.out == Layout::planes;
  return {s.in_height,
          s.in_width,
          s.in_channels,
          s.out_width,
          s.out_channels,
          s.kernel_height,
          s.kernel_width,
          s.stride_y,
          s.stride_x,
          s.pad_top,
          s.pad_left,
          s.dilation_y,
          s.in_zero_point,
          conv.out_border,
          planes ? 1 : s.out_channels,
          planes ? s.out_width + conv.out_border : 1,
          s.offset,
          s.shift,
          s.left_shift,
          s.zero_point,
          s.low,
          s.high,
          s.ties_to_even};
}

std::vector<Field> dsp_shape_fields(const IntegerConv& conv) {
  const ConvDspShape s = dsp_shape(conv);
  std::vector<Field> fields = {{"in_height", int64_t(s.in_height)},         {"in_width", int64_t(s.in_width)},
                               {"in_channels", int64_t(s.in_channels)},     {"out_width", int64_t(s.out_width)},
                               {"out_channels", int64_t(s.out_channels)},   {"kernel_height", int64_t(s.kernel_height)},
                               {"kernel_width", int64_t(s.kernel_width)},   {"stride_y", int64_t(s.stride_y)},
                               {"stride_x", int64_t(s.stride_x)},           {"pad_top", int64_t(s.pad_top)},
                               {"pad_left", int64_t(s.pad_left)},           {"dilation_y", int64_t(s.dilation_y)},
                               {"in_zero_point", int64_t(s.in_zero_point)}, {"first", int64_t(s.first)},
                               {"pixel_step", int64_t(s.pixel_step)},       {"channel_step", int64_t(s.channel_step)}};
  add_stage(conv.shape, fields);
  return fields;
}

Layer small_dsp_conv(Lowering& lowering, const IntegerConv& conv) {
  return dense(lowering, conv, channels_last(conv), Panels::small);
}

bool dsp_writes_planes(const ConvShape& s) {
  return s.group_in_channels == s.in_channels && (s.dilation_x == 1 || s.kernel_width == 1);
}

int32_t dsp_planes_border(const ConvShape& s) {
  const bool one_by_one = is_depthwise(s) && s.group_out_channels == 1 && s.dilation_y == 1 && s.dilation_x == 1;
  return one_by_one && (has_nine_taps(s) || has_taps(s)) ? border_of(s) : 0;
}

std::vector<Layer> dsp_conv_alternatives(Lowering& lowering, const IntegerConv& conv) {
  if (conv.in == Layout::planes) return depthwise_alternatives(lowering, conv);
  if (dsp_writes_planes(conv.shape)) return dense_alternatives(lowering, conv);
  const ConvShape& s = conv.shape;
  if (is_depthwise(s) && s.group_out_channels == 1 && (s.dilation_x == 1 || s.kernel_width == 1))
    return {depthwise_nhwc(lowering, conv)};
  return {};
}

}  // namespace thimble::compiler
