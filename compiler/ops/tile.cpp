// Tile and Expand: the operand repeated along axes.
#include <algorithm>

#include "compiler/import_node.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/reorder.hpp"
#include "compiler/ops/reshape.hpp"

namespace thimble::compiler {

namespace {

class TileOp : public Op {
 public:
  explicit TileOp(std::vector<int64_t> repeats) : repeats_(std::move(repeats)) {}

  std::string_view name() const override { return "Tile"; }
  std::string attributes() const override { return fmt::format("repeats=[{}]", fmt::join(repeats_, ",")); }
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string& node) const override {
    TensorType out = in[0];
    ensure(repeats_.size() == out.shape.size(), "Tile '" + node + "' is made for another rank");
    for (size_t i = 0; i < repeats_.size(); ++i) {
      if (out.quantization && out.quantization->axis == int(i) && repeats_[i] != 1)
        throw Error(described(*this, node), fmt::format("it repeats axis {}, along which its operand is quantized", i),
                    "Quantize per tensor.");
      out.shape[i] *= repeats_[i];
    }
    return {out};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    const Shape& from = in[0].shape;
    RealTensor out{from, {}};
    for (size_t i = 0; i < from.size(); ++i) out.shape[i] *= repeats_[i];
    const int64_t count = element_count(out.shape);
    for (int64_t k = 0; k < count; ++k) {
      int64_t rest = k, at = 0, stride = 1;
      for (size_t i = from.size(); i-- > 0; rest /= out.shape[i], stride *= from[i])
        at += rest % out.shape[i] % from[i] * stride;
      out.values.push_back(in[0].values[size_t(at)]);
    }
    return {out};
  }
  // An axis is two in the copy: the repeats, which stand still in the operand, and the operand's own.
  void lower(Lowering& lowering, const Node& node) const override {
    const Value *in = node.inputs[0], *out = node.outputs[0];
    const Layout layout = lowering.layout_of(in);
    const std::vector<int> order = Lowering::physical_axes(layout, repeats_.size());
    const std::vector<int64_t> strides = strides_in(in->type.shape, order);
    std::vector<CopyAxis> axes;
    for (int axis : order) {
      axes.push_back({repeats_[size_t(axis)], 0});
      axes.push_back({in->type.shape[size_t(axis)], strides[size_t(axis)]});
    }
    const int from = lowering.input(in, layout);
    add_strided_copy(lowering, node.name, from, lowering.output(out, layout), axes, 0);
  }
  bool moves_data() const override { return true; }

 private:
  std::vector<int64_t> repeats_;
};

void finish(ImportNode& n, Value* x, const std::vector<int64_t>& repeats) {
  if (std::all_of(repeats.begin(), repeats.end(), [](int64_t r) { return r == 1; })) return n.bind(0, x);
  n.finish(std::make_shared<TileOp>(repeats), {x});
}

}  // namespace

void import_tile(ImportNode& n) {
  Value* x = n.required_input(0);
  const auto repeats = n.constant_integers(1, "the repeats");
  if (!repeats || repeats->size() != x->type.shape.size())
    throw n.error(fmt::format("it has {} repeats for {} axes", repeats ? repeats->size() : 0, x->type.shape.size()),
                  "Give one for each axis.");
  for (int64_t r : *repeats)
    if (r < 1) throw n.error(fmt::format("it repeats an axis {} times", r), "Repeat once or more.");
  finish(n, x, *repeats);
}

// The operand broadcasts to the shape, and to its own.
void import_expand(ImportNode& n) {
  Value* x = n.required_input(0);
  const auto wish = n.constant_integers(1, "the shape");
  if (!wish) throw n.error("it has no shape operand", "Give one.");
  for (int64_t extent : *wish)
    if (extent < 1) throw n.error(fmt::format("an extent of its shape is {}", extent), "Give positive extents.");
  const Shape shape = broadcast_shape(x->type.shape, *wish, n.name());
  Shape longer(shape.size() - x->type.shape.size(), 1);
  longer.insert(longer.end(), x->type.shape.begin(), x->type.shape.end());
  if (longer != x->type.shape) {
    if (shape == longer) return n.finish(std::make_shared<ReshapeOp>(longer), {x});
    x = n.emit(std::make_shared<ReshapeOp>(longer), {x});
  }
  std::vector<int64_t> repeats;
  for (size_t i = 0; i < shape.size(); ++i) repeats.push_back(shape[i] / longer[i]);
  finish(n, x, repeats);
}

}  // namespace thimble::compiler
