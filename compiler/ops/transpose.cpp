// Transpose is a view in another layout where no byte moves, and a reorder else.
#include "compiler/ops/transpose.hpp"

#include <algorithm>

#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/reorder.hpp"

namespace thimble::compiler {

std::string TransposeOp::attributes() const {
  return fmt::format("perm=[{}]", fmt::join(permutation_, ","));
}

std::vector<TensorType> TransposeOp::infer(std::span<const TensorType> in, const std::string& node) const {
  std::vector<int> sorted = permutation_;
  std::sort(sorted.begin(), sorted.end());
  bool fits = sorted.size() == in[0].shape.size();
  for (size_t i = 0; i < sorted.size(); ++i) fits = fits && sorted[i] == int(i);
  if (!fits)
    throw Error(
        node,
        fmt::format("perm [{}] is no order of the axes of {}", fmt::join(permutation_, ","), to_string(in[0].shape)),
        "Name each axis once.");
  TensorType out = in[0];
  for (size_t i = 0; i < permutation_.size(); ++i) {
    out.shape[i] = in[0].shape[size_t(permutation_[i])];
    if (out.quantization && in[0].quantization->axis == permutation_[i]) out.quantization->axis = int(i);
  }
  return {out};
}

std::vector<RealTensor> TransposeOp::eval(std::span<const RealTensor> in) const {
  const Shape& from = in[0].shape;
  const size_t rank = from.size();
  std::vector<int64_t> strides(rank, 1);
  for (size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * from[i];
  RealTensor out;
  for (int axis : permutation_) out.shape.push_back(from[size_t(axis)]);
  for (size_t k = 0; k < in[0].values.size(); ++k) {
    int64_t rest = int64_t(k), at = 0;
    for (size_t i = rank; i-- > 0; rest /= out.shape[i]) at += rest % out.shape[i] * strides[size_t(permutation_[i])];
    out.values.push_back(in[0].values[size_t(at)]);
  }
  return {out};
}

void TransposeOp::lower(Lowering& lowering, const Node& node) const {
  const Value* in = node.inputs[0];
  const Value* out = node.outputs[0];
  const Shape& shape = in->type.shape;
  const Layout have = lowering.layout_of(in);
  const std::vector<int> from = Lowering::physical_axes(have, shape.size());
  // The operand's axes in the order they lie when the result is stored in `layout`.
  const auto stored = [&](Layout layout) {
    std::vector<int> axes = Lowering::physical_axes(layout, shape.size());
    for (int& a : axes) a = permutation_[size_t(a)];
    return axes;
  };
  const int buffer = lowering.input(in, have);
  for (Layout layout : {Layout::flat, Layout::nhwc}) {
    if (layout == Layout::nhwc && !Lowering::spatial(out)) continue;
    if (Lowering::same_bytes(shape, from, stored(layout))) return lowering.alias(out, buffer, layout);
  }
  add_reorder(lowering, node.name, buffer, lowering.output(out, Layout::flat), from, stored(Layout::flat));
}

void import_transpose(ImportNode& n) {
  Value* x = n.required_input(0);
  std::vector<int64_t> reversed;
  for (size_t i = x->type.shape.size(); i-- > 0;) reversed.push_back(int64_t(i));
  std::vector<int> permutation;
  for (int64_t axis : n.integers("perm", reversed)) permutation.push_back(int(axis));
  n.finish(std::make_shared<TransposeOp>(permutation), {x});
}

}  // namespace thimble::compiler
