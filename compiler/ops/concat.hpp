// Concat: operands joined along an axis.
#pragma once
#include "compiler/op.hpp"

namespace thimble::compiler {

class ConcatOp : public Op {
 public:
  explicit ConcatOp(int axis) : axis_(axis) {}  // not negative
  int axis() const { return axis_; }

  std::string_view name() const override { return "Concat"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool commutes_with_storing() const override { return true; }

 private:
  int axis_;
};

}  // namespace thimble::compiler
