// Slice and Split: part of a tensor, by start, step and count along each axis.
#pragma once
#include "compiler/op.hpp"

namespace thimble::compiler {

struct SliceAxis {
  int64_t start, step, count;  // the step may be negative
  bool operator==(const SliceAxis&) const = default;
};

class SliceOp : public Op {
 public:
  explicit SliceOp(std::vector<SliceAxis> axes) : axes_(std::move(axes)) {}  // one for each axis, inside the operand
  const std::vector<SliceAxis>& axes() const { return axes_; }

  std::string_view name() const override { return "Slice"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool moves_data() const override { return true; }

 private:
  std::vector<SliceAxis> axes_;
};

}  // namespace thimble::compiler
