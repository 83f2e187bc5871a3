// Names for everything in a bundle, and where the values lie.
#include "codegen/context.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "codegen/names.hpp"
#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

std::vector<std::string> layer_names(const Program& program) {
  std::vector<std::string> names;
  for (const Layer& layer : program.layers) names.push_back(layer.name);
  return identifiers(names, "layer");
}

// Specialised layers of one shape are of one type, so that they share one copy of their kernel.
std::vector<size_t> shape_owners(const Program& program) {
  std::map<std::string, size_t> first;
  std::vector<size_t> owners;
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const Layer& layer = program.layers[i];
    owners.push_back(layer.specialised ? first.emplace(shape_key(layer), i).first->second : i);
  }
  return owners;
}

int64_t shape_value(const Layer& layer, size_t field) {
  return std::get<int64_t>(layer.shape[field].value);
}

// The members of which the layers, all of one shape_struct, have different values.
std::vector<CommonShape::Member> varying_members(const std::vector<const Layer*>& layers) {
  std::vector<CommonShape::Member> members;
  for (size_t f = 0; f < layers[0]->shape.size(); ++f) {
    const auto [low, high] = std::minmax_element(layers.begin(), layers.end(), [&](const Layer* a, const Layer* b) {
      return shape_value(*a, f) < shape_value(*b, f);
    });
    const CommonShape::Member member{f, shape_value(**low, f), shape_value(**high, f)};
    if (member.lowest != member.highest) members.push_back(member);
  }
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.bytes() > b.bytes(); });
  return members;
}

std::map<std::string, CommonShape> common_shapes_of(const Program& program, const std::vector<std::string>& layers) {
  std::map<std::string, CommonShape> shapes;
  std::map<std::string, std::vector<const Layer*>> sharing;
  Names unique("shape", {layers.begin(), layers.end()});
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const Layer& layer = program.layers[i];
    if (layer.shape_struct.empty() || layer.specialised) continue;
    std::vector<const Layer*>& alike = sharing[layer.shape_struct];
    if (alike.empty()) shapes[layer.shape_struct] = {unique.take("Common" + layer.shape_struct), i, {}};
    alike.push_back(&layer);
    ensure(alike[0]->shape.size() == layer.shape.size(), "code generator: two shapes of '" + layer.shape_struct + "'");
  }
  for (auto& [shape_struct, common] : shapes) common.members = varying_members(sharing[shape_struct]);
  return shapes;
}

// Buffers that layers read or write.
std::set<int> operands(const Program& program) {
  std::set<int> used;
  for (const Layer& layer : program.layers) {
    for (const Operand& in : layer.inputs) used.insert(in.buffer);
    used.insert(layer.outputs.begin(), layer.outputs.end());
  }
  return used;
}

// Storages get the names that the model gives them. A view that layers read gets its own where that is free, else its
// storage's with its layout: "image_nhwc". Views that nobody reads get none.
std::vector<std::string> value_names(const Program& program) {
  // Members and locals of the struct that the values' accessors are members of.
  std::set<std::string> taken{"arena", "run", "probe_rows", "row", "next", "end", "Inference"};
  std::vector<std::string> storage_names, view_names;
  for (const Buffer& b : program.buffers) (b.view_of ? view_names : storage_names).push_back(b.name);
  const std::vector<std::string> storages = identifiers(storage_names, "value", taken);
  const std::vector<std::string> views = identifiers(view_names, "value");
  std::vector<std::string> values(program.buffers.size());
  size_t next_storage = 0, next_view = 0;
  for (size_t i = 0; i < values.size(); ++i)
    if (!program.buffers[i].view_of) values[i] = storages[next_storage++];
  taken.insert(storages.begin(), storages.end());
  const std::set<std::string> claimed = taken;
  Names unique("value", std::move(taken));
  const std::set<int> used = operands(program);
  for (size_t i = 0; i < values.size(); ++i) {
    const Buffer& b = program.buffers[i];
    if (!b.view_of) continue;
    const std::string& own = views[next_view++];
    if (used.count(int(i)) == 0) continue;
    const std::string layout = b.layout == Layout::flat ? "_flat" : b.layout == Layout::nhwc ? "_nhwc" : "_planes";
    values[i] = unique.take(claimed.count(own) == 0 ? own : values[size_t(*b.view_of)] + layout);
  }
  return values;
}

