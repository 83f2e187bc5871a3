// Strides of both operands along the result's axes, in the order these lie in memory. A constant is stored in that
// order too.
#include "compiler/ops/broadcast_lowering.hpp"

#include <algorithm>

#include "compiler/error.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/reorder.hpp"
#include "thimble/broadcast.pack.hpp"

namespace thimble::compiler {

namespace {

// Strides of an operand per axis of a result of rank `rank`, whose last axes are the operand's; 0 where it repeats.
std::vector<int64_t> aligned(const Shape& shape, const std::vector<int>& order, size_t rank) {
  std::vector<int64_t> strides = strides_in(shape, order);
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 1) strides[i] = 0;
  strides.insert(strides.begin(), rank - shape.size(), 0);
  return strides;
}

// The operand's axes in the order in which the result's lie.
std::vector<int> order_within(const std::vector<int>& result_order, size_t rank) {
  const int missing = int(result_order.size() - rank);
  std::vector<int> order;
  for (int axis : result_order)
    if (axis >= missing) order.push_back(axis - missing);
  return order;
}

struct Axis {
  int64_t extent, a, b;
};

// Neighbours along which both operands move as along one longer axis become one.
std::vector<Axis> collapsed(const std::vector<Axis>& all) {
  std::vector<Axis> axes;
  for (const Axis& axis : all) {
    if (axis.extent == 1) continue;
    if (!axes.empty() && axes.back().a == axis.a * axis.extent && axes.back().b == axis.b * axis.extent)
      axes.back() = {axes.back().extent * axis.extent, axis.a, axis.b};
    else
      axes.push_back(axis);
  }
  if (axes.empty()) axes.push_back({1, 0, 0});
  return axes;
}

class Broadcasting {
 public:
  Broadcasting(Lowering& lowering, const Node& node) : lowering_(lowering), node_(node), result_(node.outputs[0]) {
    const bool nhwc = Lowering::spatial(result_) && std::any_of(node.inputs.begin(), node.inputs.end(), [&](Value* v) {
                        return full(v) && lowering.layout_of(v) == Layout::nhwc;
                      });
    layout_ = nhwc ? Layout::nhwc : Layout::flat;
    order_ = Lowering::physical_axes(layout_, shape().size());
  }

  BroadcastOperands lower() {
    BroadcastOperands made{};
    made.alike = full(node_.inputs[0]) && full(node_.inputs[1]);
    made.banded = made.alike || by_rows();
    const auto a = strides_of(*node_.inputs[0]), b = strides_of(*node_.inputs[1]);
    for (const Value* v : node_.inputs)
      if (!v->is_constant()) made.buffers.push_back(operand(v, made.alike));
    made.output = lowering_.output(result_, layout_);
    if (made.alike)
      made.output = lowering_.one_row(made.output);
    else
      made.fields = fields(a, b, made.banded);
    return made;
  }

 private:
  const Shape& shape() const { return result_->type.shape; }
  // Reads a buffer of the result's shape in the result's layout.
  bool full(const Value* v) const { return !v->is_constant() && v->type.shape == shape(); }
  // Where the bytes are the same in both, the result's layout, too.
  Layout layout_for(const Value* v) const {
    const Layout have = lowering_.layout_of(v);
    const size_t rank = v->type.shape.size();
    const bool same = rank == shape().size() && Lowering::same_bytes(v->type.shape, Lowering::physical_axes(have, rank),
                                                                     Lowering::physical_axes(layout_, rank));
    return full(v) || same ? layout_ : have;
  }

  // Every operand that is a buffer has the result's rows.
  bool by_rows() const {
    return layout_ == Layout::nhwc && shape()[0] == 1 &&
           std::all_of(node_.inputs.begin(), node_.inputs.end(), [&](const Value* v) {
             return v->is_constant() || (v->type.shape.size() == shape().size() && layout_for(v) == Layout::nhwc &&
                                         v->type.shape[2] == shape()[2]);
           });
  }

  std::vector<int64_t> strides_of(const Value& v) const {
    const size_t rank = v.type.shape.size();
    const std::vector<int> order =
        v.is_constant() ? order_within(order_, rank) : Lowering::physical_axes(layout_for(&v), rank);
    return aligned(v.type.shape, order, shape().size());
  }

  Operand operand(const Value* v, bool alike) {
    const int buffer = lowering_.input(v, layout_for(v));
    const bool in_place = full(v) && size_of(v->type.element) == size_of(result_->type.element);
    return {alike ? lowering_.one_row(buffer) : buffer, in_place ? Overwrite::same_place : Overwrite::nothing};
  }

  Field array(const std::string& member, const std::string& comment, const std::vector<int32_t>& values) {
    const ConstantArray made = ConstantArray::of(node_.name + "_" + member, comment, values, false);
    return {"axes." + member, Field::Array{lowering_.constant(made)}};
  }

  std::vector<Field> fields(const std::vector<int64_t>& a, const std::vector<int64_t>& b, bool banded) {
    std::vector<Axis> all;
    for (int axis : order_)
      if (!banded || (axis != 0 && axis != 2)) all.push_back({shape()[size_t(axis)], a[size_t(axis)], b[size_t(axis)]});
    std::vector<int32_t> extents, a_strides, b_strides;
    for (const Axis& axis : collapsed(all)) {
      extents.push_back(int32_t(axis.extent));
      a_strides.push_back(int32_t(axis.a));
      b_strides.push_back(int32_t(axis.b));
    }
    if (int32_t(extents.size()) > max_broadcast_axes)
      throw Error(described(node_),
                  fmt::format("its operands repeat along {} alternating groups of axes, the runtime takes {}",
                              extents.size(), max_broadcast_axes),
                  "Reshape the operands to fewer axes.");
    std::vector<Field> made = {{"axes.rank", int64_t(extents.size())},
                               array("extents", "axes of a row of the result, outermost first", extents),
                               array("a_strides", "elements of the first operand per step of an axis", a_strides),
                               array("b_strides", "elements of the second operand per step of an axis", b_strides)};
    const bool constant_a = node_.inputs[0]->is_constant();
    const Value* constant = constant_a ? node_.inputs[0] : node_.inputs[1];
    const std::vector<int64_t>& strides = constant_a ? a : b;
    Field stored{"axes.constant", Field::Null{}};
    if (constant->is_constant()) stored.value = Field::Array{lowering_.constant(packed(*constant))};
    made.push_back(stored);
    made.push_back({"axes.constant_is_a", int64_t(constant_a)});
    made.push_back({"axes.constant_row", banded && constant->is_constant() ? strides[2] : int64_t(0)});
    return made;
  }

  ConstantArray packed(const Value& v) {
    const std::vector<int> order = order_within(order_, v.type.shape.size());
    return {v.name, fmt::format("{}, axes in the order {}", to_string(v.type.shape), fmt::join(order, ",")),
            v.type.element, reordered(*v.constant, order), true};
  }

  Lowering& lowering_;
  const Node& node_;
  const Value* result_;
  Layout layout_;
  std::vector<int> order_;
};

}  // namespace

BroadcastOperands lower_broadcast(Lowering& lowering, const Node& node) {
  return Broadcasting(lowering, node).lower();
}

}  // namespace thimble::compiler
