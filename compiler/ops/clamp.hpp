// Relu, Clip: each element clipped to a range.
#pragma once
#include "compiler/op.hpp"

namespace thimble::compiler {

class ClampOp : public Op {
 public:
  explicit ClampOp(ClampRange range) : range_(range) {}

  std::string_view name() const override { return "Clip"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  std::optional<ClampRange> clamp_range() const override { return range_; }
  OpPtr with_clamp(const ClampRange& range) const override;
  bool elementwise_unary() const override { return true; }
  bool integer_form(std::span<const TensorType>, const Storage&) const override;

 private:
  ClampRange range_;
};

}  // namespace thimble::compiler
