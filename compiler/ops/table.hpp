// Table: any function of one int8 or uint8, as 256 stored results. No model has it: passes and lowerings make it from
// elementwise functions and chains of them.
#pragma once
#include <array>
#include <functional>

#include "compiler/ops/elementwise.hpp"

namespace thimble::compiler {

using TableValues = std::array<uint8_t, 256>;  // bits of the result, indexed by the operand's bits

// True for int8 and uint8 types with one scale: what a table can read and write.
bool fits_table(ElementType element, const std::optional<Quantization>& quantization);

// What ONNX Runtime computes for each stored number: dequantize, f, quantize, each step rounded to float32.
TableValues table_values(const std::function<double(double)>& f, const TensorType& in, const Storage& out);

class TableOp : public Op {
 public:
  // The operand has the element type and quantization of `in`, whatever its shape; so has the result those of `out`.
  TableOp(const TableValues& values, const TensorType& in, Storage out)
      : values_(values), element_(in.element), quantization_(*in.quantization), out_(std::move(out)) {}
  const TableValues& values() const { return values_; }

  std::string_view name() const override { return "Table"; }
  std::string attributes() const override;
  // The result's type is the stored type: the node needs no Storage.
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool elementwise_unary() const override { return true; }

 private:
  TableValues values_;
  ElementType element_;  // of the operand
  Quantization quantization_;
  Storage out_;
};

OpPtr make_table(const std::function<double(double)>& f, const TensorType& in, const Storage& out);

// Appends the table layer of `node`, whose operand and result fit tables.
void lower_as_table(Lowering&, const Node& node, const TableValues& values);

}  // namespace thimble::compiler