// Arrays are named after the first layer that reads them, and its field: "conv1_weights".
std::vector<std::string> array_names(const Program& program, const std::vector<std::string>& layers) {
  std::vector<std::string> wishes;
  for (const ConstantArray& array : program.constants) wishes.push_back(array.name);
  for (size_t l = program.layers.size(); l-- > 0;) {
    for (const Field& field : program.layers[l].fields)
      if (const auto* array = std::get_if<Field::Array>(&field.value))
        wishes[size_t(array->constant)] = layers[l] + "_" + field.name.substr(field.name.rfind('.') + 1);
  }
  Names unique("array");
  std::vector<std::string> names;
  for (const std::string& wish : wishes) names.push_back(unique.take(wish));
  return names;
}

std::vector<Port> ports_of(const Program& program, const std::vector<int>& buffers, bool is_input) {
  const std::string kind = is_input ? "input" : "output";
  if (buffers.size() == 1) return {{buffers[0], is_input, kind}};
  std::vector<std::string> names;
  for (int b : buffers) names.push_back(program.buffers[size_t(b)].name);
  const std::vector<std::string> ids = identifiers(names, "value");
  Names unique(kind);
  std::vector<Port> ports;
  for (size_t i = 0; i < buffers.size(); ++i) {
    const bool tells = ids[i].rfind(kind + "_", 0) == 0;
    ports.push_back({buffers[i], is_input, unique.take(tells ? ids[i] : kind + "_" + ids[i])});
  }
  return ports;
}

// The narrowest type for values from `lowest` to `highest`: loads of unsigned ones take the least code.
struct Narrow {
  std::string_view type;
  int bytes;
  int64_t lowest, highest;
};
const Narrow& narrowest(int64_t lowest, int64_t highest) {
  static constexpr Narrow types[] = {{"uint8_t", 1, 0, UINT8_MAX},
                                     {"int8_t", 1, INT8_MIN, INT8_MAX},
                                     {"uint16_t", 2, 0, UINT16_MAX},
                                     {"int16_t", 2, INT16_MIN, INT16_MAX},
                                     {"int32_t", 4, INT64_MIN, INT64_MAX}};
  return *std::find_if(std::begin(types), std::end(types),
                       [&](const Narrow& t) { return t.lowest <= lowest && highest <= t.highest; });
}

}  // namespace

std::string_view CommonShape::Member::type() const {
  return narrowest(lowest, highest).type;
}

int CommonShape::Member::bytes() const {
  return narrowest(lowest, highest).bytes;
}

Context::Context(const Program& program_, const Plan& plan_, const Target& target_, const EmitOptions& options_)
    : program(program_), plan(plan_), target(target_), options(options_), name(program_.name) {
  ensure(model_identifier(name) == name, "code generator: '" + name + "' is no identifier for a model");
  values = value_names(program);
  layers = layer_names(program);
  shapes = shape_owners(program);
  common_shapes = common_shapes_of(program, layers);
  arrays = array_names(program, layers);
  inputs = ports_of(program, program.inputs, true);
  outputs = ports_of(program, program.outputs, false);
}

int64_t Context::offset(int b) const {
  const Placement* place = plan.of(storage_of(program, b));
  ensure(place != nullptr, "code generator: the plan has no place for '" + buffer(b).name + "'");
  return place->offset + buffer(b).view_offset;
}

int32_t Context::ring_rows(int b) const {
  const Placement* place = plan.of(storage_of(program, b));
  return place != nullptr && place->ring_rows > 0 ? place->ring_rows : buffer(b).height;
}

const Region* Context::region_of(int layer) const {
  for (const Region& r : plan.regions)
    if (r.first <= layer && layer <= r.last) return &r;
  return nullptr;
}

const std::string& Context::shape_name(size_t i) const {
  const Layer& layer = program.layers[i];
  return layer.specialised ? layers[shapes[i]] : common_shapes.at(layer.shape_struct).name;
}

std::string Context::constants_type(size_t i) const {
  const Layer& layer = program.layers[i];
  const std::string type = "thimble::" + layer.constants_struct;
  return layer.shape_struct.empty() ? type : type + "<shapes::" + shape_name(i) + ">";
}

int Context::alignment() const {
  int64_t bytes = target.alignment;
  for (const Buffer& b : program.buffers) bytes = std::max(bytes, size_of(b.type.element));
  return int(bytes);
}

std::string Context::array_expression(int constant) const {
  const char* space = program.constants[size_t(constant)].weights ? "weights::" : "tables::";
  return space + arrays[size_t(constant)];
}

std::vector<Port> Context::ports() const {
  std::vector<Port> all = inputs;
  all.insert(all.end(), outputs.begin(), outputs.end());
  return all;
}

std::string type_text(const TensorType& type) {
  return std::string(name_of(type.element)) + to_string(type.shape);
}

bool has_steps(const TensorType& type) {
  return type.quantization && !type.quantization->per_axis() && size_of(type.element) <= 2 && is_integer(type.element);
}

}  // namespace thimble::compiler
