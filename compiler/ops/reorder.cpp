// Reorders are lowered to the transpose kernel, with neighbouring axes that stay neighbours taken as one.
#include "compiler/ops/reorder.hpp"

#include "thimble/transpose.pack.hpp"

namespace thimble::compiler {

namespace {

struct Axis {
  int32_t extent, stride;
};

// The result's axes in the order they lie, with their strides in the operand.
std::vector<Axis> collapsed_axes(const Shape& shape, const std::vector<int>& from_axes,
                                 const std::vector<int>& to_axes) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = from_axes.size(); i-- > 0; stride *= shape[size_t(from_axes[i])])
    strides[size_t(from_axes[i])] = stride;
  std::vector<Axis> axes;
  for (int a : to_axes) {
    const Axis axis{int32_t(shape[size_t(a)]), int32_t(strides[size_t(a)])};
    if (axis.extent == 1) continue;
    if (!axes.empty() && axes.back().stride == axis.stride * axis.extent)
      axes.back() = {axes.back().extent * axis.extent, axis.stride};
    else
      axes.push_back(axis);
  }
  if (axes.empty()) axes.push_back({1, 1});
  return axes;
}

}  // namespace

void add_reorder(Lowering& lowering, const std::string& name, int from, int to, const std::vector<int>& from_axes,
                 const std::vector<int>& to_axes) {
  const Shape shape = lowering.program().buffers[size_t(from)].type.shape;
  std::vector<int32_t> extents, strides;
  for (const Axis& a : collapsed_axes(shape, from_axes, to_axes)) {
    extents.push_back(a.extent);
    strides.push_back(a.stride);
  }
  if (int32_t(extents.size()) > max_transpose_axes)
    throw Error(name, fmt::format("it reorders {} axes, the runtime {} at most", extents.size(), max_transpose_axes),
                "Split the transposition into two.");
  Layer layer;
  layer.name = name;
  layer.kernel = "transpose";
  layer.headers = {"transpose.hpp"};
  layer.constants_struct = "Transpose";
  layer.fields = {{"rank", int64_t(extents.size())},
                  {"extents", Field::Array{lowering.constant(ConstantArray::of(
                                  name + "_extents", "axes of the result, outermost first", extents, false))}},
                  {"strides", Field::Array{lowering.constant(ConstantArray::of(
                                  name + "_strides", "elements of the operand per step of an axis", strides, false))}}};
  layer.inputs = {{from}};
  layer.outputs = {to};
  lowering.add(std::move(layer));
}

}  // namespace thimble::compiler
