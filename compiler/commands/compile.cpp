// `thimble compile`.
#include <fmt/core.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "compiler/commands/commands.hpp"
#include "compiler/error.hpp"
#include "compiler/report.hpp"
#include "compiler/verify/verify.hpp"

namespace thimble::compiler {

namespace {

// A path as a Makefile reads it.
std::string escaped(const std::string& path) {
  std::string text;
  for (char c : path) {
    if (c == ' ' || c == '#') text += '\\';
    if (c == '$') text += '$';
    text += c;
  }
  return text;
}

void write_depfile(const std::string& path, const std::string& bundle, const Compiled& compiled) {
  std::string rule = escaped(bundle + "/" + compiled.program.name + ".cpp") + ":";
  for (const std::string& file : compiled.files) rule += " \\\n  " + escaped(file);
  std::ofstream out(path, std::ios::binary);
  if (!(out << rule << "\n"))
    throw Error("--depfile", "'" + path + "' cannot be written", "Check the folder and its permissions.");
}

void print_json(const Compiled& compiled, const CompileOptions& options, const std::string& bundle) {
  const nlohmann::ordered_json figures = {{"model", options.model},
                                          {"name", compiled.program.name},
                                          {"target", options.target->name},
                                          {"bundle", bundle},
                                          {"macs", compiled.program.macs()},
                                          {"weight_bytes", compiled.program.weight_bytes()},
                                          {"arena_bytes", compiled.plan.arena_bytes},
                                          {"arena_lower_bound", compiled.plan.lower_bound},
                                          {"layers", compiled.program.layers.size()},
                                          {"channels", compiled.program.multipliers()},
                                          {"exact_channels", compiled.program.exact_multipliers()},
                                          {"notes", compiled.notes}};
  fmt::print("{}\n", figures.dump(2));
}

}  // namespace

int run_compile(const CompileCommand& command) {
  CompileOptions options = command.compile;
  const Compiled compiled = compile_model(options);
  if (command.self_test) options.emit.self_test = make_self_test(options);
  const std::string folder = command.output.empty() ? compiled.program.name : command.output;
  write_bundle(make_bundle(compiled, options), folder);
  if (!command.depfile.empty()) write_depfile(command.depfile, folder, compiled);
  if (command.json) {
    print_json(compiled, options, folder);
    return done;
  }
  for (const std::string& note : compiled.notes) fmt::print("{}\n", note);
  fmt::print("{}: {} layers, {} MACs, {} bytes of weights\n", compiled.program.name, compiled.program.layers.size(),
             compiled.program.macs(), compiled.program.weight_bytes());
  fmt::print("{}", exactness(compiled.program));
  fmt::print("arena {} bytes; no plan of whole tensors in this order is below {}\nwritten to {}/\n",
             compiled.plan.arena_bytes, compiled.plan.lower_bound, folder);
  return done;
}

}  // namespace thimble::compiler
