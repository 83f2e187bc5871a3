// Reorders are lowered to the transpose kernel, with neighbouring axes that stay neighbours taken as one.
#include "compiler/ops/reorder.hpp"

#include <algorithm>

#include "thimble/transpose.pack.hpp"

namespace thimble::compiler {

namespace {

std::vector<CopyAxis> collapsed(const std::vector<CopyAxis>& all) {
  std::vector<CopyAxis> axes;
  for (const CopyAxis& axis : all) {
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

std::vector<int64_t> strides_in(const Shape& shape, const std::vector<int>& order) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = order.size(); i-- > 0; stride *= shape[size_t(order[i])]) strides[size_t(order[i])] = stride;
  return strides;
}

std::vector<std::byte> reordered(const Tensor& t, const std::vector<int>& order) {
  const size_t element = size_t(size_of(t.type.element));
  const std::vector<int64_t> strides = strides_in(t.type.shape, Lowering::physical_axes(Layout::flat, order.size()));
  std::vector<std::byte> bytes(t.bytes.size());
  for (size_t k = 0; k < bytes.size() / element; ++k) {
    int64_t rest = int64_t(k), at = 0;
    for (size_t i = order.size(); i-- > 0;) {
      const int64_t extent = t.type.shape[size_t(order[i])];
      at += rest % extent * strides[size_t(order[i])];
      rest /= extent;
    }
    std::copy_n(t.bytes.begin() + at * int64_t(element), element, bytes.begin() + int64_t(k * element));
  }
  return bytes;
}

void add_strided_copy(Lowering& lowering, const std::string& name, int from, int to, const std::vector<CopyAxis>& axes,
                      int64_t start) {
  std::vector<int32_t> extents, strides;
  for (const CopyAxis& a : collapsed(axes)) {
    extents.push_back(int32_t(a.extent));
    strides.push_back(int32_t(a.stride));
  }
  if (int32_t(extents.size()) > max_transpose_axes)
    throw Error(name, fmt::format("it reorders {} axes, the runtime {} at most", extents.size(), max_transpose_axes),
                "Split it into two steps of fewer axes.");
  const auto array = [&](const char* member, const char* comment, const std::vector<int32_t>& values) {
    return Field{member,
                 Field::Array{lowering.constant(ConstantArray::of(name + "_" + member, comment, values, false))}};
  };
  Layer layer;
  layer.name = name;
  layer.kernel = "transpose";
  layer.headers = {"transpose.hpp"};
  layer.constants_struct = "Transpose";
  layer.fields = {{"rank", int64_t(extents.size())},
                  array("extents", "axes of the result, outermost first", extents),
                  array("strides", "elements of the operand per step of an axis", strides),
                  {"start", start}};
  layer.inputs = {{from}};
  layer.outputs = {to};
  lowering.add(std::move(layer));
}

void add_reorder(Lowering& lowering, const std::string& name, int from, int to, const std::vector<int>& from_axes,
                 const std::vector<int>& to_axes) {
  const Shape shape = lowering.program().buffers[size_t(from)].type.shape;
  const std::vector<int64_t> strides = strides_in(shape, from_axes);
  std::vector<CopyAxis> axes;
  for (int a : to_axes) axes.push_back({shape[size_t(a)], strides[size_t(a)]});
  add_strided_copy(lowering, name, from, to, axes, 0);
}

}  // namespace thimble::compiler
