// How reductions are read from ONNX, their shape rule, their meaning, and how they lower.
#include "compiler/ops/reduce.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "compiler/error.hpp"
#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/pool.hpp"
#include "compiler/requantize.hpp"
#include "thimble/reduce.pack.hpp"

namespace thimble::compiler {

namespace {

// The opset from which the axes are an operand.
int64_t axes_operand_since(ReduceKind kind) {
  return kind == ReduceKind::sum ? 13 : 18;
}

void import_reduce(ImportNode& node, ReduceKind kind) {
  Value* x = node.required_input(0);
  const size_t rank = x->type.shape.size();
  const int64_t keepdims = node.integer("keepdims", 1);
  if (keepdims != 0 && keepdims != 1) throw node.error(fmt::format("keepdims is {}", keepdims), "It must be 0 or 1.");
  std::vector<int64_t> given;
  bool nothing_if_empty = false;
  if (node.opset() < axes_operand_since(kind)) {
    given = node.integers("axes", {});
  } else {
    nothing_if_empty = node.integer("noop_with_empty_axes", 0) != 0;
    given = node.constant_integers(1, "the list of axes").value_or(std::vector<int64_t>{});
  }
  if (given.empty() && nothing_if_empty) return node.bind(0, x);
  std::set<int> axes;
  for (int64_t axis : given) axes.insert(int(normalized_axis(axis, rank, node.name())));
  if (given.empty())
    for (size_t i = 0; i < rank; ++i) axes.insert(int(i));
  node.finish(std::make_shared<Reduce>(kind, std::vector<int>(axes.begin(), axes.end()), keepdims == 1), {x});
}

// [outer][first][middle][second][inner] with `first` and `second` reduced; nullopt when the reduced axes lie in more
// groups.
std::optional<ReduceShape> groups_of(const std::vector<int64_t>& extents, const std::vector<bool>& reduced) {
  ReduceShape s{1, 1, 1, 1, 1};
  int32_t* const groups[] = {&s.outer, &s.first, &s.middle, &s.second, &s.inner};
  size_t group = 0;
  for (size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] == 1) continue;
    if ((group % 2 == 1) != reduced[i]) ++group;
    if (group >= std::size(groups)) return {};
    *groups[group] *= int32_t(extents[i]);
  }
  // One group alone goes to `second`, whose elements are nearest.
  if (s.second == 1 && s.middle > 1 && s.inner == 1) {
    s.second = s.first;
    s.inner = s.middle;
    s.first = s.middle = 1;
  }
  return s;
}

// The kernel and its fields; a result has `count` elements.
void add_kernel(Layer& layer, ReduceKind kind, int64_t count, const TensorType& x, const TensorType& y,
                const std::string& where) {
  const double factor = kind == ReduceKind::mean ? 1.0 / double(count) : 1.0;
  if (kind == ReduceKind::max || kind == ReduceKind::min) {
    layer.kernel = y.element == ElementType::float32 ? "reduce_order_f32"
                   : y.element == ElementType::uint8 ? "reduce_order_u8"
                                                     : "reduce_order";
    layer.constants_struct = "ReduceOrder";
    layer.fields = {{"smallest", int64_t(kind == ReduceKind::min)}};
  } else if (y.element == ElementType::float32) {
    layer.kernel = "reduce_sum_f32";
    layer.constants_struct = "ReduceSumF32";
    layer.fields = {{"factor", float(factor)}};
  } else {
    const int64_t zero = x.quantization->zero_points[0];
    const ChannelRange range{float(double(x.quantization->scales[0]) * factor / double(y.quantization->scales[0])),
                             count * (-128 - zero), count * (127 - zero)};
    const StoredRange stored = stored_range({y.element, *y.quantization}, {});
    const ChosenOutputStage chosen =
        choose_output_stage({&range, 1}, y.quantization->zero_points[0], stored.low, stored.high, where);
    layer.kernel = "reduce_sum";
    layer.constants_struct = "ReduceSum";
    layer.fields = {{"start", -count * zero}, {"multiplier", int64_t(chosen.multipliers[0])}};
    add_output_stage(chosen, layer);
  }
}

}  // namespace

