// Transpose: the axes in another order.
#pragma once
#include "compiler/op.hpp"

namespace thimble::compiler {

class TransposeOp : public Op {
 public:
  // Axis i of the result is axis permutation[i] of the operand.
  explicit TransposeOp(std::vector<int> permutation) : permutation_(std::move(permutation)) {}
  const std::vector<int>& permutation() const { return permutation_; }

  std::string_view name() const override { return "Transpose"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool moves_data() const override { return true; }

 private:
  std::vector<int> permutation_;
};

}  // namespace thimble::compiler
