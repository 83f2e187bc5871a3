// Dense and depthwise convolutions on cores with Helium.
#include <fmt/format.h>

#include "compiler/ops/conv_dsp.hpp"
#include "compiler/requantize.hpp"
#include "thimble/arch/mve_conv.pack.hpp"
#include "thimble/arch/mve_depthwise.pack.hpp"

namespace thimble::compiler {

namespace {

const char* depthwise_kernel(const DepthwiseMveShape& s) {
  if (!depthwise_mve_saturates(output_stage(s))) return "depthwise_plain_mve";
  if (!depthwise_mve_is_3x3(s)) return "depthwise_mve";
  if (depthwise_mve_pixels(s) > 1) return "depthwise_3x3_narrow_mve";
  return s.stride_x == 1 ? "depthwise_3x3_mve" : "depthwise_3x3_stride2_mve";
}

std::vector<Field> depthwise_fields(const DepthwiseMveShape& s) {
  std::vector<Field> fields = {{"in_height", int64_t(s.in_height)},
                               {"in_width", int64_t(s.in_width)},
                               {"channels", int64_t(s.channels)},
                               {"out_width", int64_t(s.out_width)},
                               {"kernel_height", int64_t(s.kernel_height)},
                               {"kernel_width", int64_t(s.kernel_width)},
                               {"stride_y", int64_t(s.stride_y)},
                               {"stride_x", int64_t(s.stride_x)},
                               {"dilation_y", int64_t(s.dilation_y)},
                               {"dilation_x", int64_t(s.dilation_x)},
                               {"pad_top", int64_t(s.pad_top)},
                               {"pad_left", int64_t(s.pad_left)},
                               {"in_zero_point", int64_t(s.in_zero_point)}};
  for (Field& f : output_stage_fields(output_stage(s))) fields.push_back(std::move(f));
  return fields;
}

std::vector<Field> dense_fields(const ConvMveShape& s) {
  std::vector<Field> fields = {{"in_height", int64_t(s.in_height)},        {"in_width", int64_t(s.in_width)},
                               {"in_channels", int64_t(s.in_channels)},    {"out_width", int64_t(s.out_width)},
                               {"out_channels", int64_t(s.out_channels)},  {"kernel_height", int64_t(s.kernel_height)},
                               {"kernel_width", int64_t(s.kernel_width)},  {"stride_y", int64_t(s.stride_y)},
                               {"stride_x", int64_t(s.stride_x)},          {"pad_top", int64_t(s.pad_top)},
                               {"pad_left", int64_t(s.pad_left)},          {"dilation_y", int64_t(s.dilation_y)},
                               {"in_zero_point", int64_t(s.in_zero_point)}};
  for (Field& f : output_stage_fields(output_stage(s))) fields.push_back(std::move(f));
  return fields;
}

Layer depthwise(Lowering& lowering, const IntegerConv& conv) {
  const ConvShape& c = conv.shape;
  const DepthwiseMveShape s{c.in_height,    c.in_width,   c.in_channels,   c.out_width,  c.kernel_height,
                            c.kernel_width, c.stride_y,   c.stride_x,      c.dilation_y, c.dilation_x,
                            c.pad_top,      c.pad_left,   c.in_zero_point, c.offset,     c.shift,
                            c.left_shift,   c.zero_point, c.low,           c.high,       c.ties_to_even};
  const bool is_3x3 = depthwise_mve_saturates(output_stage(s)) && depthwise_mve_is_3x3(s);
  const int32_t groups = depthwise_mve_groups(s);
  std::vector<int32_t> packed(size_t(groups) * size_t(depthwise_mve_group_words(s, is_3x3)));
  pack_depthwise_mve(s, is_3x3, conv.weights.data(), conv.bias.data(), conv.multipliers.data(), packed.data());

  Layer layer;
  layer.kernel = depthwise_kernel(s);
  layer.headers = {"arch/mve_depthwise.hpp"};
  layer.constants_struct = "DepthwiseMve";
  layer.shape_struct = "DepthwiseMveShape";
  layer.shape = depthwise_fields(s);
  layer.band = conv_contract(c);
  layer.takes_scratch = true;
  layer.scratch_bytes = depthwise_mve_scratch_bytes(s);
  layer.note = "Helium, sixteen channels at a time";
  const int g =
      lowering.constant(constant_of(conv.name + "_groups",
                                    fmt::format("[{}]: biases and multipliers of sixteen channels, then {} taps",
                                                groups, depthwise_mve_taps(s, is_3x3)),
                                    packed));
  layer.fields = {{"groups", Field::Array{g}}};
  return layer;
}

Layer dense(Lowering& lowering, const IntegerConv& conv) {
  const ConvShape& c = conv.shape;
  const ConvMveShape s{c.in_height,     c.in_width,     c.in_channels,   c.out_width, c.out_channels,
                       c.kernel_height, c.kernel_width, c.stride_y,      c.stride_x,  c.pad_top,
                       c.pad_left,      c.dilation_y,   c.in_zero_point, c.offset,    c.shift,
                       c.left_shift,    c.zero_point,   c.low,           c.high,      c.ties_to_even};
  std::vector<int8_t> ordered(conv.weights.size()), weights(size_t(packed_conv_mve_bytes(s)));
  pack_conv(c, conv.weights.data(), ordered.data());
  pack_conv_mve(s, ordered.data(), weights.data());
  std::vector<int32_t> channels(size_t(packed_conv_mve_channel_words(s)));
  pack_conv_mve_channels(s, conv.bias.data(), conv.multipliers.data(), channels.data());

  Layer layer;
  const bool each_pixel = conv_mve_is_pointwise(s, conv.out_height), saturates = conv_mve_saturates(output_stage(s));
  layer.kernel = std::string(each_pixel ? "pointwise" : "conv2d") + (saturates ? "_mve" : "_plain_mve");
  layer.headers = {"arch/mve_conv.hpp"};
  layer.constants_struct = "ConvMve";
  layer.shape_struct = "ConvMveShape";
  layer.shape = dense_fields(s);
  layer.band = conv_mve_contract(s);
  layer.takes_scratch = !each_pixel;
  layer.scratch_bytes = each_pixel ? 0 : conv_mve_scratch_bytes(s);
  layer.note = saturates ? "Helium" : "Helium, any output stage";
  const int32_t quads = conv_mve_quads(s);
  const int w = lowering.constant(constant_of(
      conv.name + "_weights",
      fmt::format("[{}][2][{}][2][16]: four output channels as pairs, vectors of inputs", quads, conv_mve_vectors(s)),
      weights));
  const int k = lowering.constant(
      constant_of(conv.name + "_channels", fmt::format("[{}][8]: four biases, four multipliers", quads), channels));
  layer.fields = {{"weights", Field::Array{w}}, {"channels", Field::Array{k}}};
  return layer;
}

bool takes_depthwise(const IntegerConv& conv) {
  const ConvShape& s = conv.shape;
  return is_depthwise(s) && s.group_out_channels == 1 && s.out_width > 1 &&
         depthwise_mve_fits(conv.weights.data(), s.in_channels, s.kernel_height * s.kernel_width);
}

}  // namespace

std::optional<Layer> choose_mve_conv(Lowering& lowering, const IntegerConv& conv) {
  if (takes_depthwise(conv)) return depthwise(lowering, conv);
  if (!dsp_writes_planes(conv.shape)) return {};
  return dense(lowering, conv);
}

}  // namespace thimble::compiler
