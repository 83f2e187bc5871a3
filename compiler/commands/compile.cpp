// `thimble compile`.
#include <fmt/core.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compiler/commands/commands.hpp"
#include "compiler/cost.hpp"
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

// The layers, with the kernels chosen for them.
nlohmann::ordered_json layers_json(const Program& program, const Estimate& estimated) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const Layer& l = program.layers[i];
    layers.push_back({{"layer", l.name},
                      {"kernel", l.kernel},
                      {"specialised", l.specialised},
                      {"note", l.note},
                      {"macs", l.macs},
                      {"estimated_instructions", std::llround(estimated.instructions[i])},
                      {"channels", l.multipliers},
                      {"exact_channels", l.exact_multipliers}});
  }
  return layers;
}

void print_json(const Compiled& compiled, const CompileOptions& options, const std::string& bundle) {
  const Estimate estimated = estimate(compiled.program, *options.target);
  const nlohmann::ordered_json figures = {{"model", options.model},
                                          {"name", compiled.program.name},
                                          {"target", options.target->name},
                                          {"bundle", bundle},
                                          {"macs", compiled.program.macs()},
                                          {"weight_bytes", compiled.program.weight_bytes()},
                                          {"arena_bytes", compiled.plan.arena_bytes},
                                          {"arena_lower_bound", compiled.plan.lower_bound},
                                          {"estimated_instructions", std::llround(estimated.total_instructions())},
                                          {"estimated_code_bytes", estimated.code},
                                          {"channels", compiled.program.multipliers()},
                                          {"exact_channels", compiled.program.exact_multipliers()},
                                          {"notes", compiled.notes},
                                          {"layers", layers_json(compiled.program, estimated)}};
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
