// Gemm: clip(alpha * A * B + beta * C), the fully connected layer. A MatMul by a matrix is one too.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/op.hpp"

namespace thimble::compiler {

struct GemmAttributes {
  bool trans_a = false, trans_b = false;
  float alpha = 1, beta = 1;
  bool operator==(const GemmAttributes&) const = default;
};

// Operand 0, A, is [..., K] ([K, M] with trans_a); operand 1, B, is [K, N] ([N, K] with trans_b); operand 2, where
// has_bias(), broadcasts to the result [..., N]: either one row for all, or a row for each of A's.
class Gemm : public Op {
 public:
  explicit Gemm(GemmAttributes attributes, bool has_bias, ClampRange clamp = {});

  const GemmAttributes& gemm() const { return gemm_; }
  bool has_bias() const { return has_bias_; }
  const ClampRange& clamp() const { return clamp_; }
  int64_t inputs(const TensorType& b) const { return b.shape[gemm_.trans_b ? 1 : 0]; }   // K
  int64_t outputs(const TensorType& b) const { return b.shape[gemm_.trans_b ? 0 : 1]; }  // N

  // This Gemm reading a bias as operand 2, beta 1: a MatMul and the Add behind it.
  std::shared_ptr<const Gemm> with_bias() const;

  std::string_view name() const override { return "Gemm"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  OpPtr with_clamp(const ClampRange&) const override;
  bool integer_form(std::span<const TensorType> inputs, const Storage& stored_as) const override;
  int64_t macs(std::span<const TensorType> inputs, std::span<const TensorType> outputs) const override;

 private:
  GemmAttributes gemm_;
  bool has_bias_;
  ClampRange clamp_;
};

}  // namespace thimble::compiler
