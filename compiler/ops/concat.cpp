// Concat copies runs of bytes: of a row's pixels where rows stay rows, of the whole tensor else.
#include "compiler/ops/concat.hpp"

#include <algorithm>

#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/reorder.hpp"

namespace thimble::compiler {

namespace {

bool is_real(const TensorType& t) {
  return t.element == ElementType::float32 || t.quantization;
}

bool stored_alike(const TensorType& a, const TensorType& b) {
  return a.element == b.element && a.quantization == b.quantization;
}

// Product of the extents of the axes that lie at places [from, to) of the order.
int64_t product(const Shape& shape, const std::vector<int>& order, size_t from, size_t to) {
  int64_t n = 1;
  for (size_t i = from; i < to; ++i) n *= shape[size_t(order[i])];
  return n;
}

}  // namespace

std::string ConcatOp::attributes() const {
  return fmt::format("axis={}", axis_);
}

std::vector<TensorType> ConcatOp::infer(std::span<const TensorType> in, const std::string& node) const {
  TensorType out = in[0];
  out.shape[size_t(axis_)] = 0;
  for (const TensorType& t : in) {
    Shape rest = t.shape;
    if (rest.size() == out.shape.size()) rest[size_t(axis_)] = out.shape[size_t(axis_)];
    if (rest != out.shape)
      throw Error(described(*this, node),
                  fmt::format("operands of shapes {} and {} do not join along axis {}", to_string(in[0].shape),
                              to_string(t.shape), axis_),
                  "All other axes must be equal.");
    out.shape[size_t(axis_)] += t.shape[size_t(axis_)];
  }
  const bool alike = std::all_of(in.begin(), in.end(), [&](const TensorType& t) { return stored_alike(t, in[0]); });
  const bool along = out.quantization && out.quantization->axis == axis_;
  if (alike && !along) return {out};
  for (const TensorType& t : in)
    if (!is_real(t))
      throw Error(described(*this, node), fmt::format("its operands are {} and {}", to_string(in[0]), to_string(t)),
                  "All must have one type.");
  return {{ElementType::float32, out.shape, {}}};
}

std::vector<RealTensor> ConcatOp::eval(std::span<const RealTensor> in) const {
  RealTensor out{in[0].shape, {}};
  out.shape[size_t(axis_)] = 0;
  for (const RealTensor& t : in) out.shape[size_t(axis_)] += t.shape[size_t(axis_)];
  int64_t outer = 1;
  for (int i = 0; i < axis_; ++i) outer *= out.shape[size_t(i)];
  for (int64_t o = 0; o < outer; ++o)
    for (const RealTensor& t : in) {
      const int64_t run = int64_t(t.values.size()) / outer;
      out.values.insert(out.values.end(), t.values.begin() + o * run, t.values.begin() + (o + 1) * run);
    }
  return {out};
}

namespace {

// How the parts lie in the result: its layout, the axes in their order, and the place of the joined axis among them.
struct Joint {
  Layout layout;
  std::vector<int> order;
  size_t at;
};

Joint joint_of(const Lowering& lowering, const Node& node, int axis) {
  const Value* out = node.outputs[0];
  const bool nhwc = Lowering::spatial(out) && std::any_of(node.inputs.begin(), node.inputs.end(), [&](const Value* v) {
                      return !v->is_constant() && lowering.layout_of(v) == Layout::nhwc;
                    });
  Joint j{nhwc ? Layout::nhwc : Layout::flat, {}, 0};
  j.order = Lowering::physical_axes(j.layout, out->type.shape.size());
  j.at = size_t(std::find(j.order.begin(), j.order.end(), axis) - j.order.begin());
  return j;
}

int64_t run_bytes(const Value& v, const Joint& joint) {
  return product(v.type.shape, joint.order, joint.at, joint.order.size()) * size_of(v.type.element);
}

// The runs of all constant operands, in the order in which they are written.
std::vector<uint8_t> constant_runs(const Node& node, const Joint& joint) {
  std::vector<std::vector<std::byte>> constants;
  for (const Value* v : node.inputs)
    constants.push_back(v->is_constant() ? reordered(*v->constant, joint.order) : std::vector<std::byte>{});
  const int64_t outer = product(node.outputs[0]->type.shape, joint.order, 0, joint.at);
  std::vector<uint8_t> runs;
  for (int64_t o = 0; o < outer; ++o)
    for (const auto& bytes : constants) {
      const auto run = int64_t(bytes.size()) / outer;
      for (int64_t i = 0; i < run; ++i) runs.push_back(uint8_t(bytes[size_t(o * run + i)]));
    }
  return runs;
}

}  // namespace

void ConcatOp::lower(Lowering& lowering, const Node& node) const {
  const Value* out = node.outputs[0];
  const Shape& shape = out->type.shape;
  const Joint joint = joint_of(lowering, node, axis_);
  // Of one image in NHWC order, N and the height lie before a row: along any other axis rows join to rows.
  const bool banded = joint.layout == Layout::nhwc && shape[0] == 1 && joint.at > 1;
  Layer layer;
  layer.name = node.name;
  layer.kernel = banded ? "concat_rows" : "concat";
  layer.headers = {"concat.hpp"};
  layer.constants_struct = "Concat";
  std::vector<int32_t> runs;
  for (const Value* v : node.inputs) {
    if (!stored_alike(v->type, out->type))
      throw Error(described(node), fmt::format("it joins {} into {}", to_string(v->type), to_string(out->type)),
                  "Give all operands the quantization of the result.");
    runs.push_back(int32_t(v->is_constant() ? -run_bytes(*v, joint) : run_bytes(*v, joint)));
    if (!v->is_constant()) layer.inputs.push_back({lowering.input(v, joint.layout)});
  }
  layer.outputs = {lowering.output(out, joint.layout)};
  if (banded) layer.band = BandContract{};
  const std::vector<uint8_t> constants = constant_runs(node, joint);
  const ConstantArray lengths = ConstantArray::of(node.name + "_run_bytes", "one run of each part", runs, false);
  Field stored{"constants", Field::Null{}};
  if (!constants.empty())
    stored.value = Field::Array{lowering.constant(ConstantArray::of(
        node.name + "_constants", "runs of the constant parts, as they are written", constants, true))};
  layer.fields = {{"outer", product(shape, joint.order, banded ? 2 : 0, joint.at)},
                  {"parts", int64_t(node.inputs.size())},
                  {"run_bytes", Field::Array{lowering.constant(lengths)}},
                  stored,
                  {"constant_row_bytes", banded ? int64_t(constants.size()) / shape[2] : int64_t(0)}};
  lowering.add(std::move(layer));
}

void import_concat(ImportNode& n) {
  std::vector<Value*> operands;
  for (size_t i = 0; i < n.input_count(); ++i) operands.push_back(n.required_input(i));
  if (operands.empty()) throw n.error("it has no operand", "Give at least one.");
  const int64_t axis = normalized_axis(n.required_integer("axis"), operands[0]->type.shape.size(), n.name());
  if (operands.size() == 1) return n.bind(0, operands[0]);
  n.finish(std::make_shared<ConcatOp>(int(axis)), operands);
}

}  // namespace thimble::compiler
