// Names for everything in a bundle, and where the values lie.
#include "codegen/context.hpp"

#include <algorithm>

#include "codegen/names.hpp"
#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

template <class Items>
std::vector<std::string> names_of(const Items& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name);
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

}  // namespace

Context::Context(const Program& program_, const Plan& plan_, const Target& target_, const EmitOptions& options_)
    : program(program_), plan(plan_), target(target_), options(options_), name(program_.name) {
  ensure(model_identifier(name) == name, "code generator: '" + name + "' is no identifier for a model");
  // Members and locals of the struct that the values' accessors are members of.
  values = identifiers(names_of(program.buffers), "value",
                       {"arena", "run", "scratch", "probe_rows", "row", "next", "end", "Inference"});
  layers = identifiers(names_of(program.layers), "layer");
  arrays = identifiers(names_of(program.constants), "array");
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
