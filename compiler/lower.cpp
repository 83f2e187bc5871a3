// Graph to Program: walks the nodes in order and lets each op append its layers.
#include <algorithm>

#include "compiler/error.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/reorder.hpp"
#include "thimble/planes.pack.hpp"

namespace thimble::compiler {

bool Lowering::spatial(const Value* value) {
  return value->type.shape.size() == 3 || value->type.shape.size() == 4;
}

std::vector<int> Lowering::physical_axes(Layout layout, size_t rank) {
  std::vector<int> axes;
  for (size_t i = 0; i < rank; ++i) axes.push_back(int(i));
  if (layout == Layout::nhwc && rank >= 3) std::rotate(axes.begin() + 1, axes.begin() + 2, axes.end());
  return axes;
}

bool Lowering::same_bytes(const Shape& shape, std::vector<int> a, std::vector<int> b) {
  const auto unit = [&](int axis) { return shape[size_t(axis)] == 1; };
  a.erase(std::remove_if(a.begin(), a.end(), unit), a.end());
  b.erase(std::remove_if(b.begin(), b.end(), unit), b.end());
  return a == b;
}

Layout Lowering::layout_of(const Value* value) const {
  const auto it = stored_.find(value);
  return it == stored_.end() ? Layout::flat : program_.buffers[size_t(it->second)].layout;
}

int Lowering::new_buffer(const std::string& name, const TensorType& type, Layout layout, int32_t border) {
  Buffer b;
  b.name = name;
  b.type = type;
  b.layout = layout;
  const int64_t element = size_of(type.element);
  if (layout == Layout::flat) {
    b.bytes = byte_size(type);
    b.row_bytes = int32_t(b.bytes);
  } else {
    b.channels = int32_t(type.shape[1]);
    b.height = int32_t(type.shape[2]);
    b.width = type.shape.size() == 4 ? int32_t(type.shape[3]) : 1;
    b.border = border;
    b.row_bytes = int32_t(element * b.channels * (b.width + border));
    b.tail_bytes = layout == Layout::planes ? plane_tail_bytes(border) : 0;
    b.bytes = type.shape[0] * b.height * b.row_bytes + b.tail_bytes;
  }
  program_.buffers.push_back(std::move(b));
  return int(program_.buffers.size()) - 1;
}

int Lowering::output(const Value* value, Layout layout) {
  const int buffer = new_buffer(value->name, value->type, layout, layout == Layout::planes ? planes_border(value) : 0);
  ensure(stored_.emplace(value, buffer).second, "lowering: '" + value->name + "' is stored twice");
  return buffer;
}

void Lowering::alias(const Value* value, int buffer, Layout layout) {
  const int view = new_buffer(value->name, value->type, layout);
  Buffer& v = program_.buffers[size_t(view)];
  const Buffer& of = program_.buffers[size_t(buffer)];
  ensure(v.bytes == of.bytes, "lowering: the view '" + v.name + "' has other bytes than '" + of.name + "'");
  v.view_of = storage_of(program_, buffer);
  v.view_offset = of.view_offset;
  ensure(stored_.emplace(value, view).second, "lowering: '" + value->name + "' is stored twice");
}

int Lowering::image(int buffer, int64_t n) {
  const Buffer of = program_.buffers[size_t(buffer)];
  if (of.type.shape[0] == 1) return buffer;
  ensure(of.layout == Layout::nhwc, "lowering: image() of '" + of.name + "', which is not nhwc");
  TensorType type = of.type;
  type.shape[0] = 1;
  const int view = new_buffer(of.name + "_" + std::to_string(n), type, of.layout);
  Buffer& v = program_.buffers[size_t(view)];
  v.view_of = storage_of(program_, buffer);
  v.view_offset = of.view_offset + n * v.bytes;
  return view;
}

int Lowering::one_row(int buffer) {
  const Buffer of = program_.buffers[size_t(buffer)];
  if (of.layout == Layout::flat || of.type.shape[0] == 1) return buffer;
  ensure(of.layout == Layout::nhwc, "lowering: one_row() of '" + of.name + "', which is planes");
  TensorType type{of.type.element, {}, of.type.quantization};
  for (int axis : physical_axes(of.layout, of.type.shape.size())) type.shape.push_back(of.type.shape[size_t(axis)]);
  const int view = new_buffer(of.name + "_rows", type, Layout::flat);
  program_.buffers[size_t(view)].view_of = storage_of(program_, buffer);
  program_.buffers[size_t(view)].view_offset = of.view_offset;
  return view;
}

int Lowering::input(const Value* value, Layout layout) {
  ensure(!value->is_constant(), "lowering: '" + value->name + "' is a constant, not a buffer");
  const int stored = stored_.at(value);
  const Layout have = program_.buffers[size_t(stored)].layout;
  if (have == layout) return stored;
  const auto known = converted_.find({value, layout});
  if (known != converted_.end()) return known->second;
  ensure(have != Layout::planes && layout != Layout::planes,
         "lowering: no conversion of '" + value->name + "' to or from planes");
  const size_t rank = value->type.shape.size();
  const int buffer = new_buffer(value->name + (layout == Layout::nhwc ? "_nhwc" : "_flat"), value->type, layout);
  converted_[{value, layout}] = buffer;
  const std::vector<int> from = physical_axes(have, rank), to = physical_axes(layout, rank);
  if (same_bytes(value->type.shape, from, to)) {
    program_.buffers[size_t(buffer)].view_of = storage_of(program_, stored);
    program_.buffers[size_t(buffer)].view_offset = program_.buffers[size_t(stored)].view_offset;
  } else {
    add_reorder(*this, value->name + (layout == Layout::nhwc ? " to nhwc" : " to flat"), stored, buffer, from, to);
  }
  return buffer;
}

int32_t Lowering::planes_border(const Value* value) const {
  const TensorType& t = value->type;
  if (t.element != ElementType::int8 || t.shape.size() != 4 || t.shape[0] != 1 || graph_->is_output(value) ||
      options_.portable_kernels)
    return 0;
  int32_t largest = 0;
  for (const Node* user : value->users) {
    const bool first_alone =
        user->inputs[0] == value && std::count(user->inputs.begin(), user->inputs.end(), value) == 1;
    const int32_t border = first_alone ? user->op->planes_border(*user, target_) : 0;
    if (border == 0) return 0;
    largest = std::max(largest, border);
  }
  return largest;
}

int Lowering::constant(ConstantArray array) {
  for (size_t i = 0; i < program_.constants.size(); ++i) {
    const ConstantArray& c = program_.constants[i];
    if (c.element == array.element && c.weights == array.weights && c.bytes == array.bytes) return int(i);
  }
  array.name = unique(array.name, constant_names_);
  program_.constants.push_back(std::move(array));
  return int(program_.constants.size()) - 1;
}

void Lowering::add(Layer layer) {
  add(std::vector<Layer>{std::move(layer)});
}

void Lowering::add(std::vector<Layer> alternatives) {
  ensure(!alternatives.empty(), "lowering: a layer without a form");
  const std::string name = unique(alternatives[0].name, layer_names_);
  for (Layer& layer : alternatives) layer.name = name;
  layers_.push_back(std::move(alternatives));
}

std::string Lowering::unique(const std::string& wish, std::map<std::string, int>& taken) {
  std::string name = wish;
  while (taken.count(name) > 0) name = wish + "_" + std::to_string(++taken[wish]);
  taken[name] = 1;
  return name;
}

Program lower(const Graph& graph, const std::string& name, const Target& target, const LoweringOptions& options) {
  Lowering lowering(target, options);
  lowering.graph_ = &graph;
  lowering.program_.name = name;
  for (const Value* v : graph.inputs) lowering.program_.inputs.push_back(lowering.output(v, Layout::flat));
  for (const Node* n : graph.nodes()) n->op->lower(lowering, *n);
  for (const Value* v : graph.outputs) {
    if (v->is_constant())
      throw Error(
          "output '" + v->name + "'",
          "it does not depend on any input: it is a constant of " + std::to_string(byte_size(v->type)) + " bytes",
          "Remove it from the model's outputs.");
    lowering.program_.outputs.push_back(lowering.input(v, Layout::flat));
  }
  ChoiceOptions choice = options.choice;
  if (options.portable_kernels) {
    choice.specialise = false;
    choice.alternative = 0;
  }
  choose(lowering.program_, std::move(lowering.layers_), target, choice);
  return std::move(lowering.program_);
}

}  // namespace thimble::compiler
