// Slice and Split copy with strides; each result of a Split is a Slice of its own.
#include "compiler/ops/slice.hpp"

#include <algorithm>

#include "compiler/import_node.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/reorder.hpp"

namespace thimble::compiler {

std::string SliceOp::attributes() const {
  std::string text;
  for (const SliceAxis& a : axes_) text += fmt::format("{}{}:{}x{}", text.empty() ? "" : ",", a.start, a.step, a.count);
  return text;
}

std::vector<TensorType> SliceOp::infer(std::span<const TensorType> in, const std::string& node) const {
  TensorType out = in[0];
  ensure(axes_.size() == out.shape.size(), "Slice '" + node + "' is made for another rank");
  for (size_t i = 0; i < axes_.size(); ++i) {
    const SliceAxis& a = axes_[i];
    const int64_t last = a.start + (a.count - 1) * a.step;
    if (a.count < 1 || std::min(a.start, last) < 0 || std::max(a.start, last) >= out.shape[i])
      throw Error(
          node,
          fmt::format("it takes {} elements from {} on of axis {}, which has {}", a.count, a.start, i, out.shape[i]),
          "Take at least one element, inside the axis.");
    if (out.quantization && out.quantization->axis == int(i) && a != SliceAxis{0, 1, out.shape[i]})
      throw Error(described(*this, node), fmt::format("it cuts axis {}, along which its operand is quantized", i),
                  "Quantize per tensor.");
    out.shape[i] = a.count;
  }
  return {out};
}

std::vector<RealTensor> SliceOp::eval(std::span<const RealTensor> in) const {
  RealTensor out;
  for (const SliceAxis& a : axes_) out.shape.push_back(a.count);
  const int64_t count = element_count(out.shape);
  for (int64_t k = 0; k < count; ++k) {
    int64_t rest = k, at = 0, stride = 1;
    for (size_t i = axes_.size(); i-- > 0; rest /= axes_[i].count, stride *= in[0].shape[i])
      at += (axes_[i].start + rest % axes_[i].count * axes_[i].step) * stride;
    out.values.push_back(in[0].values[size_t(at)]);
  }
  return {out};
}

void SliceOp::lower(Lowering& lowering, const Node& node) const {
  const Value *in = node.inputs[0], *out = node.outputs[0];
  const Layout layout = lowering.layout_of(in);
  const std::vector<int> order = Lowering::physical_axes(layout, axes_.size());
  const std::vector<int64_t> strides = strides_in(in->type.shape, order);
  std::vector<CopyAxis> axes;
  int64_t start = 0;
  for (int axis : order) {
    const SliceAxis& a = axes_[size_t(axis)];
    axes.push_back({a.count, a.step * strides[size_t(axis)]});
    start += a.start * strides[size_t(axis)];
  }
  const int from = lowering.input(in, layout);
  add_strided_copy(lowering, node.name, from, lowering.output(out, layout), axes, start);
}

namespace {

std::vector<SliceAxis> whole(const Shape& shape) {
  std::vector<SliceAxis> axes;
  for (int64_t extent : shape) axes.push_back({0, 1, extent});
  return axes;
}

// Starts and ends below 0 count from the end; both are then clipped to the axis.
SliceAxis clipped(int64_t start, int64_t end, int64_t step, int64_t extent) {
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, extent);
    end = std::clamp<int64_t>(end, 0, extent);
    return {start, step, std::max<int64_t>(0, (end - start + step - 1) / step)};
  }
  start = std::clamp<int64_t>(start, 0, extent - 1);
  end = std::clamp<int64_t>(end, -1, extent - 1);
  return {start, step, std::max<int64_t>(0, (start - end - step - 1) / -step)};
}

// Attribute `name` (up to opset 9) or operand i.
std::optional<std::vector<int64_t>> list_of(ImportNode& n, const std::string& name, size_t i) {
  if (n.has(name)) return n.integers(name, {});
  return n.constant_integers(i, "the " + name);
}

}  // namespace

void import_slice(ImportNode& n) {
  Value* x = n.required_input(0);
  const Shape& shape = x->type.shape;
  const auto starts = list_of(n, "starts", 1), ends = list_of(n, "ends", 2), named = list_of(n, "axes", 3);
  if (!starts || !ends) throw n.error("it has no starts or no ends", "Give both.");
  const std::vector<int64_t> steps =
      n.constant_integers(4, "the steps").value_or(std::vector<int64_t>(starts->size(), 1));
  std::vector<int64_t> axes;
  for (size_t i = 0; i < starts->size(); ++i) axes.push_back(named && i < named->size() ? (*named)[i] : int64_t(i));
  if (ends->size() != starts->size() || steps.size() != starts->size() || (named && named->size() != starts->size()))
    throw n.error(fmt::format("it has {} starts, {} ends, {} steps and {} axes", starts->size(), ends->size(),
                              steps.size(), axes.size()),
                  "Give as many of each.");
  std::vector<SliceAxis> slice = whole(shape);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = size_t(normalized_axis(axes[i], shape.size(), n.name()));
    if (steps[i] == 0) throw n.error(fmt::format("the step of axis {} is 0", axis), "Steps are not 0.");
    slice[axis] = clipped((*starts)[i], (*ends)[i], steps[i], shape[axis]);
  }
  n.finish(std::make_shared<SliceOp>(slice), {x});
}

// Sizes are an attribute up to opset 12 and an operand from 13 on; without them all parts are equal, but for the last,
// which may be smaller.
void import_split(ImportNode& n) {
  Value* x = n.required_input(0);
  const Shape& shape = x->type.shape;
  const auto axis = size_t(normalized_axis(n.integer("axis", 0), shape.size(), n.name()));
  const auto parts = int64_t(n.output_count());
  if (const int64_t asked = n.integer("num_outputs", parts); asked != parts)
    throw n.error(fmt::format("num_outputs is {}, it has {} outputs", asked, parts), "Make them equal.");
  std::vector<int64_t> sizes;
  if (const auto given = list_of(n, "split", 1)) {
    sizes = *given;
  } else {
    const int64_t part = (shape[axis] + parts - 1) / parts;
    sizes.assign(size_t(parts), part);
    sizes.back() = shape[axis] - part * (parts - 1);
  }
  int64_t sum = 0;
  for (int64_t s : sizes) sum += s;
  if (int64_t(sizes.size()) != parts || sum != shape[axis])
    throw n.error(fmt::format("its {} parts have {} elements, axis {} has {}, and it has {} outputs", sizes.size(), sum,
                              axis, shape[axis], parts),
                  "Give one size for each output, which add up to the axis.");
  int64_t start = 0;
  for (size_t i = 0; i < sizes.size(); start += sizes[i++]) {
    if (!n.output_used(i)) continue;
    std::vector<SliceAxis> slice = whole(shape);
    slice[axis] = {start, 1, sizes[i]};
    n.bind(i, n.emit(std::make_shared<SliceOp>(slice), {x}));
  }
}

}  // namespace thimble::compiler
