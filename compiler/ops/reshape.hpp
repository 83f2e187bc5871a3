// The same elements in the same order under another shape: Reshape, Flatten, Squeeze, Unsqueeze.
#pragma once
#include "compiler/op.hpp"

namespace thimble::compiler {

class ReshapeOp : public Op {
 public:
  explicit ReshapeOp(Shape shape) : shape_(std::move(shape)) {}
  const Shape& shape() const { return shape_; }

  std::string_view name() const override { return "Reshape"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool moves_data() const override { return true; }

 private:
  Shape shape_;
};

}  // namespace thimble::compiler
