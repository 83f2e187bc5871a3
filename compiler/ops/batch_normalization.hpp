// BatchNormalization as inference does it: a scale and a shift for each channel.
#pragma once
#include <optional>
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/op.hpp"

namespace thimble::compiler {

// result = clamp((x - mean) / sqrt(variance + epsilon) * scale + bias), per channel (axis 1).
// Operands: x, scale, bias, mean, variance.
class BatchNormalization : public Op {
 public:
  explicit BatchNormalization(double epsilon, ClampRange clamp = {}) : epsilon_(epsilon), clamp_(clamp) {}

  // The same as x * scale + shift.
  struct ScaleShift {
    std::vector<double> scale, shift;  // one a channel
  };
  // `statistics`: operands 1 to 4.
  ScaleShift scale_shift(std::span<const RealTensor> statistics) const;

  std::string_view name() const override { return "BatchNormalization"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  OpPtr with_clamp(const ClampRange&) const override;
  bool affine_in(size_t operand) const override { return operand == 0 && clamp_.open(); }

 private:
  double epsilon_;
  ClampRange clamp_;
};

}  // namespace thimble::compiler
