// `thimble verify`.
#include "compiler/verify/verify.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "compiler/commands/commands.hpp"

namespace thimble::compiler {

namespace {

nlohmann::ordered_json as_json(const Verification& v) {
  nlohmann::ordered_json j = {
      {"model", v.model},
      {"target", v.target},
      {"counter", v.counter},
      {"reference", v.reference},
      {"data_sets", v.data_sets},
      {"outputs_total", v.difference.total},
      {"outputs_equal", v.difference.equal},
      {"max_abs_error", v.difference.max_abs_error},
      {"outputs_sha256", v.outputs_hash},
      {"passed", v.passed()},
      {"instructions", v.instructions >= 0 ? nlohmann::ordered_json(v.instructions) : nlohmann::ordered_json()},
      {"flash", {{"code", v.flash.code}, {"weights", v.flash.weights}}},
      {"ram", {{"arena", v.arena}, {"state", v.state}, {"stack", v.stack}}},
      {"estimated",
       {{"instructions", std::llround(v.estimated.total_instructions())},
        {"code", v.estimated.code},
        {"calls", v.estimated.calls},
        {"float_library", v.float_library}}},
      {"toolchain", v.toolchain}};
  if (v.layers.empty()) return j;
  j["layers"] = nlohmann::ordered_json::array();
  for (size_t i = 0; i < v.layers.size(); ++i) {
    const LayerFigures& l = v.layers[i];
    j["layers"].push_back({{"layer", l.layer},
                           {"kernel", l.kernel},
                           {"specialised", l.specialised},
                           {"alternatives", l.alternatives},
                           {"value", l.value},
                           {"counts", l.counts.values()},
                           {"body", v.estimated.bodies[i]},
                           {"estimated", std::llround(v.estimated.instructions[i])},
                           {"instructions", l.instructions},
                           {"compared", l.difference.total},
                           {"equal", l.difference.equal},
                           {"max_abs_error", l.difference.max_abs_error}});
  }
  return j;
}

void print(const Verification& v) {
  fmt::print("{} on {}: {} of {} output values equal, largest difference {:.6g} ({} data sets, against {})\n", v.model,
             v.target, v.difference.equal, v.difference.total, v.difference.max_abs_error, v.data_sets, v.reference);
  if (v.instructions >= 0) fmt::print("instructions {} ({})\n", v.instructions, v.counter);
  if (v.flash.code > 0)
    fmt::print("flash: code {}, weights {}; RAM: arena {}, state {}, stack {} bytes\n", v.flash.code, v.flash.weights,
               v.arena, v.state, v.stack);
  fmt::print("built with {}\n", v.toolchain);
  if (!v.layers.empty())
    fmt::print("\n{:>12}  {:>9} {:>9} {:>10}  {:<24} {}\n", "instructions", "compared", "equal", "max diff", "kernel",
               "layer");
  for (const LayerFigures& l : v.layers)
    fmt::print("{:>12}  {:>9} {:>9} {:>10.4g}  {:<24} {}\n", l.instructions >= 0 ? std::to_string(l.instructions) : "-",
               l.difference.total, l.difference.equal, l.difference.max_abs_error, l.kernel, l.layer);
  fmt::print("{}\n", v.passed() ? "passed" : "DIFFERENCES FOUND");
}

}  // namespace

int run_verify(const VerifyCommand& command) {
  const Verification v =
      verify_model(command.compile,
                   {command.data, {command.keep, command.layers, command.reference, command.flags, command.timeout}});
  if (command.json)
    fmt::print("{}\n", as_json(v).dump(2));
  else
    print(v);
  return v.passed() ? done : limit_exceeded;
}

}  // namespace thimble::compiler
