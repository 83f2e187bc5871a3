// Dense convolutions on cores with Helium.
#include <fmt/format.h>

#include "compiler/ops/conv_dsp.hpp"
#include "thimble/arch/mve_conv.pack.hpp"

namespace thimble::compiler {

std::optional<Layer> choose_mve_conv(Lowering& lowering, const IntegerConv& conv) {
  if (!dsp_writes_planes(conv.shape)) return {};
  const ConvDspShape s = dsp_shape(conv);
  std::vector<int8_t> weights(conv.weights.size());
  pack_conv(conv.shape, conv.weights.data(), weights.data());
  std::vector<int32_t> channels;
  for (size_t c = 0; c < conv.bias.size(); ++c) channels.insert(channels.end(), {conv.bias[c], conv.multipliers[c]});

  Layer layer;
  const bool each_pixel = is_pointwise(conv.shape, conv.out_height);
  const bool saturates = conv_mve_saturates(output_stage(s));
  layer.kernel = std::string(each_pixel ? "pointwise_mve" : "conv2d_mve") + (saturates ? "" : "_plain");
  layer.headers = {"arch/mve_conv.hpp"};
  layer.constants_struct = "ConvMve";
  layer.shape_struct = "ConvDspShape";
  layer.shape = dsp_shape_fields(conv);
  layer.band = conv_dsp_contract(s);
  layer.takes_scratch = !each_pixel;
  layer.scratch_bytes = each_pixel ? 0 : conv_mve_scratch_bytes(s);
  layer.note = saturates ? "Helium" : "Helium, any output stage";
  const int w = lowering.constant(
      constant_of(conv.name + "_weights",
                  fmt::format("[{}][{}][{}][{}]: output channel, kernel row, kernel column, input channel",
                              s.out_channels, s.kernel_height, s.kernel_width, s.in_channels),
                  weights));
  const int c = lowering.constant(
      constant_of(conv.name + "_channels", fmt::format("[{}][2]: bias and multiplier", s.out_channels), channels));
  layer.fields = {{"weights", Field::Array{w}}, {"channels", Field::Array{c}}};
  return layer;
}

}  // namespace thimble::compiler
