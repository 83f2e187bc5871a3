// Concat copies runs of bytes: of a row's pixels where rows stay rows, of the whole tensor else.
#include "compiler/ops/concat.hpp"

#include <algorithm>

#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"

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
      throw Error(node,
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
      throw Error(node, fmt::format("its operands are {} and {}", to_string(in[0]), to_string(t)),
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

void ConcatOp::lower(Lowering& lowering, const Node& node) const {
  const Value* out = node.outputs[0];
  const Shape& shape = out->type.shape;
  bool nhwc = false;
  for (const Value* v : node.inputs) {
    if (v->is_constant())
      throw Error(node.name, "its operand '" + v->name + "' is a constant", "Make it an input of the model.");
    if (!stored_alike(v->type, out->type))
      throw Error(node.name, fmt::format("it joins {} into {}", to_string(v->type), to_string(out->type)),
                  "Give all operands the quantization of the result.");
    nhwc = nhwc || (Lowering::spatial(out) && lowering.layout_of(v) == Layout::nhwc);
  }
  const Layout layout = nhwc ? Layout::nhwc : Layout::flat;
  const std::vector<int> order = Lowering::physical_axes(layout, shape.size());
  const size_t at = size_t(std::find(order.begin(), order.end(), axis_) - order.begin());
  // Of one image in NHWC order, N and the height lie before a row: along any other axis rows join to rows.
  const bool banded = nhwc && shape[0] == 1 && at > 1;
  Layer layer;
  layer.name = node.name;
  layer.kernel = banded ? "concat_rows" : "concat";
  layer.headers = {"concat.hpp"};
  layer.constants_struct = "Concat";
  std::vector<int32_t> run_bytes;
  for (const Value* v : node.inputs) {
    layer.inputs.push_back({lowering.input(v, layout)});
    run_bytes.push_back(int32_t(product(v->type.shape, order, at, order.size()) * size_of(v->type.element)));
  }
  layer.outputs = {lowering.output(out, layout)};
  if (banded) layer.band = BandContract{};
  const ConstantArray runs =
      ConstantArray::of(node.name + "_run_bytes", "bytes of one run of each operand", run_bytes, false);
  layer.fields = {{"outer", product(shape, order, banded ? 2 : 0, at)},
                  {"run_bytes", Field::Array{lowering.constant(runs)}}};
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
