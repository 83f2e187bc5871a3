// Identity names a value once more; the op itself remains only where an output of the graph must be a value of its own.
#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/reorder.hpp"

namespace thimble::compiler {

namespace {

class IdentityOp : public Op {
 public:
  std::string_view name() const override { return "Identity"; }
  std::string attributes() const override { return ""; }
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string&) const override {
    return {inputs[0]};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override { return {inputs[0]}; }
  void lower(Lowering& lowering, const Node& node) const override {
    const std::vector<int> axes = Lowering::physical_axes(Layout::flat, node.inputs[0]->type.shape.size());
    const int from = lowering.input(node.inputs[0], Layout::flat);
    add_reorder(lowering, node.name, from, lowering.output(node.outputs[0], Layout::flat), axes, axes);
  }
  bool moves_data() const override { return true; }
};

}  // namespace

OpPtr copy_op() {
  return std::make_shared<IdentityOp>();
}

void import_identity(ImportNode& n) {
  n.bind(0, n.required_input(0));
}

}  // namespace thimble::compiler
