// `thimble inspect`.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "compiler/commands/commands.hpp"
#include "compiler/cost.hpp"
#include "compiler/error.hpp"
#include "compiler/onnx/import.hpp"
#include "compiler/report.hpp"

namespace thimble::compiler {

namespace {

using json = nlohmann::ordered_json;

// A node of the model as it was written, with the costs of the op it became.
struct InspectedNode {
  NodeStatus status;
  int64_t macs = 0, weight_bytes = 0;
};

struct TargetFigures {
  std::string name;
  int64_t arena, lower_bound, constants;
  std::optional<int64_t> instructions, code;  // estimated; absent where no costs were measured
};

struct Inspection {
  std::vector<std::string> notes;
  std::vector<InspectedNode> nodes;
  Graph graph;
  int64_t macs = 0, weight_bytes = 0;
  std::vector<TargetFigures> targets;  // empty when something is not supported
  std::vector<Layer> layers;           // of the first target
};

std::vector<TensorType> types_of(const std::vector<Value*>& values) {
  std::vector<TensorType> types;
  for (const Value* v : values) types.push_back(v->type);
  return types;
}

void add_costs(Inspection& inspection) {
  for (const Node* n : inspection.graph.nodes()) {
    const int64_t macs = n->op->macs(types_of(n->inputs), types_of(n->outputs));
    int64_t bytes = 0;
    for (const Value* v : n->inputs)
      if (v->is_constant()) bytes += byte_size(v->type);
    inspection.macs += macs;
    const auto at = std::find_if(inspection.nodes.begin(), inspection.nodes.end(),
                                 [&](const InspectedNode& i) { return i.status.name == n->name; });
    if (at == inspection.nodes.end()) continue;
    at->macs += macs;
    at->weight_bytes += bytes;
  }
  for (const Value* v : inspection.graph.values())
    if (v->is_constant() && !v->users.empty()) inspection.weight_bytes += byte_size(v->type);
}

Inspection inspect(const InspectCommand& command) {
  Inspection inspection;
  const LoadedModel model = load_model(command.compile.model, command.compile.load);
  inspection.notes = model.notes;
  std::vector<NodeStatus> statuses;
  inspection.graph = import_what_is_supported(model, statuses);
  bool supported = true;
  for (const NodeStatus& s : statuses) {
    inspection.nodes.push_back({s});
    supported = supported && s.problem.empty();
  }
  add_costs(inspection);
  if (!supported) return inspection;
  for (const Target& t : targets()) {
    if (!command.targets.empty() &&
        std::find(command.targets.begin(), command.targets.end(), t.name) == command.targets.end())
      continue;
    CompileOptions options = command.compile;
    options.target = &t;
    const Compiled c = compile_model(options);
    if (inspection.targets.empty()) inspection.layers = c.program.layers;
    TargetFigures figures{
        std::string(t.name), c.plan.arena_bytes, c.plan.lower_bound, constant_bytes(c.program), {}, {}};
    if (!t.qemu.empty()) {
      const Estimate estimated = estimate(c.program, t);
      figures.instructions = std::llround(estimated.total_instructions());
      figures.code = estimated.code;
    }
    inspection.targets.push_back(std::move(figures));
  }
  return inspection;
}

json number_json(const std::optional<int64_t>& n) {
  return n ? json(*n) : json();
}

json ports_json(const std::vector<Value*>& values) {
  json rows = json::array();
  for (const Value* v : values)
    rows.push_back({{"name", v->name}, {"type", name_of(v->type.element)}, {"shape", v->type.shape}});
  return rows;
}

json as_json(const std::string& model, const Inspection& inspection) {
  json j = {{"model", model},
            {"inputs", ports_json(inspection.graph.inputs)},
            {"outputs", ports_json(inspection.graph.outputs)},
            {"nodes", json::array()}};
  for (const InspectedNode& n : inspection.nodes)
    j["nodes"].push_back({{"name", n.status.name},
                          {"op", n.status.op},
                          {"macs", n.macs},
                          {"weight_bytes", n.weight_bytes},
                          {"supported", n.status.problem.empty()},
                          {"problem", n.status.problem}});
  j["macs"] = inspection.macs;
  j["weight_bytes"] = inspection.weight_bytes;
  j["arena_bytes"] = inspection.targets.empty() ? json() : json(inspection.targets[0].arena);
  j["targets"] = json::array();
  for (const TargetFigures& t : inspection.targets)
    j["targets"].push_back({{"name", t.name},
                            {"arena_bytes", t.arena},
                            {"arena_lower_bound", t.lower_bound},
                            {"constant_bytes", t.constants},
                            {"estimated_instructions", number_json(t.instructions)},
                            {"estimated_code_bytes", number_json(t.code)}});
  j["notes"] = inspection.notes;
  return j;
}

void print(const std::string& model, const Inspection& inspection) {
  fmt::print("{}\n", model);
  for (const Value* v : inspection.graph.inputs) fmt::print("  input  {}: {}\n", v->name, to_string(v->type));
  for (const Value* v : inspection.graph.outputs) fmt::print("  output {}: {}\n", v->name, to_string(v->type));
  for (const std::string& note : inspection.notes) fmt::print("  {}\n", note);
  fmt::print("\n{:>12} {:>10}  {:<20} node\n", "MACs", "weights", "op");
  for (const InspectedNode& n : inspection.nodes)
    fmt::print("{:>12} {:>10}  {:<20} {}{}\n", n.macs, n.weight_bytes, n.status.op, n.status.name,
               n.status.problem.empty() ? "" : "\n    NOT SUPPORTED: " + n.status.problem);
  fmt::print("{:>12} {:>10}  in all\n", inspection.macs, inspection.weight_bytes);
  if (inspection.targets.empty()) return;
  fmt::print("\nAs compiled:\n{:>5} {:>12}  {:<22} layer\n", "", "MACs", "kernel");
  for (size_t i = 0; i < inspection.layers.size(); ++i)
    fmt::print("{:>5} {:>12}  {:<22} {}{}\n", i, inspection.layers[i].macs, inspection.layers[i].kernel,
               inspection.layers[i].name,
               inspection.layers[i].note.empty() ? "" : "\n" + std::string(43, ' ') + inspection.layers[i].note);
  fmt::print("\n{:<16} {:>8} {:>12} {:>18} {:>12} {:>15}\n", "target", "arena", "lower bound", "weights and tables",
             "code (est.)", "instr. (est.)");
  for (const TargetFigures& t : inspection.targets)
    fmt::print("{:<16} {:>8} {:>12} {:>18} {:>12} {:>15}\n", t.name, t.arena, t.lower_bound, t.constants,
               number_text(t.code), number_text(t.instructions));
}

}  // namespace

int run_inspect(const InspectCommand& command) {
  const Inspection inspection = inspect(command);
  if (command.json)
    fmt::print("{}\n", as_json(command.compile.model, inspection).dump(2));
  else
    print(command.compile.model, inspection);
  return done;
}

}  // namespace thimble::compiler
