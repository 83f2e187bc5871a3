// Softmax along one axis, or along several that follow one another (opsets before 13).
#pragma once
#include <string>
#include <vector>

#include "compiler/op.hpp"

namespace thimble::compiler {

class Softmax : public Op {
 public:
  // A distribution spans the axes [first, last].
  Softmax(int first, int last) : first_(first), last_(last) {}
  std::string_view name() const override { return "Softmax"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  bool integer_form(std::span<const TensorType> inputs, const Storage& stored_as) const override;

 private:
  int first_, last_;
};

}  // namespace thimble::compiler
