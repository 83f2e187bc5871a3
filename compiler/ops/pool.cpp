// How pools are read from ONNX, their shape rule and their meaning. How they lower: pool_lower.cpp.
#include "compiler/ops/pool.hpp"

#include <algorithm>
#include <limits>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"

namespace thimble::compiler {

namespace {

std::string text_of(const std::vector<int64_t>& values) {
  return fmt::format("[{}]", fmt::join(values, ","));
}

int64_t span_of(const PoolAttributes& p, size_t axis) {
  return (p.kernel[axis] - 1) * p.dilations[axis] + 1;
}

// Output positions along one axis. In ceil mode the last window must begin inside the input or the padding in front.
int64_t output_extent(const PoolAttributes& p, size_t axis, int64_t in) {
  const int64_t room = in + p.pads_begin[axis] + p.pads_end[axis] - span_of(p, axis), stride = p.strides[axis];
  if (!p.ceil_mode) return room / stride + 1;
  const int64_t out = (room + stride - 1) / stride + 1;
  return (out - 1) * stride >= in + p.pads_begin[axis] ? out - 1 : out;
}

std::vector<int64_t> per_axis(ImportNode& node, const char* attribute, size_t count, int64_t if_absent, int64_t least) {
  std::vector<int64_t> values = node.integers(attribute, std::vector<int64_t>(count, if_absent));
  if (values.size() != count)
    throw node.error(fmt::format("{} has {} entries, its input asks for {}", attribute, values.size(), count),
                     "Give one for each spatial axis (pads: begin and end of each).");
  for (int64_t v : values)
    if (v < least || v > INT32_MAX)
      throw node.error(
          fmt::format("{} is {}: entries must lie between {} and {}", attribute, text_of(values), least, INT32_MAX),
          "Correct the attribute.");
  return values;
}

// SAME makes the output ceil(input / stride) long, the odd position at the end (SAME_UPPER) or at the beginning.
void resolve_auto_pad(ImportNode& node, PoolAttributes& p, const std::vector<int64_t>& in) {
  const std::string automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "NOTSET") return;
  if (automatic != "SAME_UPPER" && automatic != "SAME_LOWER" && automatic != "VALID")
    throw node.error("auto_pad is '" + automatic + "', known are NOTSET, SAME_UPPER, SAME_LOWER and VALID",
                     "Use one of these.");
  for (size_t i = 0; i < in.size(); ++i) {
    const int64_t out = (in[i] + p.strides[i] - 1) / p.strides[i];
    const int64_t total =
        automatic == "VALID" ? 0 : std::max<int64_t>(0, (out - 1) * p.strides[i] + span_of(p, i) - in[i]);
    p.pads_begin[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
    p.pads_end[i] = total - p.pads_begin[i];
  }
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
  p.kernel = per_axis(node, "kernel_shape", axes, 1, 1);
  p.strides = per_axis(node, "strides", axes, 1, 1);
  p.dilations = per_axis(node, "dilations", axes, 1, 1);
  const std::vector<int64_t> pads = per_axis(node, "pads", 2 * axes, 0, 0);
  p.pads_begin.assign(pads.begin(), pads.begin() + long(axes));
  p.pads_end.assign(pads.begin() + long(axes), pads.end());
  resolve_auto_pad(node, p, in);
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

// One window along one axis: its positions that lie inside the input, and how many count for an average.
struct AxisWindow {
  std::vector<int64_t> inside;
  int64_t counted = 0;
};
AxisWindow window_along(const PoolAttributes& p, size_t axis, int64_t in, int64_t out) {
  AxisWindow w;
  for (int64_t i = 0; i < p.kernel[axis]; ++i) {
    const int64_t at = out * p.strides[axis] - p.pads_begin[axis] + i * p.dilations[axis];
    if (at >= 0 && at < in) w.inside.push_back(at);
    w.counted += p.count_include_pad ? at < in + p.pads_end[axis] : at >= 0 && at < in;
  }
  return w;
}

}  // namespace

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
      fmt::format("kernel={} strides={} dilations={} pads={}{}", text_of(pool_.kernel), text_of(pool_.strides),
                  text_of(pool_.dilations), text_of(pool_.pads_begin), text_of(pool_.pads_end));
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
      const AxisWindow rows = window_along(pool_, 0, xs[2], y);
      for (int64_t x = 0; x < out_width; ++x) {
        const AxisWindow columns = two ? window_along(pool_, 1, width, x) : AxisWindow{{0}, 1};
        double largest = -std::numeric_limits<double>::infinity(), sum = 0;
        for (int64_t iy : rows.inside)
          for (int64_t ix : columns.inside) {
            const double v = in[0].values[size_t((plane * xs[2] + iy) * width + ix)];
            largest = std::max(largest, v);
            sum += v;
          }
        const double v = kind_ == PoolKind::max ? largest : sum / double(rows.counted * columns.counted);
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
