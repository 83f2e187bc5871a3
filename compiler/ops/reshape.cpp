// Reshape, Flatten, Squeeze and Unsqueeze become one op with a static shape; it is a view, or a conversion to the flat
// layout and a view of that.
#include "compiler/ops/reshape.hpp"

#include <algorithm>
#include <set>

#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/described.hpp"

namespace thimble::compiler {

namespace {

// The axis of `to` that has the extent of axis `axis` of `from` and as many elements before it; -1 when there is none.
int same_axis(const Shape& from, const Shape& to, int axis) {
  int64_t before = 1;
  for (int i = 0; i < axis; ++i) before *= from[size_t(i)];
  int64_t reached = 1;
  for (size_t i = 0; i < to.size(); reached *= to[i++])
    if (reached == before && to[i] == from[size_t(axis)]) return int(i);
  return -1;
}

// Axes of extent above 1 in the order they lie in memory, counted without those of extent 1.
std::vector<int> ranks_in_memory(const Shape& shape, Layout layout) {
  std::vector<int> number(shape.size());
  int next = 0;
  for (size_t i = 0; i < shape.size(); ++i) number[i] = shape[i] == 1 ? -1 : next++;
  std::vector<int> order;
  for (int axis : Lowering::physical_axes(layout, shape.size()))
    if (number[size_t(axis)] >= 0) order.push_back(number[size_t(axis)]);
  return order;
}

Shape without_units(Shape shape) {
  shape.erase(std::remove(shape.begin(), shape.end(), 1), shape.end());
  return shape;
}

}  // namespace

std::string ReshapeOp::attributes() const {
  return "shape=" + to_string(shape_);
}

std::vector<TensorType> ReshapeOp::infer(std::span<const TensorType> in, const std::string& node) const {
  TensorType out = in[0];
  if (element_count(in[0].shape) != element_count(shape_))
    throw Error(described(*this, node),
                fmt::format("{} has {} elements, the new shape {} has {}", to_string(in[0].shape),
                            element_count(in[0].shape), to_string(shape_), element_count(shape_)),
                "Give a shape with as many elements.");
  out.shape = shape_;
  if (!out.quantization || !out.quantization->per_axis()) return {out};
  out.quantization->axis = same_axis(in[0].shape, shape_, in[0].quantization->axis);
  if (out.quantization->axis < 0)
    throw Error(described(*this, node),
                fmt::format("it reshapes {} to {} across axis {}, along which it is quantized", to_string(in[0].shape),
                            to_string(shape_), in[0].quantization->axis),
                "Quantize the tensor after the reshape.");
  return {out};
}

std::vector<RealTensor> ReshapeOp::eval(std::span<const RealTensor> in) const {
  return {{shape_, in[0].values}};
}

void ReshapeOp::lower(Lowering& lowering, const Node& node) const {
  const Value* in = node.inputs[0];
  const Value* out = node.outputs[0];
  const Layout have = lowering.layout_of(in);
  if (without_units(in->type.shape) == without_units(shape_)) {
    // Only axes of extent 1 come or go: the bytes may stay as they are in a spatial layout too.
    for (Layout layout : {have, Layout::flat, Layout::nhwc}) {
      if (layout == Layout::planes || (layout == Layout::nhwc && !Lowering::spatial(out))) continue;
      if (ranks_in_memory(in->type.shape, have) != ranks_in_memory(shape_, layout)) continue;
      return lowering.alias(out, lowering.input(in, have), layout);
    }
  }
  lowering.alias(out, lowering.input(in, Layout::flat), Layout::flat);
}

// Opset 5 and above: -1 takes what is left, 0 copies the operand's extent unless allowzero is set.
void import_reshape(ImportNode& n) {
  Value* x = n.required_input(0);
  const auto wish = n.constant_integers(1, "the shape");
  if (!wish) throw n.error("it has no shape operand", "Convert the model to opset 5 or newer.");
  const bool allow_zero = n.integer("allowzero", 0) != 0;
  Shape shape = *wish;
  int64_t known = 1;
  int free_axes = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= x->type.shape.size())
        throw n.error(fmt::format("extent {} copies axis {} of a value of rank {}", i, i, x->type.shape.size()),
                      "Give that extent as a number.");
      shape[i] = x->type.shape[i];
    }
    if (shape[i] < -1 || shape[i] == 0)
      throw n.error(fmt::format("extent {} is {}", i, shape[i]), "Give positive extents.");
    if (shape[i] == -1)
      ++free_axes;
    else
      known *= shape[i];
  }
  const int64_t count = element_count(x->type.shape);
  if (free_axes > 1) throw n.error(fmt::format("{} of its extents are -1", free_axes), "Leave at most one open.");
  if (free_axes == 1 && count % known != 0)
    throw n.error(fmt::format("{} elements do not divide by the known extents, {}", count, known),
                  "Give a shape with as many elements.");
  std::replace(shape.begin(), shape.end(), int64_t(-1), count / known);
  n.finish(std::make_shared<ReshapeOp>(shape), {x});
}

void import_flatten(ImportNode& n) {
  Value* x = n.required_input(0);
  const Shape& s = x->type.shape;
  int64_t axis = n.integer("axis", 1);
  // The axis may equal the rank: then all lies before it.
  if (axis != int64_t(s.size())) axis = normalized_axis(axis, s.size(), n.name());
  const Shape before(s.begin(), s.begin() + axis);
  n.finish(std::make_shared<ReshapeOp>(Shape{element_count(before), element_count(s) / element_count(before)}), {x});
}

namespace {

// Axes as an attribute (up to opset 12) or as operand 1; nullopt when absent.
std::optional<std::vector<int64_t>> axes_of(ImportNode& n) {
  if (n.has("axes")) return n.integers("axes", {});
  return n.constant_integers(1, "the axes");
}

}  // namespace

void import_squeeze(ImportNode& n) {
  Value* x = n.required_input(0);
  const Shape& s = x->type.shape;
  std::set<int64_t> gone;
  if (const auto axes = axes_of(n)) {
    for (int64_t a : *axes) {
      const int64_t axis = normalized_axis(a, s.size(), n.name());
      if (s[size_t(axis)] != 1)
        throw n.error(fmt::format("axis {} has extent {}, not 1", a, s[size_t(axis)]), "Name axes of extent 1 only.");
      gone.insert(axis);
    }
  } else {
    for (size_t i = 0; i < s.size(); ++i)
      if (s[i] == 1) gone.insert(int64_t(i));
  }
  Shape shape;
  for (size_t i = 0; i < s.size(); ++i)
    if (gone.count(int64_t(i)) == 0) shape.push_back(s[i]);
  n.finish(std::make_shared<ReshapeOp>(shape), {x});
}

void import_unsqueeze(ImportNode& n) {
  Value* x = n.required_input(0);
  const auto axes = axes_of(n);
  if (!axes) throw n.error("it has no axes", "Give the axes to insert.");
  const size_t rank = x->type.shape.size() + axes->size();
  std::set<int64_t> made;
  for (int64_t a : *axes)
    if (!made.insert(normalized_axis(a, rank, n.name())).second)
      throw n.error(fmt::format("axis {} is inserted twice", a), "Name each axis once.");
  Shape shape;
  size_t next = 0;
  for (size_t i = 0; i < rank; ++i) shape.push_back(made.count(int64_t(i)) > 0 ? 1 : x->type.shape[next++]);
  n.finish(std::make_shared<ReshapeOp>(shape), {x});
}

}  // namespace thimble::compiler
