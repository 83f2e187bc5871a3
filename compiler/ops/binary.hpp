// Add, Sub, Mul, Div, Min, Max, Pow, PRelu: two operands that broadcast.
#pragma once
#include "compiler/op.hpp"

namespace thimble::compiler {

enum class Arithmetic : uint8_t { add, subtract, multiply, divide, minimum, maximum, power, prelu };

class BinaryOp : public Op {
 public:
  // `integers`: operands are plain integers, for which division truncates.
  explicit BinaryOp(Arithmetic kind, ClampRange clamp = {}, bool integers = false)
      : kind_(kind), clamp_(clamp), integers_(integers) {}
  Arithmetic kind() const { return kind_; }
  const ClampRange& clamp() const { return clamp_; }

  std::string_view name() const override;
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  OpPtr with_clamp(const ClampRange& range) const override;
  bool channelwise() const override { return true; }
  bool affine_in(size_t operand) const override;
  bool integer_form(std::span<const TensorType>, const Storage&) const override;

 private:
  Arithmetic kind_;
  ClampRange clamp_;
  bool integers_;
};

}  // namespace thimble::compiler
