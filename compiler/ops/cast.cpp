// Cast between numbers of the types that the runtime knows.
#include <cmath>

#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/quantize_linear.hpp"

namespace thimble::compiler {

namespace {

class CastOp : public Op {
 public:
  explicit CastOp(ElementType to) : to_(to) {}

  std::string_view name() const override { return "Cast"; }
  std::string attributes() const override { return fmt::format("to={}", name_of(to_)); }
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string& node) const override {
    ensure(!in[0].quantization, "Cast '" + node + "' reads " + to_string(in[0]));
    return {{to_, in[0].shape, {}}};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    RealTensor out = in[0];
    for (double& v : out.values) v = to_ == ElementType::boolean ? double(v != 0) : is_integer(to_) ? std::trunc(v) : v;
    return {out};
  }
  void lower(Lowering& lowering, const Node& node) const override {
    const Value *in = node.inputs[0], *out = node.outputs[0];
    const Layout layout = lowering.layout_of(in);
    if (in->type.element == to_) return lowering.alias(out, lowering.input(in, layout), layout);
    Layer layer;
    layer.name = node.name;
    layer.kernel = "cast";
    layer.headers = {"cast.hpp"};
    layer.constants_struct = "Cast";
    layer.fields = {{"elements", element_count(in->type.shape)}, {"to_boolean", int64_t(to_ == ElementType::boolean)}};
    layer.inputs = {{lowering.input(in, layout)}};
    layer.outputs = {lowering.output(out, layout)};
    lowering.add(std::move(layer));
  }

 private:
  ElementType to_;
};

}  // namespace

// Quantized integers are cast as the plain integers they are stored as.
void import_cast(ImportNode& n) {
  Value* x = n.required_input(0);
  const auto to = n.element("to");
  if (!to) throw n.error("it does not say to which type", "Give the attribute 'to'.");
  if (n.integer("saturate", 1) == 0) throw n.error("saturate is 0, which is for 8-bit floats", "Remove the attribute.");
  n.text("round_mode", "up");  // of 8-bit floats with exponents alone, which are refused as a type
  if (x->type.quantization) x = n.emit(std::make_shared<ReinterpretOp>(x->type.quantization, std::nullopt), {x});
  if (x->type.element == *to) return n.bind(0, x);
  n.finish(std::make_shared<CastOp>(*to), {x});
}

}  // namespace thimble::compiler
