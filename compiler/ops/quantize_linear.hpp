// QuantizeLinear, DequantizeLinear: the same real numbers, stored otherwise. What they convert between is in the types
// of their operand and result.
#pragma once
#include "compiler/op.hpp"

namespace thimble::compiler {

// Its node's Storage says what the result is stored as.
class QuantizeLinearOp : public Op {
 public:
  std::string_view name() const override { return "QuantizeLinear"; }
  std::string attributes() const override { return ""; }
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool is_identity() const override { return true; }
  bool elementwise_unary() const override { return true; }
  bool integer_form(std::span<const TensorType>, const Storage&) const override;
};

class DequantizeLinearOp : public Op {
 public:
  std::string_view name() const override { return "DequantizeLinear"; }
  std::string attributes() const override { return ""; }
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool is_identity() const override { return true; }
  bool elementwise_unary() const override { return true; }
  bool folds_early() const override { return false; }
};

// The same stored integers under another quantization: they stand for other reals. Made where a DequantizeLinear reads
// its operand otherwise than the operand's type says. No byte moves.
class ReinterpretOp : public Op {
 public:
  // The operand's quantization (none: plain integers) and the result's.
  ReinterpretOp(std::optional<Quantization> from, std::optional<Quantization> to)
      : from_(std::move(from)), to_(std::move(to)) {}

  std::string_view name() const override { return "Reinterpret"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;

 private:
  std::optional<Quantization> from_, to_;
};

}  // namespace thimble::compiler
