// Pad by constants, the edge, its reflection or the other side. A Pad before a convolution is the convolution's own.
#include "compiler/ops/pad.hpp"

#include <algorithm>

#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/described.hpp"
#include "thimble/pad.pack.hpp"

namespace thimble::compiler {

namespace {

constexpr std::pair<std::string_view, PadMode> modes[] = {
    {"constant", PadMode::constant}, {"edge", PadMode::edge}, {"reflect", PadMode::reflect}, {"wrap", PadMode::wrap}};

struct PadAxis {
  int32_t extent, in_extent, before;
};

std::vector<PadAxis> collapsed(const std::vector<PadAxis>& all) {
  const auto bare = [](const PadAxis& a) { return a.before == 0 && a.extent == a.in_extent; };
  std::vector<PadAxis> axes;
  for (const PadAxis& a : all) {
    if (!axes.empty() && bare(axes.back()) && bare(a))
      axes.back() = {axes.back().extent * a.extent, axes.back().in_extent * a.in_extent, 0};
    else
      axes.push_back(a);
  }
  return axes;
}

// The stored form of `value`, as the low bits of an int32.
int32_t stored_bits(double value, const TensorType& type) {
  const Tensor t = from_real({{}, {value}}, {type.element, {}, type.quantization});
  int32_t bits = 0;
  std::memcpy(&bits, t.bytes.data(), t.bytes.size());
  return bits;
}

}  // namespace

std::string PadOp::attributes() const {
  std::string text = fmt::format("before=[{}] behind=[{}] {}", fmt::join(before_, ","), fmt::join(behind_, ","),
                                 modes[size_t(mode_)].first);
  if (mode_ == PadMode::constant) text += fmt::format(" {}", value_);
  return text;
}

std::vector<TensorType> PadOp::infer(std::span<const TensorType> in, const std::string& node) const {
  TensorType out = in[0];
  if (before_.size() != out.shape.size())
    throw Error(described(*this, node),
                fmt::format("it has pads for {} axes, its operand has {}", before_.size(), out.shape.size()),
                "Give two pads for each axis.");
  for (size_t i = 0; i < out.shape.size(); ++i) {
    const int64_t extent = out.shape[i];
    out.shape[i] += before_[i] + behind_[i];
    if (out.shape[i] <= 0)
      throw Error(
          node, fmt::format("pads {} and {} leave nothing of axis {}, which has {}", before_[i], behind_[i], i, extent),
          "Cut less off.");
    const int64_t reach = mode_ == PadMode::reflect ? extent - 1 : extent;
    if ((mode_ == PadMode::reflect || mode_ == PadMode::wrap) && std::max(before_[i], behind_[i]) > reach)
      throw Error(described(*this, node),
                  fmt::format("pad {} of axis {} shows more than the {} elements there are to show",
                              std::max(before_[i], behind_[i]), i, reach),
                  "Pad less.");
  }
  return {out};
}

std::vector<RealTensor> PadOp::eval(std::span<const RealTensor> in) const {
  const Shape& from = in[0].shape;
  RealTensor out{from, {}};
  for (size_t i = 0; i < from.size(); ++i) out.shape[i] += before_[i] + behind_[i];
  const int64_t count = element_count(out.shape);
  for (int64_t k = 0; k < count; ++k) {
    int64_t rest = k, at = 0, stride = 1;
    bool border = false;
    for (size_t i = from.size(); i-- > 0; rest /= out.shape[i], stride *= from[i]) {
      const int32_t source = pad_source(int32_t(rest % out.shape[i] - before_[i]), int32_t(from[i]), int32_t(mode_));
      border = border || source < 0;
      at += source * stride;
    }
    out.values.push_back(border ? value_ : in[0].values[size_t(at)]);
  }
  return {out};
}

void PadOp::lower(Lowering& lowering, const Node& node) const {
  const Value *in = node.inputs[0], *out = node.outputs[0];
  if (size_of(in->type.element) > 4 || (in->type.quantization && in->type.quantization->per_axis()))
    throw Error(described(node), "no kernel pads " + to_string(in->type),
                "Elements have 4 bytes at most, and one scale.");
  const Layout layout = lowering.layout_of(in);
  std::vector<PadAxis> all;
  for (int axis : Lowering::physical_axes(layout, before_.size())) {
    const auto i = size_t(axis);
    all.push_back({int32_t(out->type.shape[i]), int32_t(in->type.shape[i]), int32_t(before_[i])});
  }
  std::vector<int32_t> extents, in_extents, before;
  for (const PadAxis& a : collapsed(all)) {
    extents.push_back(a.extent);
    in_extents.push_back(a.in_extent);
    before.push_back(a.before);
  }
  if (int32_t(extents.size()) > max_pad_axes)
    throw Error(described(node), fmt::format("it pads {} axes, the runtime {} at most", extents.size(), max_pad_axes),
                "Pad in two steps.");
  const auto array = [&](const char* member, const char* comment, const std::vector<int32_t>& values) {
    const ConstantArray made = ConstantArray::of(node.name + "_" + member, comment, values, false);
    return Field{member, Field::Array{lowering.constant(made)}};
  };
  Layer layer;
  layer.name = node.name;
  layer.kernel = "pad";
  layer.headers = {"pad.hpp"};
  layer.constants_struct = "Pad";
  layer.fields = {{"rank", int64_t(extents.size())},
                  array("extents", "axes of the result, outermost first", extents),
                  array("in_extents", "axes of the operand, outermost first", in_extents),
                  array("before", "border before the operand on each axis", before),
                  {"border", int64_t(mode_)},
                  {"value", int64_t(stored_bits(value_, in->type))}};
  layer.inputs = {{lowering.input(in, layout)}};
  layer.outputs = {lowering.output(out, layout)};
  lowering.add(std::move(layer));
}

namespace {

// Pads and their value: attributes up to opset 10, operands from 11 on; operand 3 names the axes from 18 on.
std::vector<int64_t> pads_of(ImportNode& n, size_t rank) {
  std::vector<int64_t> pads = n.integers("pads", {});
  if (const auto operand = n.constant_integers(1, "the pads")) pads = *operand;
  std::vector<int64_t> axes;
  if (const auto operand = n.constant_integers(3, "the axes"))
    axes = *operand;
  else
    for (size_t i = 0; i < rank; ++i) axes.push_back(int64_t(i));
  if (pads.size() != 2 * axes.size())
    throw n.error(fmt::format("it has {} pads for {} axes", pads.size(), axes.size()), "Give two pads for each axis.");
  std::vector<int64_t> all(2 * rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = normalized_axis(axes[i], rank, n.name());
    all[size_t(axis)] = pads[i];
    all[rank + size_t(axis)] = pads[axes.size() + i];
  }
  return all;
}

}  // namespace

void import_pad(ImportNode& n) {
  Value* x = n.required_input(0);
  const size_t rank = x->type.shape.size();
  const std::string wish = n.text("mode", "constant");
  const auto* mode = std::find_if(std::begin(modes), std::end(modes), [&](const auto& m) { return m.first == wish; });
  if (mode == std::end(modes)) throw n.error("its mode is '" + wish + "'", "Use constant, edge, reflect or wrap.");
  const std::vector<int64_t> pads = pads_of(n, rank);
  double value = double(n.real("value", 0));
  if (const auto operand = n.constant_reals(2, "the value"); operand && !operand->empty()) value = operand->front();
  const auto middle = pads.begin() + std::ptrdiff_t(rank);
  n.finish(
      std::make_shared<PadOp>(std::vector(pads.begin(), middle), std::vector(middle, pads.end()), mode->second, value),
      {x});
}

}  // namespace thimble::compiler
