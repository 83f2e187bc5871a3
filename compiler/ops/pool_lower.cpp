// Pools to layers, one image at a time.
#include <algorithm>
#include <set>

#include "compiler/error.hpp"
#include "compiler/ops/pool.hpp"
#include "compiler/requantize.hpp"
#include "thimble/global_average.pack.hpp"
#include "thimble/pool_words.pack.hpp"

namespace thimble::compiler {

namespace {

// Height and width of a pool; a 1-D pool has width 1.
struct Plane {
  int64_t height, width;
};
Plane plane_of(const std::vector<int64_t>& entries, int64_t absent) {
  return {entries[0], entries.size() > 1 ? entries[1] : absent};
}

PoolShape shape_of(const PoolAttributes& p, const Buffer& in, const Buffer& out) {
  const Plane kernel = plane_of(p.kernel, 1), stride = plane_of(p.strides, 1), dilation = plane_of(p.dilations, 1),
              pad = plane_of(p.pads_begin, 0);
  return {in.height,
          in.width,
          in.channels,
          out.width,
          int32_t(kernel.height),
          int32_t(kernel.width),
          int32_t(stride.height),
          int32_t(stride.width),
          int32_t(dilation.height),
          int32_t(dilation.width),
          int32_t(pad.height),
          int32_t(pad.width)};
}

std::vector<Field> shape_fields(const PoolShape& s) {
  return {{"in_height", int64_t(s.in_height)},
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
          {"pad_left", int64_t(s.pad_left)}};
}

// Every divisor that occurs.
std::vector<int64_t> divisors_of(const PoolAttributes& p, const Buffer& in, const Buffer& out,
                                 const std::string& where) {
  std::set<int64_t> rows, columns{1}, products;
  for (int64_t y = 0; y < out.height; ++y) rows.insert(counted_positions(p, 0, in.height, y));
  if (p.kernel.size() > 1) {
    columns.clear();
    for (int64_t x = 0; x < out.width; ++x) columns.insert(counted_positions(p, 1, in.width, x));
  }
  for (int64_t r : rows)
    for (int64_t c : columns) products.insert(r * c);
  const std::vector<int64_t> divisors(products.begin(), products.end());
  if (divisors.front() == 0)
    throw Error(where, "a window has 0 positions inside the input to average",
                "Use smaller pads or a smaller dilation.");
  return divisors;
}

Layer layer_of(const Node& node, std::string kernel, std::string constants, const PoolShape& shape, int in, int out) {
  Layer layer;
  layer.name = node.name;
  layer.kernel = std::move(kernel);
  layer.headers = {"pool.hpp"};
  layer.constants_struct = std::move(constants);
  layer.shape_struct = "PoolShape";
  layer.shape = shape_fields(shape);
  layer.inputs = {{in}};
  layer.outputs = {out};
  layer.band = pool_contract(shape);
  return layer;
}

void add_max_fields(Layer& layer, const TensorType& type, const ClampRange& clamp) {
  if (type.element == ElementType::float32) {
    layer.fields = {{"low", float(clamp.low)}, {"high", float(clamp.high)}};
    return;
  }
  StoredRange range{int32_t(lowest(type.element)), int32_t(highest(type.element))};
  if (type.quantization) range = stored_range({type.element, *type.quantization}, clamp);
  layer.fields = {{"low", int64_t(range.low)}, {"high", int64_t(range.high)}};
}

// Multipliers for all divisors from the least to the greatest; 0 for one that does not occur.
struct DivisorTable {
  ChosenOutputStage chosen;
  std::vector<int32_t> multipliers;
};
DivisorTable divisor_table(const std::vector<int64_t>& divisors, const Quantization& in, const TensorType& out,
                           const ClampRange& clamp, const std::string& where) {
  std::vector<ChannelRange> ranges;
  for (int64_t n : divisors)
    ranges.push_back({in.scales[0] / (float(n) * out.quantization->scales[0]), n * (-128 - in.zero_points[0]),
                      n * (127 - in.zero_points[0])});
  const StoredRange range = stored_range({out.element, *out.quantization}, clamp);
  DivisorTable table{choose_output_stage(ranges, out.quantization->zero_points[0], range.low, range.high, where), {}};
  table.multipliers.assign(size_t(divisors.back() - divisors.front() + 1), 0);
  for (size_t i = 0; i < divisors.size(); ++i)
    table.multipliers[size_t(divisors[i] - divisors.front())] = table.chosen.multipliers[i];
  return table;
}

// Max pools and averages of the same constants, eight or 16 channels at a time, where the core gains by it.
void use_blocks(const Features& features, const PoolShape& shape, Layer& layer) {
  const bool average = layer.kernel == "average_pool";
  const bool fits = average ? averages_in_halves(shape) : shape.channels >= pool_block;
  const bool helium = features.mve && shape.channels >= pool_block_mve;
  const bool words = features.dsp || (average && (features.armv7m || features.rv32));
  if (!fits || !(helium || words)) return;
  layer.kernel += helium ? "_mve" : "_words";
  layer.headers = {helium ? "arch/mve_pool.hpp" : "pool_words.hpp"};
}

// One window, without padding, is the whole image.
bool is_global(const PoolShape& s, const Buffer& out) {
  return out.height == 1 && s.out_width == 1 && s.kernel_height == s.in_height && s.kernel_width == s.in_width &&
         s.pad_top == 0 && s.pad_left == 0;
}

// The same average by the kernel for whole images; nullopt where its guards do not hold.
std::optional<Layer> global_average_layer(const Lowering& lowering, const Layer& plain, const PoolShape& pool,
                                          const DivisorTable& table, int64_t in_zero) {
  GlobalAverageShape shape{};
  shape.kernel_height = pool.kernel_height;
  shape.kernel_width = pool.kernel_width;
  shape.channels = pool.channels;
  if (!averages_in_halves(shape)) return {};
  const bool helium = lowering.features().mve && shape.channels >= pool_block_mve;
  Layer layer = plain;
  layer.kernel = helium ? "global_average_mve" : "global_average";
  layer.headers = {helium ? "arch/mve_pool.hpp" : "global_average.hpp"};
  layer.constants_struct = "GlobalAverage";
  layer.shape_struct = "GlobalAverageShape";
  layer.shape = {{"kernel_height", int64_t(shape.kernel_height)},
                 {"kernel_width", int64_t(shape.kernel_width)},
                 {"channels", int64_t(shape.channels)},
                 {"start", -in_zero * shape.kernel_height * shape.kernel_width}};
  for (Field& f : output_stage_fields(table.chosen.stage)) layer.shape.push_back(std::move(f));
  layer.fields = {{"multiplier", int64_t(table.multipliers[0])}};
  layer.band = global_average_contract(shape);
  return layer;
}

}  // namespace

void Pool::lower_image(Lowering& lowering, const Node& node, int in, int out) const {
  const std::string where = std::string(name()) + " '" + node.name + "'";
  const Buffer from = lowering.program().buffers[size_t(in)], to = lowering.program().buffers[size_t(out)];
  const PoolShape shape = shape_of(pool_, from, to);
  const bool real = to.type.element == ElementType::float32;
  if (kind_ == PoolKind::max) {
    const std::string kernel = real                                    ? "max_pool_f32"
                               : to.type.element == ElementType::uint8 ? "max_pool_u8"
                                                                       : "max_pool";
    Layer layer = layer_of(node, kernel, real ? "MaxPoolF32" : "MaxPool", shape, in, out);
    add_max_fields(layer, to.type, clamp_);
    if (kernel == "max_pool") use_blocks(lowering.features(), shape, layer);
    return lowering.add(std::move(layer));
  }
  const Plane pad_end = plane_of(pool_.pads_end, 0);
  const std::vector<int64_t> divisors = divisors_of(pool_, from, to, where);
  Layer layer = layer_of(node, real ? "average_pool_f32" : "average_pool", real ? "AveragePoolF32" : "AveragePool",
                         shape, in, out);
  layer.fields = {{"include_pad", int64_t(pool_.count_include_pad)},
                  {"padded_height", from.height + pad_end.height},
                  {"padded_width", from.width + pad_end.width}};
  if (real) {
    layer.fields.push_back({"low", float(clamp_.low)});
    layer.fields.push_back({"high", float(clamp_.high)});
    return lowering.add(std::move(layer));
  }
  const DivisorTable table = divisor_table(divisors, *from.type.quantization, to.type, clamp_, where);
  const int64_t in_zero = from.type.quantization->zero_points[0];
  layer.shape_struct = "AveragePoolShape";
  layer.shape.insert(layer.shape.end(), layer.fields.begin(), layer.fields.end());
  layer.shape.push_back({"in_zero", in_zero});
  layer.shape.push_back({"fewest", divisors.front()});
  for (Field& f : output_stage_fields(table.chosen.stage)) layer.shape.push_back(std::move(f));
  note_exactness(table.chosen, layer);
  Tensor multipliers = Tensor::of<int32_t>({int64_t(table.multipliers.size())}, table.multipliers);
  const int array = lowering.constant({node.name + "_multipliers",
                                       fmt::format("for windows of {} and more positions", divisors.front()),
                                       ElementType::int32, std::move(multipliers.bytes), false});
  layer.fields = {{"multipliers", Field::Array{array}}};
  use_blocks(lowering.features(), shape, layer);
  std::vector<Layer> alternatives{std::move(layer)};
  if (is_global(shape, to))
    if (std::optional<Layer> global = global_average_layer(lowering, alternatives[0], shape, table, in_zero))
      alternatives.push_back(std::move(*global));
  lowering.add(std::move(alternatives));
}

void Pool::lower(Lowering& lowering, const Node& node) const {
  const int in = lowering.input(node.inputs[0], Layout::nhwc), out = lowering.output(node.outputs[0], Layout::nhwc);
  for (int64_t n = 0; n < node.outputs[0]->type.shape[0]; ++n)
    lower_image(lowering, node, lowering.image(in, n), lowering.image(out, n));
}

}  // namespace thimble::compiler
