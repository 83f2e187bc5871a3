// Gather with constant indices, or with computed indices into a constant table.
#include <algorithm>
#include <cmath>

#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/quantize_linear.hpp"

namespace thimble::compiler {

namespace {

bool is_index(ElementType e) {
  return e == ElementType::int32 || e == ElementType::int64;
}

class GatherOp : public Op {
 public:
  explicit GatherOp(int axis) : axis_(axis) {}

  std::string_view name() const override { return "Gather"; }
  std::string attributes() const override { return fmt::format("axis={}", axis_); }
  // The axis gives way to the axes of the indices.
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string& node) const override {
    if (!is_index(in[1].element))
      throw Error(described(*this, node), "its indices are " + to_string(in[1]), "Indices are int32 or int64.");
    TensorType out = in[0];
    out.shape = result_shape(in[0].shape, in[1].shape);
    if (!out.quantization || !out.quantization->per_axis()) return {out};
    if (out.quantization->axis == axis_)
      throw Error(described(*this, node),
                  fmt::format("it picks along axis {}, along which its operand is quantized", axis_),
                  "Quantize per tensor.");
    if (out.quantization->axis > axis_) out.quantization->axis += int(in[1].shape.size()) - 1;
    return {out};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    RealTensor out{result_shape(in[0].shape, in[1].shape), {}};
    const int64_t extent = in[0].shape[size_t(axis_)];
    int64_t outer = 1;
    for (int i = 0; i < axis_; ++i) outer *= in[0].shape[size_t(i)];
    const int64_t run = element_count(in[0].shape) / (outer * extent);
    for (int64_t o = 0; o < outer; ++o)
      for (double wish : in[1].values) {
        const auto index = int64_t(std::clamp(wish < 0 ? wish + double(extent) : wish, 0.0, double(extent - 1)));
        const auto from = in[0].values.begin() + (o * extent + index) * run;
        out.values.insert(out.values.end(), from, from + run);
      }
    return {out};
  }
  void lower(Lowering& lowering, const Node& node) const override {
    if (node.inputs[1]->is_constant()) return lower_picks(lowering, node);
    if (node.inputs[0]->is_constant()) return lower_look_up(lowering, node);
    throw Error(described(node), "both its operand and its indices are computed at run time",
                "Make the indices, or the table they point into, a constant.");
  }
  bool moves_data() const override { return true; }

 private:
  Shape result_shape(const Shape& data, const Shape& indices) const {
    Shape shape(data.begin(), data.begin() + axis_);
    shape.insert(shape.end(), indices.begin(), indices.end());
    shape.insert(shape.end(), data.begin() + axis_ + 1, data.end());
    return shape;
  }

  // Fields outer, extent, run, count, for an operand whose axes lie in `order`.
  std::vector<Field> extents(const Shape& data, const std::vector<int>& order, int64_t count) const {
    int64_t outer = 1, run = 1;
    bool behind = false;
    for (int axis : order) {
      if (axis != axis_) (behind ? run : outer) *= data[size_t(axis)];
      behind = behind || axis == axis_;
    }
    return {{"outer", outer}, {"extent", data[size_t(axis_)]}, {"run", run}, {"count", count}};
  }

  static Layer new_layer(const Node& node, const std::string& kernel, const std::string& constants) {
    Layer layer;
    layer.name = node.name;
    layer.kernel = kernel;
    layer.headers = {"gather.hpp"};
    layer.constants_struct = constants;
    return layer;
  }

  void lower_picks(Lowering& lowering, const Node& node) const {
    const Value *in = node.inputs[0], *out = node.outputs[0];
    const bool same_rank = node.inputs[1]->type.shape.size() == 1;
    const Layout layout = same_rank ? lowering.layout_of(in) : Layout::flat;
    const Tensor& constant = *node.inputs[1]->constant;
    const int64_t count = element_count(constant.type.shape), extent = in->type.shape[size_t(axis_)];
    std::vector<int32_t> indices;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t index = constant.integer(i);
      if (index < -extent || index >= extent)
        throw Error(described(node), fmt::format("index {} lies outside axis {}, which has {}", index, axis_, extent),
                    "Indices count from 0, or from -1 backwards.");
      indices.push_back(int32_t(index < 0 ? index + extent : index));
    }
    Layer layer = new_layer(node, "gather", "Gather");
    layer.fields = extents(in->type.shape, Lowering::physical_axes(layout, in->type.shape.size()), count);
    const ConstantArray array =
        ConstantArray::of(node.name + "_indices", fmt::format("picked along axis {}", axis_), indices, false);
    layer.fields.push_back({"indices", Field::Array{lowering.constant(array)}});
    layer.inputs = {{lowering.input(in, layout)}};
    layer.outputs = {lowering.output(out, layout)};
    lowering.add(std::move(layer));
  }

  void lower_look_up(Lowering& lowering, const Node& node) const {
    const Value *table = node.inputs[0], *indices = node.inputs[1];
    Layer layer = new_layer(node, "look_up", "LookUp");
    layer.fields = extents(table->type.shape, Lowering::physical_axes(Layout::flat, table->type.shape.size()),
                           element_count(indices->type.shape));
    const ConstantArray array{table->name, to_string(table->type.shape), table->type.element, table->constant->bytes,
                              true};
    layer.fields.push_back({"table", Field::Array{lowering.constant(array)}});
    layer.inputs = {{lowering.input(indices, Layout::flat)}};
    layer.outputs = {lowering.output(node.outputs[0], Layout::flat)};
    lowering.add(std::move(layer));
  }

  int axis_;
};

}  // namespace

void import_gather(ImportNode& n) {
  Value *x = n.required_input(0), *indices = n.required_input(1);
  const int64_t axis = normalized_axis(n.integer("axis", 0), x->type.shape.size(), n.name());
  if (indices->type.quantization)
    indices = n.emit(std::make_shared<ReinterpretOp>(indices->type.quantization, std::nullopt), {indices});
  if (indices->is_constant()) {
    const int64_t extent = x->type.shape[size_t(axis)], count = element_count(indices->type.shape);
    for (int64_t i = 0; i < count; ++i)
      if (const int64_t index = indices->constant->integer(i); index < -extent || index >= extent)
        throw n.error(fmt::format("index {} lies outside axis {}, which has {}", index, axis, extent),
                      "Indices count from 0, or from -1 backwards.");
  }
  n.finish(std::make_shared<GatherOp>(int(axis)), {x, indices});
}

}  // namespace thimble::compiler
