// MatMul of two batches of matrices, and the product kernels that it shares with Gemm. A MatMul by one matrix is
// imported as Gemm.
#pragma once
#include <string>
#include <vector>

#include "compiler/lowering.hpp"
#include "compiler/op.hpp"

namespace thimble::compiler {

class MatMul : public Op {
 public:
  explicit MatMul(ClampRange clamp = {}) : clamp_(clamp) {}
  std::string_view name() const override { return "MatMul"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  OpPtr with_clamp(const ClampRange&) const override;
  bool integer_form(std::span<const TensorType> inputs, const Storage& stored_as) const override;
  int64_t macs(std::span<const TensorType> inputs, std::span<const TensorType> outputs) const override;

 private:
  ClampRange clamp_;
};

// The product of operands of these shapes: a Gemm where B is one matrix.
OpPtr product_of(const Shape& a, const Shape& b);

// A product for the general kernels. Steps are in elements; see thimble/matmul.pack.hpp.
struct Product {
  int64_t rows = 1, inner = 1, columns = 1;
  int64_t a_row = 0, a_inner = 0, b_inner = 0, b_column = 0, bias_row = 0, bias_column = 0;
  struct BatchAxis {
    int64_t extent, a_step, b_step;
  };
  std::vector<BatchAxis> batch;
  bool has_bias = false;  // operand 2 of the node
  float alpha = 1, beta = 1;
  ClampRange clamp;
};

// Appends the layer of `node`, whose operands are A, B and the bias, each a constant or an activation. In integers
// where the node's result is quantized: A and B int8 per tensor with any zero point, the bias int32 and constant.
void lower_product(Lowering& lowering, const Node& node, const Product& product);

}  // namespace thimble::compiler
