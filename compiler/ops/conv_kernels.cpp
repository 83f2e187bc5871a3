// The portable kernels, and where others are preferred to them.
#include "compiler/ops/conv_kernels.hpp"

#include <fmt/format.h>

#include "compiler/ops/conv_dsp.hpp"
#include "compiler/requantize.hpp"
#include "thimble/conv_long.pack.hpp"
#include "thimble/conv_pairs.pack.hpp"
#include "thimble/conv_single.pack.hpp"
#include "thimble/conv_six.pack.hpp"
#include "thimble/depthwise_fours.pack.hpp"
#include "thimble/depthwise_walk.pack.hpp"

namespace thimble::compiler {

namespace {

template <class Shape>
std::vector<Field> geometry_fields(const Shape& s) {
  return {{"in_height", int64_t(s.in_height)},
          {"in_width", int64_t(s.in_width)},
          {"in_channels", int64_t(s.in_channels)},
          {"out_width", int64_t(s.out_width)},
          {"out_channels", int64_t(s.out_channels)},
          {"kernel_height", int64_t(s.kernel_height)},
          {"kernel_width", int64_t(s.kernel_width)},
          {"stride_y", int64_t(s.stride_y)},
          {"stride_x", int64_t(s.stride_x)},
          {"dilation_y", int64_t(s.dilation_y)},
          {"dilation_x", int64_t(s.dilation_x)},
          {"pad_top", int64_t(s.pad_top)},
          {"pad_left", int64_t(s.pad_left)},
          {"group_in_channels", int64_t(s.group_in_channels)},
          {"group_out_channels", int64_t(s.group_out_channels)}};
}

std::vector<Field> shape_fields(const ConvShape& s) {
  std::vector<Field> fields = geometry_fields(s);
  fields.push_back({"in_zero_point", int64_t(s.in_zero_point)});
  for (Field& f : output_stage_fields(output_stage(s))) fields.push_back(std::move(f));
  return fields;
}

template <class Shape>
std::string packed_shape(const Shape& s) {
  return fmt::format("[{}][{}][{}][{}]", s.out_channels, s.kernel_height, s.kernel_width, s.group_in_channels);
}

// The part that all forms share: `suffix` ends the kernel's name, `general_scratch` is conv2d's.
template <class Shape>
Layer portable(const Shape& s, int32_t out_height, const std::string& suffix, int64_t general_scratch) {
  const bool each_pixel = is_pointwise(s, out_height);
  Layer layer;
  layer.band = conv_contract(s);
  layer.takes_scratch = !each_pixel;
  if (each_pixel) {
    layer.kernel = "pointwise" + suffix;
  } else if (is_depthwise(s)) {
    layer.kernel = "depthwise" + suffix;
    layer.scratch_bytes = window_scratch_bytes(s);
  } else {
    layer.kernel = "conv2d" + suffix;
    layer.scratch_bytes = general_scratch;
  }
  layer.note = "portable";
  return layer;
}

// Constants of the int8 kernels; their weights differ in order, and in what `order` says of it.
void set_constants(Lowering& lowering, const IntegerConv& conv, const std::vector<int8_t>& weights,
                   const std::string& order, Layer& layer) {
  std::vector<int32_t> channels;
  for (size_t m = 0; m < conv.bias.size(); ++m) {
    channels.push_back(conv.bias[m]);
    channels.push_back(conv.multipliers[m]);
  }
  layer.shape_struct = "ConvShape";
  layer.shape = shape_fields(conv.shape);
  const int packed = lowering.constant(constant_of(
      conv.name + "_weights",
      packed_shape(conv.shape) + ": output channel, kernel row, kernel column, input channel" + order, weights));
  const int per_channel = lowering.constant(constant_of(
      conv.name + "_channels", fmt::format("[{}][2]: bias and multiplier", conv.shape.out_channels), channels));
  layer.fields = {{"weights", Field::Array{packed}}, {"channels", Field::Array{per_channel}}};
}

// `weights` in pack_conv's order.
Layer paired(Lowering& lowering, const IntegerConv& conv, const std::vector<int8_t>& weights) {
  const ConvShape& s = conv.shape;
  Layer layer = portable(s, conv.out_height, "_pairs", conv2d_pairs_scratch_bytes(s));
  if (is_pointwise(s, conv.out_height)) {
    layer.takes_scratch = true;
    layer.scratch_bytes = pointwise_pairs_scratch_bytes(s);
    if (s.out_channels <= s.in_channels) layer.inputs = {{-1, Overwrite::same_place}};
  }
  layer.headers = {"conv_pairs.hpp"};
  layer.constants_struct = "ConvPairs";
  layer.band = conv_pairs_contract(s);
  layer.note = "portable, two pixels in a word";
  std::vector<int8_t> packed(size_t(packed_conv_pairs_bytes(s)));
  pack_conv_pairs(s, weights.data(), packed.data());
  set_constants(lowering, conv, packed, fmt::format("; {} output channels side by side, two inputs each", pair_block),
                layer);
  return layer;
}

// What the kernels with panels of six pixels share. With `columns` there is one for has_six_columns() as well.
Layer six_pixels(const IntegerConv& conv, const std::string& suffix, bool columns) {
  const ConvShape& s = conv.shape;
  Layer layer = portable(s, conv.out_height, suffix, conv2d_six_scratch_bytes(s));
  if (is_pointwise(s, conv.out_height)) {
    layer.takes_scratch = true;
    layer.scratch_bytes = six_panel_bytes(s);
    if (s.out_channels <= s.in_channels) layer.inputs = {{-1, Overwrite::same_place}};
  }
  if (columns && has_six_columns(s)) {
    layer.kernel = "conv2d" + suffix + "_three";
    layer.scratch_bytes = conv2d_six_three_scratch_bytes(s);
  }
  return layer;
}

// `weights` in pack_conv's order.
Layer with_long_sums(Lowering& lowering, const IntegerConv& conv, const std::vector<int8_t>& weights) {
  Layer layer = six_pixels(conv, "_long", true);
  layer.headers = {"conv_long.hpp"};
  layer.constants_struct = "ConvLong";
  layer.note = "six pixels in three words, sums of 64 bits";
  set_constants(lowering, conv, weights, "", layer);
  return layer;
}

// `weights` in pack_conv's order.
Layer six_at_once(Lowering& lowering, const IntegerConv& conv, const std::vector<int8_t>& weights) {
  const ConvShape& s = conv.shape;
  Layer layer = six_pixels(conv, "_six", true);
  layer.headers = {"conv_six.hpp"};
  layer.constants_struct = "ConvSix";
  layer.note = "six pixels in three words, groups of values as long as the weights allow";
  std::vector<int8_t> packed(size_t(pack_conv_six(s, weights.data(), nullptr)));
  pack_conv_six(s, weights.data(), packed.data());
  std::vector<int32_t> channels(size_t(six_pairs(s.out_channels) * six_channel_words));
  pack_six_channels(s.out_channels, conv.bias.data(), conv.multipliers.data(), channels.data());
  layer.shape_struct = "ConvShape";
  layer.shape = shape_fields(s);
  const int weights_constant = lowering.constant(constant_of(
      conv.name + "_weights",
      packed_shape(s) + " by pairs of output channels: groups of a byte 2*length and values in turn; then 0", packed));
  const int channels_constant =
      lowering.constant(constant_of(conv.name + "_channels",
                                    fmt::format("[{}][{}]: first channel of the pair, then bias and multiplier of both",
                                                six_pairs(s.out_channels), six_channel_words),
                                    channels));
  layer.fields = {{"weights", Field::Array{weights_constant}}, {"channels", Field::Array{channels_constant}}};
  return layer;
}

// `weights` in pack_conv's order.
Layer single_channels(Lowering& lowering, const IntegerConv& conv, const std::vector<int8_t>& weights) {
  const ConvShape& s = conv.shape;
  Layer layer = six_pixels(conv, "_single", false);
  layer.headers = {"conv_single.hpp"};
  layer.constants_struct = "ConvSingle";
  layer.note = "six pixels in three words, groups of values as long as the weights allow";
  layer.shape_struct = "ConvShape";
  layer.shape = shape_fields(s);
  std::vector<int8_t> packed(size_t(pack_conv_single(s, weights.data(), nullptr)));
  pack_conv_single(s, weights.data(), packed.data());
  std::vector<int32_t> channels(size_t(s.out_channels * single_channel_words));
  pack_single_channels(s, weights.data(), conv.bias.data(), conv.multipliers.data(), channels.data());
  const int weights_constant = lowering.constant(constant_of(
      conv.name + "_weights", packed_shape(s) + " in groups, each behind a byte with its length; then 0", packed));
  const int channels_constant = lowering.constant(constant_of(
      conv.name + "_channels",
      fmt::format("[{}][{}]: starts of two sums, multiplier", s.out_channels, single_channel_words), channels));
  layer.fields = {{"weights", Field::Array{weights_constant}}, {"channels", Field::Array{channels_constant}}};
  return layer;
}

// A depthwise convolution for which the portable kernel has a loop that keeps its weights in registers, if there are
// enough: that is less than finding each value through a table.
bool portable_3x3(const ConvShape& s) {
  return s.kernel_height == 3 && s.kernel_width == 3 && s.stride_x == 1 && s.dilation_x == 1 && s.pad_left <= 1 &&
         walk_pad_right(s) <= 1;
}

}  // namespace

// The reference form of portable_kernels is the plain one: it shares least with the others.
void set_output_stage(ConvShape& shape, const OutputStage& s) {
  shape.offset = s.offset;
  shape.shift = s.shift;
  shape.left_shift = s.left_shift;
  shape.zero_point = s.zero_point;
  shape.low = s.low;
  shape.high = s.high;
  shape.ties_to_even = s.ties_to_even;
}

std::vector<Layer> conv_alternatives(Lowering& lowering, const IntegerConv& conv) {
  if (lowering.features().mve)
    if (std::optional<Layer> layer = choose_mve_conv(lowering, conv)) return {std::move(*layer)};
  if (lowering.features().dsp)
    if (std::vector<Layer> layers = dsp_conv_alternatives(lowering, conv); !layers.empty()) return layers;
  const ConvShape& s = conv.shape;
  std::vector<int8_t> weights(conv.weights.size());
  pack_conv(s, conv.weights.data(), weights.data());
  if (lowering.features().rv32 && conv_six_takes(s)) return {six_at_once(lowering, conv, weights)};
  if (lowering.features().armv7m && conv_long_takes(s, weights.data()))
    return {with_long_sums(lowering, conv, weights)};
  const bool dense = s.group_in_channels == s.in_channels;
  if (lowering.features().thumb1 && dense) return {single_channels(lowering, conv, weights)};
  if (dense && !lowering.options().portable_kernels && weights_pair(weights.data(), s.out_channels, conv_depth(s)))
    return {paired(lowering, conv, weights)};
  Layer layer = portable(s, conv.out_height, "", conv2d_scratch_bytes(s));
  layer.headers = {"conv.hpp"};
  const Features f = lowering.features();
  const bool scalar = f.rv32 || f.thumb1 || f.armv7m;
  if (scalar && depthwise_walks(s, conv.out_height)) {
    layer.kernel = s.stride_x == 1 ? "depthwise_walk" : "depthwise_walk_2";
    layer.headers = {"depthwise_walk.hpp"};
    layer.takes_scratch = false;
    layer.scratch_bytes = 0;
    layer.note = "each channel walks down its rows, its sums in registers";
  } else if (scalar && depthwise_fours_takes(s, conv.out_height) && !(f.rv32 && portable_3x3(s))) {
    layer.kernel = "depthwise_fours";
    layer.headers = {"depthwise_fours.hpp"};
    layer.scratch_bytes = depthwise_fours_scratch_bytes(s);
    layer.note = "four pixels at a time, found through a table";
  }
  layer.constants_struct = "Conv2d";
  set_constants(lowering, conv, weights, "", layer);
  return {std::move(layer)};
}

std::vector<Layer> conv_alternatives(Lowering& lowering, const FloatConv& conv) {
  const ConvFloatShape& s = conv.shape;
  Layer layer = portable(s, conv.out_height, "_f32", window_scratch_bytes(s));
  std::vector<float> packed(conv.weights.size());
  std::string order = ": output channel, kernel row, kernel column, input channel";
  if (is_depthwise(s) && lowering.features().fpu && s.group_out_channels == 1) {
    layer.kernel = "depthwise_eights_f32";
    layer.note = fmt::format("{} channels side by side", depthwise_float_block);
    pack_depthwise_eights(s, conv.weights.data(), packed.data());
    order += fmt::format("; {} channels side by side", depthwise_float_block);
  } else if (is_depthwise(s)) {
    pack_conv(s, conv.weights.data(), packed.data());
  } else {
    if (lowering.features().fpu && gathers_floats(s) && !is_pointwise(s, conv.out_height)) {
      layer.kernel = "conv2d_panel_f32";
      layer.scratch_bytes = float_panel_scratch_bytes(s);
      layer.note = "values under the kernel gathered for two pixels";
    }
    pack_conv_float(s, conv.weights.data(), packed.data());
    order += fmt::format("; {} output channels side by side", float_block);
  }
  layer.headers = {"conv_float.hpp"};
  layer.constants_struct = "ConvFloat";
  layer.shape_struct = "ConvFloatShape";
  layer.shape = geometry_fields(s);
  const int weights = lowering.constant(constant_of(conv.name + "_weights", packed_shape(s) + order, packed));
  const int bias = lowering.constant(constant_of(conv.name + "_bias", fmt::format("[{}]", s.out_channels), conv.bias));
  layer.fields = {
      {"weights", Field::Array{weights}}, {"bias", Field::Array{bias}}, {"low", conv.low}, {"high", conv.high}};
  return {std::move(layer)};
}

}  // namespace thimble::compiler
