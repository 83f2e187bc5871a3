// Pad: a border around a tensor, or a part of it cut off.
#pragma once
#include "compiler/op.hpp"

namespace thimble::compiler {

enum class PadMode : uint8_t { constant, edge, reflect, wrap };

class PadOp : public Op {
 public:
  // Per axis: elements before and behind, negative where they are cut off.
  PadOp(std::vector<int64_t> before, std::vector<int64_t> behind, PadMode mode, double value)
      : before_(std::move(before)), behind_(std::move(behind)), mode_(mode), value_(value) {}
  const std::vector<int64_t>& before() const { return before_; }
  const std::vector<int64_t>& behind() const { return behind_; }
  PadMode mode() const { return mode_; }
  double value() const { return value_; }  // of constant borders

  std::string_view name() const override { return "Pad"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  // A border of zeros is the zero point, which every quantized type has.
  bool commutes_with_storing() const override { return mode_ != PadMode::constant || value_ == 0; }

 private:
  std::vector<int64_t> before_, behind_;
  PadMode mode_;
  double value_;
};

}  // namespace thimble::compiler
