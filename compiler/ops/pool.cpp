// How pools are read from ONNX, their shape rule and their meaning. How they lower: pool_lower.cpp.
#include "compiler/ops/pool.hpp"

#include <algorithm>
#include <limits>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"
#include "compiler/ops/window_attributes.hpp"

namespace thimble::compiler {

namespace {

int64_t span_of(const PoolAttributes& p, size_t axis) {
  return window_span(p.kernel[axis], p.dilations[axis]);
}

// Output positions along one axis. In ceil mode the last window must begin inside the input or the padding in front.
int64_t output_extent(const PoolAttributes& p, size_t axis, int64_t in) {
  const int64_t room = in + p.pads_begin[axis] + p.pads_end[axis] - span_of(p, axis), stride = p.strides[axis];
  if (!p.ceil_mode) return room / stride + 1;
  const int64_t out = (room + stride - 1) / stride + 1;
  return (out - 1) * stride >= in + p.pads_begin[axis] ? out - 1 : out;
}

Value* checked_input(ImportNode& node) {
  Value* x = node.required_input(0);
  if (x->type.shape.size() == 5)
    throw node.error("3-D pooling (an input of 5 dimensions) is not supported", "Only 1-D and 2-D pools are.");
  if (x->type.shape.size() < 3 || x->type.shape.size() > 5)
    throw node.error(fmt::format("the input has {} dimensions", x->type.shape.size()),
                     "It must have 3 (a 1-D pool) or 4 (2-D).");
  return x;
}

void import_pool(ImportNode& node, PoolKind kind) {
  Value* x = checked_input(node);
  const std::vector<int64_t> in(x->type.shape.begin() + 2, x->type.shape.end());
  const size_t axes = in.size();
  PoolAttributes p;
  if (!node.has("kernel_shape"))
    throw node.error("attribute 'kernel_shape' is absent", "Give the extent of the window for each spatial axis.");
  p.kernel = spatial_entries(node, "kernel_shape", axes, 1, 1);
  p.strides = spatial_entries(node, "strides", axes, 1, 1);
  p.dilations = spatial_entries(node, "dilations", axes, 1, 1);
  Pads pads = import_pads(node, in, p.kernel, p.strides, p.dilations);
  p.pads_begin = std::move(pads.begin);
  p.pads_end = std::move(pads.end);
  p.ceil_mode = node.integer("ceil_mode", 0) != 0;
  if (kind == PoolKind::average) p.count_include_pad = node.integer("count_include_pad", 0) != 0;
  if (kind == PoolKind::max) {
    node.integer("storage_order", 0);  // of Indices only
    if (node.output_count() > 1 && node.output_used(1))
      throw node.error("its output Indices is used", "Only the pooled values are supported: remove what reads it.");
  }
  node.finish(std::make_shared<Pool>(kind, std::move(p)), {x});
}

void import_global(ImportNode& node, PoolKind kind) {
  Value* x = checked_input(node);
  node.finish(std::make_shared<Pool>(Pool::global(kind, x->type.shape)), {x});
}

// Where tap `tap` of the window at output position `out` lies.
int64_t position(const PoolAttributes& p, size_t axis, int64_t out, int64_t tap) {
  return out * p.strides[axis] - p.pads_begin[axis] + tap * p.dilations[axis];
}

std::vector<int64_t> positions_inside(const PoolAttributes& p, size_t axis, int64_t in, int64_t out) {
  std::vector<int64_t> inside;
  for (int64_t tap = 0; tap < p.kernel[axis]; ++tap) {
    const int64_t at = position(p, axis, out, tap);
    if (at >= 0 && at < in) inside.push_back(at);
  }
  return inside;
}

}  // namespace

int64_t counted_positions(const PoolAttributes& p, size_t axis, int64_t in, int64_t out) {
  if (!p.count_include_pad) return int64_t(positions_inside(p, axis, in, out).size());
  int64_t count = 0;
  for (int64_t tap = 0; tap < p.kernel[axis]; ++tap) count += position(p, axis, out, tap) < in + p.pads_end[axis];
  return count;
}

Pool::Pool(PoolKind kind, PoolAttributes attributes, ClampRange clamp)
    : kind_(kind), pool_(std::move(attributes)), clamp_(clamp) {}

Pool Pool::global(PoolKind kind, const Shape& input) {
  PoolAttributes p;
  p.kernel.assign(input.begin() + 2, input.end());
  p.strides = p.dilations = std::vector<int64_t>(p.kernel.size(), 1);
  p.pads_begin = p.pads_end = std::vector<int64_t>(p.kernel.size(), 0);
  return Pool(kind, std::move(p));
}

OpPtr Pool::with_clamp(const ClampRange& range) const {
  return std::make_shared<Pool>(kind_, pool_, clamp_.then(range));
}

std::string Pool::attributes() const {
  std::string text =
      fmt::format("kernel={} strides={} dilations={} pads={}{}", list_text(pool_.kernel), list_text(pool_.strides),
                  list_text(pool_.dilations), list_text(pool_.pads_begin), list_text(pool_.pads_end));
  if (pool_.ceil_mode) text += " ceil";
  if (pool_.count_include_pad) text += " include_pad";
  if (!clamp_.open()) text += fmt::format(" clamp=[{},{}]", clamp_.low, clamp_.high);
  return text;
}

std::vector<TensorType> Pool::infer(std::span<const TensorType> in, const std::string& node) const {
  const std::string where = std::string(name()) + " '" + node + "'";
  const TensorType& x = in[0];
  if (x.shape.size() != pool_.kernel.size() + 2)
    throw Error(
        where,
        fmt::format("the input has {} dimensions, the attributes are for {}", x.shape.size(), pool_.kernel.size() + 2),
        "Correct the model's shapes or attributes.");
  const bool byte = x.element == ElementType::int8 || x.element == ElementType::uint8;
  if (x.element != ElementType::float32 && !(byte && (kind_ == PoolKind::max || x.quantization)))
    throw Error(where, fmt::format("the input is {}", name_of(x.element)),
                kind_ == PoolKind::max ? "Only float32, int8 and uint8 are supported." : "Only float32 is supported.");
  Shape out{x.shape[0], x.shape[1]};
  for (size_t i = 0; i < pool_.kernel.size(); ++i) {
    const int64_t padded = x.shape[i + 2] + pool_.pads_begin[i] + pool_.pads_end[i];
    if (std::max(pool_.pads_begin[i], pool_.pads_end[i]) >= span_of(pool_, i) || x.shape[i + 2] < 1)
      throw Error(where,
                  fmt::format("the window spans {} positions along axis {}, the input has {} and pads of {} and {}",
                              span_of(pool_, i), i + 2, x.shape[i + 2], pool_.pads_begin[i], pool_.pads_end[i]),
                  "Pads must be smaller than the window, and the input not empty.");
    if (padded < span_of(pool_, i))
      throw Error(where,
                  fmt::format("the window spans {} positions along axis {}, the padded input has {}", span_of(pool_, i),
                              i + 2, padded),
                  "Correct the model's shapes or attributes.");
    out.push_back(output_extent(pool_, i, x.shape[i + 2]));
  }
  // Only what is chosen by order keeps the operand's quantization; one scale for each channel is kept too.
  if (kind_ == PoolKind::max) return {{x.element, std::move(out), x.quantization}};
  return {{ElementType::float32, std::move(out), {}}};
}

std::vector<RealTensor> Pool::eval(std::span<const RealTensor> in) const {
  const Shape& xs = in[0].shape;
  const bool two = pool_.kernel.size() == 2;
  Shape out_shape{xs[0], xs[1]};
  for (size_t i = 0; i < pool_.kernel.size(); ++i) out_shape.push_back(output_extent(pool_, i, xs[i + 2]));
  const int64_t width = two ? xs[3] : 1, out_width = two ? out_shape[3] : 1;
  RealTensor out{out_shape, {}};
  for (int64_t plane = 0; plane < xs[0] * xs[1]; ++plane)
    for (int64_t y = 0; y < out_shape[2]; ++y) {
      const std::vector<int64_t> rows = positions_inside(pool_, 0, xs[2], y);
      const int64_t counted_rows = counted_positions(pool_, 0, xs[2], y);
      for (int64_t x = 0; x < out_width; ++x) {
        const std::vector<int64_t> columns = two ? positions_inside(pool_, 1, width, x) : std::vector<int64_t>{0};
        const int64_t counted = counted_rows * (two ? counted_positions(pool_, 1, width, x) : 1);
        double largest = -std::numeric_limits<double>::infinity(), sum = 0;
        for (int64_t iy : rows)
          for (int64_t ix : columns) {
            const double v = in[0].values[size_t((plane * xs[2] + iy) * width + ix)];
            largest = std::max(largest, v);
            sum += v;
          }
        const double v = kind_ == PoolKind::max ? largest : sum / double(counted);
        out.values.push_back(v < clamp_.low ? clamp_.low : v > clamp_.high ? clamp_.high : v);
      }
    }
  return {std::move(out)};
}

bool Pool::integer_form(std::span<const TensorType> in, const Storage& stored_as) const {
  return kind_ == PoolKind::average && in[0].element == ElementType::int8 && in[0].quantization &&
         !in[0].quantization->per_axis() && stored_as.element == ElementType::int8 &&
         !stored_as.quantization.per_axis();
}

void import_max_pool(ImportNode& node) {
  import_pool(node, PoolKind::max);
}
void import_average_pool(ImportNode& node) {
  import_pool(node, PoolKind::average);
}
void import_global_max_pool(ImportNode& node) {
  import_global(node, PoolKind::max);
}
void import_global_average_pool(ImportNode& node) {
  import_global(node, PoolKind::average);
}

}  // namespace thimble::compiler
