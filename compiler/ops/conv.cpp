// How Conv is read from ONNX, its shape rule and its meaning. How it lowers: conv_lower.cpp.
#include "compiler/ops/conv.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"
#include "compiler/ops/window_attributes.hpp"

namespace thimble::compiler {

namespace {

// Axes 2.. of a value or of weights.
std::vector<int64_t> spatial_axes(const Shape& shape) {
  return {shape.begin() + 2, shape.end()};
}

// Why these operands do not fit together; empty when they do.
std::string misfit(const ConvAttributes& conv, bool has_bias, std::span<const TensorType> in) {
  const Shape &x = in[0].shape, &w = in[1].shape;
  if (x.size() != conv.strides.size() + 2 || w.size() != x.size())
    return fmt::format("the input has {} dimensions, the weights {}, the attributes are for {}", x.size(), w.size(),
                       conv.strides.size() + 2);
  if (x[1] != w[1] * conv.group)
    return fmt::format("the input has {} channels, the weights are for {} ({} groups of {})", x[1], w[1] * conv.group,
                       conv.group, w[1]);
  if (w[0] % conv.group != 0 || w[0] == 0)
    return fmt::format("{} output channels do not divide into {} groups", w[0], conv.group);
  if (has_bias && in[2].shape != Shape{w[0]})
    return fmt::format("the bias is {}, {} output channels need {}", to_string(in[2].shape), w[0],
                       to_string(Shape{w[0]}));
  for (size_t i = 0; i < conv.strides.size(); ++i) {
    const int64_t padded = x[i + 2] + conv.pads_begin[i] + conv.pads_end[i];
    const int64_t span = window_span(w[i + 2], conv.dilations[i]);
    if (w[i + 2] < 1 || x[i + 2] < 1 || padded < span)
      return fmt::format("the kernel spans {} positions along axis {}, the padded input has {}", span, i + 2, padded);
  }
  return {};
}

// Output positions [first, last) along one axis at which kernel position `k` reads inside the input.
struct Reach {
  int64_t first, last;
};
Reach reach(const ConvAttributes& conv, size_t axis, int64_t k, int64_t in, int64_t out) {
  const int64_t offset = k * conv.dilations[axis] - conv.pads_begin[axis], stride = conv.strides[axis];
  const int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const int64_t last = in - 1 < offset ? 0 : std::min(out, (in - 1 - offset) / stride + 1);
  return {std::min(first, out), std::max(first, last)};
}

}  // namespace

Conv::Conv(ConvAttributes attributes, bool has_bias, ClampRange clamp)
    : conv_(std::move(attributes)), has_bias_(has_bias), clamp_(clamp) {}

std::shared_ptr<const Conv> Conv::with_pads(std::vector<int64_t> begin, std::vector<int64_t> end) const {
  ConvAttributes changed = conv_;
  changed.pads_begin = std::move(begin);
  changed.pads_end = std::move(end);
  return std::make_shared<Conv>(std::move(changed), has_bias_, clamp_);
}

std::shared_ptr<const Conv> Conv::with_bias() const {
  return std::make_shared<Conv>(conv_, true, clamp_);
}

std::shared_ptr<const Conv> Conv::with_group(int64_t group) const {
  ConvAttributes changed = conv_;
  changed.group = group;
  return std::make_shared<Conv>(std::move(changed), has_bias_, clamp_);
}

OpPtr Conv::with_clamp(const ClampRange& range) const {
  return std::make_shared<Conv>(conv_, has_bias_, clamp_.then(range));
}

std::string Conv::attributes() const {
  std::string text =
      fmt::format("strides={} dilations={} pads={}{} group={}{}", list_text(conv_.strides), list_text(conv_.dilations),
                  list_text(conv_.pads_begin), list_text(conv_.pads_end), conv_.group, has_bias_ ? " bias" : "");
  if (!clamp_.open()) text += fmt::format(" clamp=[{},{}]", clamp_.low, clamp_.high);
  return text;
}

std::vector<TensorType> Conv::infer(std::span<const TensorType> in, const std::string& node) const {
  ensure(in.size() == (has_bias_ ? 3u : 2u), "Conv '" + node + "': wrong number of operands");
  const std::string wrong = misfit(conv_, has_bias_, in);
  if (!wrong.empty()) throw Error("Conv '" + node + "'", wrong, "Correct the model's shapes or attributes.");
  Shape out{in[0].shape[0], in[1].shape[0]};
  for (size_t i = 0; i < conv_.strides.size(); ++i) {
    const int64_t padded = in[0].shape[i + 2] + conv_.pads_begin[i] + conv_.pads_end[i];
    out.push_back((padded - window_span(in[1].shape[i + 2], conv_.dilations[i])) / conv_.strides[i] + 1);
  }
  return {{ElementType::float32, std::move(out), {}}};
}

// Each weight is added to all outputs that it reaches, a row at a time. A 1-D convolution has one row.
std::vector<RealTensor> Conv::eval(std::span<const RealTensor> in) const {
  std::vector<TensorType> types;
  for (const RealTensor& t : in) types.push_back({ElementType::float32, t.shape, {}});
  RealTensor out{infer(types, "eval")[0].shape, {}};
  out.values.assign(size_t(element_count(out.shape)), 0.0);
  const Shape &xs = in[0].shape, &ws = in[1].shape, &ys = out.shape;
  const bool two = conv_.strides.size() == 2;
  const size_t last_axis = conv_.strides.size() - 1;
  const int64_t in_h = two ? xs[2] : 1, in_w = xs.back(), out_h = two ? ys[2] : 1, out_w = ys.back();
  const int64_t kernel_h = two ? ws[2] : 1, kernel_w = ws.back(), stride = conv_.strides[last_axis];
  const int64_t out_per_group = ws[0] / conv_.group;
  for (int64_t n = 0; n < xs[0]; ++n)
    for (int64_t m = 0; m < ws[0]; ++m) {
      double* plane = out.values.data() + (n * ws[0] + m) * out_h * out_w;
      if (has_bias_) std::fill_n(plane, out_h * out_w, in[2].values[size_t(m)]);
      for (int64_t c = 0; c < ws[1]; ++c) {
        const double* image = in[0].values.data() + (n * xs[1] + m / out_per_group * ws[1] + c) * in_h * in_w;
        const double* weight = in[1].values.data() + (m * ws[1] + c) * kernel_h * kernel_w;
        for (int64_t ky = 0; ky < kernel_h; ++ky) {
          const Reach rows = two ? reach(conv_, 0, ky, in_h, out_h) : Reach{0, 1};
          for (int64_t kx = 0; kx < kernel_w; ++kx, ++weight) {
            if (*weight == 0) continue;
            const Reach columns = reach(conv_, last_axis, kx, in_w, out_w);
            const int64_t dx = kx * conv_.dilations[last_axis] - conv_.pads_begin[last_axis];
            for (int64_t y = rows.first; y < rows.last; ++y) {
              const int64_t iy = two ? y * conv_.strides[0] + ky * conv_.dilations[0] - conv_.pads_begin[0] : 0;
              const double* row = image + iy * in_w + dx;
              for (int64_t x = columns.first; x < columns.last; ++x) plane[y * out_w + x] += *weight * row[x * stride];
            }
          }
        }
      }
    }
  if (!clamp_.open())
    for (double& v : out.values) v = std::clamp(v, clamp_.low, clamp_.high);
  return {std::move(out)};
}

bool Conv::integer_form(std::span<const TensorType> in, const Storage& stored_as) const {
  const auto zero_points_are_0 = [](const Quantization& q) {
    return std::all_of(q.zero_points.begin(), q.zero_points.end(), [](int32_t z) { return z == 0; });
  };
  const auto& [x, w] = std::pair(in[0], in[1]);
  if (x.element != ElementType::int8 || !x.quantization || x.quantization->per_axis()) return false;
  if (w.element != ElementType::int8 || !w.quantization || !zero_points_are_0(*w.quantization)) return false;
  if (w.quantization->per_axis() && w.quantization->axis != 0) return false;
  if (has_bias_ && (in[2].element != ElementType::int32 || !in[2].quantization)) return false;
  return stored_as.element == ElementType::int8 && !stored_as.quantization.per_axis();
}

int64_t Conv::macs(std::span<const TensorType> in, std::span<const TensorType> out) const {
  const Shape& w = in[1].shape;
  return element_count(out[0].shape) * (element_count(w) / w[0]);
}

std::shared_ptr<const Conv> conv_of(ImportNode& node, const Shape& xs, const Shape& ws, bool has_bias) {
  if (xs.size() == 5)
    throw node.error("3-D convolution (an input of 5 dimensions) is not supported",
                     "Only 1-D and 2-D convolutions are.");
  if (xs.size() < 3 || xs.size() > 5 || ws.size() != xs.size())
    throw node.error(fmt::format("the input has {} dimensions and the weights {}", xs.size(), ws.size()),
                     "Both must have 3 (1-D convolution) or 4 (2-D).");
  const std::vector<int64_t> kernel = spatial_axes(ws);
  const std::vector<int64_t> stated = node.integers("kernel_shape", kernel);
  if (stated != kernel)
    throw node.error(fmt::format("kernel_shape is {}, the weights have {}", list_text(stated), list_text(kernel)),
                     "Make both the same.");
  ConvAttributes conv;
  conv.group = node.integer("group", 1);
  if (conv.group < 1)
    throw node.error(fmt::format("group is {}, at least 1 is needed", conv.group), "Correct the attribute.");
  conv.strides = spatial_entries(node, "strides", kernel.size(), 1, 1);
  conv.dilations = spatial_entries(node, "dilations", kernel.size(), 1, 1);
  Pads pads = import_pads(node, spatial_axes(xs), kernel, conv.strides, conv.dilations);
  conv.pads_begin = std::move(pads.begin);
  conv.pads_end = std::move(pads.end);
  return std::make_shared<Conv>(std::move(conv), has_bias);
}

void import_conv(ImportNode& node) {
  std::vector<Value*> operands{node.required_input(0), node.required_input(1)};
  if (node.input(2)) operands.push_back(node.input(2));
  node.finish(conv_of(node, operands[0]->type.shape, operands[1]->type.shape, operands.size() == 3), operands);
}

}  // namespace thimble::compiler
