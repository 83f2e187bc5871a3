// `thimble targets` and `thimble ops`.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "compiler/commands/commands.hpp"
#include "compiler/import_node.hpp"

namespace thimble::compiler {

int list_targets(bool as_json) {
  if (as_json) {
    auto rows = nlohmann::ordered_json::array();
    for (const Target& t : targets())
      rows.push_back({{"name", t.name},
                      {"core", t.core},
                      {"cost_family", t.cost_family},
                      {"features", {{"dsp", t.features.dsp}, {"mve", t.features.mve}, {"fpu", t.features.fpu}}},
                      {"compiler", t.compiler},
                      {"flags", t.flags},
                      {"board", t.board},
                      {"linker_script", t.linker_script},
                      {"libraries", t.libraries},
                      {"qemu", t.qemu}});
    fmt::print("{}\n", rows.dump(2));
    return done;
  }
  for (const Target& t : targets()) fmt::print("{:<14} {}\n{:14} {} {}\n", t.name, t.core, "", t.compiler, t.flags);
  return done;
}

int list_ops(bool as_json, bool markdown) {
  if (as_json) {
    auto rows = nlohmann::ordered_json::array();
    for (const OpEntry& op : op_table()) rows.push_back({{"name", op.onnx_name}, {"notes", op.notes}});
    fmt::print("{}\n", rows.dump(2));
    return done;
  }
  if (markdown)
    fmt::print(
        "# Operators\n\nMade by `thimble ops --markdown`. ONNX's composite operators that are not listed are expanded "
        "into these where their function body allows.\n\n| operator | what is supported |\n| --- | --- |\n");
  for (const OpEntry& op : op_table())
    fmt::print(fmt::runtime(markdown ? "| {} | {} |\n" : "{:<22} {}\n"), op.onnx_name, op.notes);
  return done;
}

}  // namespace thimble::compiler