std::string_view Reduce::name() const {
  constexpr std::string_view names[] = {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin"};
  return names[size_t(kind_)];
}

std::string Reduce::attributes() const {
  return fmt::format("axes=[{}] keepdims={}", fmt::join(axes_, ","), int(keepdims_));
}

bool Reduce::reduces(int axis) const {
  return std::binary_search(axes_.begin(), axes_.end(), axis);
}

int64_t Reduce::reduced_count(const Shape& in) const {
  int64_t count = 1;
  for (int axis : axes_) count *= in[size_t(axis)];
  return count;
}

std::vector<TensorType> Reduce::infer(std::span<const TensorType> in, const std::string& node) const {
  const std::string where = fmt::format("{} '{}'", name(), node);
  const TensorType& x = in[0];
  if (x.element == ElementType::boolean) throw Error(where, "the input is boolean", "Cast it to float32.");
  if (element_count(x.shape) == 0)
    throw Error(where, "the input " + to_string(x.shape) + " has 0 elements", "Give it at least one.");
  Shape out;
  for (int i = 0; i < int(x.shape.size()); ++i) {
    if (!reduces(i))
      out.push_back(x.shape[size_t(i)]);
    else if (keepdims_)
      out.push_back(1);
  }
  if (by_order()) {
    if (x.quantization && x.quantization->per_axis())
      throw Error(where, "the input has a scale for each index of an axis", "Quantize it with one scale.");
    return {{x.element, std::move(out), x.quantization}};
  }
  return {{x.quantization ? ElementType::float32 : x.element, std::move(out), {}}};
}

std::vector<RealTensor> Reduce::eval(std::span<const RealTensor> in) const {
  const Shape& shape = in[0].shape;
  const double start = kind_ == ReduceKind::max   ? -std::numeric_limits<double>::infinity()
                       : kind_ == ReduceKind::min ? std::numeric_limits<double>::infinity()
                                                  : 0.0;
  RealTensor out{infer(std::vector<TensorType>{{ElementType::float32, shape, {}}}, "eval")[0].shape, {}};
  out.values.assign(size_t(element_count(out.shape)), start);
  for (int64_t i = 0; i < int64_t(in[0].values.size()); ++i) {
    int64_t rest = i, at = 0, step = 1;
    for (int axis = int(shape.size()); axis-- > 0; rest /= shape[size_t(axis)])
      if (!reduces(axis)) {
        at += rest % shape[size_t(axis)] * step;
        step *= shape[size_t(axis)];
      }
    double& v = out.values[size_t(at)];
    const double x = in[0].values[size_t(i)];
    v = kind_ == ReduceKind::max ? std::max(v, x) : kind_ == ReduceKind::min ? std::min(v, x) : v + x;
  }
  if (kind_ == ReduceKind::mean)
    for (double& v : out.values) v /= double(reduced_count(shape));
  return {std::move(out)};
}

bool Reduce::integer_form(std::span<const TensorType> in, const Storage& stored_as) const {
  return !by_order() && in[0].element == ElementType::int8 && in[0].quantization && !in[0].quantization->per_axis() &&
         reduced_count(in[0].shape) < (1 << 23) && stored_as.element == ElementType::int8 &&
         !stored_as.quantization.per_axis();
}

// Over all pixels of one image it is a global pool, which can end a region of rows.
bool Reduce::lower_as_pool(Lowering& lowering, const Node& node) const {
  const Value *x = node.inputs[0], *y = node.outputs[0];
  const Shape& shape = x->type.shape;
  std::vector<int> pixel_axes;
  for (int i = 2; i < int(shape.size()); ++i) pixel_axes.push_back(i);
  if (lowering.layout_of(x) != Layout::nhwc || shape[0] != 1 || axes_ != pixel_axes) return false;
  if (kind_ != ReduceKind::mean && kind_ != ReduceKind::max) return false;
  const Pool pool = Pool::global(kind_ == ReduceKind::mean ? PoolKind::average : PoolKind::max, shape);
  const int in = lowering.input(x, Layout::nhwc);
  pool.lower_image(lowering, node, in, lowering.output(y, keepdims_ ? Layout::nhwc : Layout::flat));
  return true;
}

// In the order the operand lies in, if what remains keeps its order; else row-major.
Layout Reduce::layout_to_read(const Lowering& lowering, const Value* x) const {
  const Layout layout = lowering.layout_of(x);
  std::vector<int> kept;
  for (int axis : Lowering::physical_axes(layout, x->type.shape.size()))
    if (!reduces(axis) && x->type.shape[size_t(axis)] != 1) kept.push_back(axis);
  return std::is_sorted(kept.begin(), kept.end()) ? layout : Layout::flat;
}

void Reduce::lower(Lowering& lowering, const Node& node) const {
  const std::string where = fmt::format("{} '{}'", name(), node.name);
  const Value *x = node.inputs[0], *y = node.outputs[0];
  const Shape& shape = x->type.shape;
  const bool byte = y->type.element == ElementType::int8 || (by_order() && y->type.element == ElementType::uint8);
  if (y->type.element != ElementType::float32 && !byte)
    throw Error(where, fmt::format("the input is {}", name_of(x->type.element)),
                "Only float32 and int8 are supported.");
  if (lower_as_pool(lowering, node)) return;
  const Layout layout = layout_to_read(lowering, x);
  std::vector<int64_t> extents;
  std::vector<bool> reduced;
  for (int axis : Lowering::physical_axes(layout, shape.size())) {
    extents.push_back(shape[size_t(axis)]);
    reduced.push_back(reduces(axis));
  }
  const std::optional<ReduceShape> groups = groups_of(extents, reduced);
  if (!groups)
    throw Error(where,
                fmt::format("axes [{}] of {} lie in more than two groups", fmt::join(axes_, ","), to_string(shape)),
                "Reduce them in two steps.");
  Layer layer;
  layer.name = node.name;
  layer.headers = {"reduce.hpp"};
  layer.shape_struct = "ReduceShape";
  layer.shape = {{"outer", int64_t(groups->outer)},
                 {"first", int64_t(groups->first)},
                 {"middle", int64_t(groups->middle)},
                 {"second", int64_t(groups->second)},
                 {"inner", int64_t(groups->inner)}};
  layer.inputs = {{lowering.input(x, layout)}};
  layer.outputs = {lowering.output(y, Layout::flat)};
  add_kernel(layer, kind_, reduced_count(shape), x->type, y->type, where);
  lowering.add(std::move(layer));
}

void import_reduce_mean(ImportNode& node) {
  import_reduce(node, ReduceKind::mean);
}
void import_reduce_sum(ImportNode& node) {
  import_reduce(node, ReduceKind::sum);
}
void import_reduce_max(ImportNode& node) {
  import_reduce(node, ReduceKind::max);
}
void import_reduce_min(ImportNode& node) {
  import_reduce(node, ReduceKind::min);
}

}  // namespace thimble::compiler
