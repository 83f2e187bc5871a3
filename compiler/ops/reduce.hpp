// Reduce: ReduceMean, ReduceSum, ReduceMax and ReduceMin, one op with a parameter.
#pragma once
#include <string>
#include <vector>

#include "compiler/lowering.hpp"
#include "compiler/op.hpp"

namespace thimble::compiler {

enum class ReduceKind : uint8_t { mean, sum, max, min };

class Reduce : public Op {
 public:
  // `axes` ascending and not negative.
  Reduce(ReduceKind kind, std::vector<int> axes, bool keepdims)
      : kind_(kind), axes_(std::move(axes)), keepdims_(keepdims) {}

  std::string_view name() const override;
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool commutes_with_storing() const override { return by_order(); }
  bool integer_form(std::span<const TensorType> inputs, const Storage& stored_as) const override;

 private:
  bool by_order() const { return kind_ == ReduceKind::max || kind_ == ReduceKind::min; }
  bool reduces(int axis) const;
  int64_t reduced_count(const Shape& in) const;
  bool lower_as_pool(Lowering&, const Node& node) const;  // false when it is none
  Layout layout_to_read(const Lowering&, const Value* x) const;

  ReduceKind kind_;
  std::vector<int> axes_;
  bool keepdims_;
};

}  // namespace thimble::compiler
