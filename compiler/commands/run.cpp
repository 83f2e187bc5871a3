// `thimble run`.
#include <fmt/core.h>

#include <filesystem>

#include "compiler/commands/commands.hpp"
#include "compiler/error.hpp"
#include "compiler/interpret.hpp"
#include "compiler/onnx/tensor_file.hpp"
#include "compiler/verify/verify.hpp"
#include "compiler/verify/work_folder.hpp"

namespace thimble::compiler {

namespace fs = std::filesystem;

namespace {

DataSet inputs_of(const RunCommand& command, const Graph& graph) {
  if (!command.data.empty()) return read_data_set(command.data, graph);
  DataSet set{"inputs", std::vector<Tensor>(graph.inputs.size()), {}};
  std::vector<bool> given(graph.inputs.size());
  for (const std::string& text : command.inputs) {
    const size_t mark = text.rfind('=');
    if (mark == std::string::npos)
      throw Error("--input", "'" + text + "' is not of the form NAME=FILE", "Give --input input_1=word.npy.");
    size_t i = 0;
    while (i < graph.inputs.size() && graph.inputs[i]->name != text.substr(0, mark)) ++i;
    if (i == graph.inputs.size())
      throw Error("--input", "the model has no input '" + text.substr(0, mark) + "'",
                  "`thimble inspect` lists its inputs.");
    set.inputs[i] = read_for(graph.inputs[i], text.substr(mark + 1));
    given[i] = true;
  }
  for (size_t i = 0; i < given.size(); ++i)
    if (!given[i])
      throw Error("input '" + graph.inputs[i]->name + "'", "no data was given for it",
                  "Give --data FOLDER, or --input NAME=FILE for every input.");
  return set;
}

std::vector<Tensor> outputs_of(const RunCommand& command, const Compiled& compiled, const DataSet& set) {
  if (!command.interpreter) {
    const WorkFolder work;
    return execute(compiled, command.compile, {set}, {.folder = work.path()}).outputs[0];
  }
  std::map<std::string, Tensor> inputs;
  for (size_t i = 0; i < set.inputs.size(); ++i) inputs[compiled.graph.inputs[i]->name] = set.inputs[i];
  const std::map<std::string, Tensor> values = interpret(compiled.graph, inputs);
  std::vector<Tensor> outputs;
  for (const Value* v : compiled.graph.outputs) outputs.push_back(values.at(v->name));
  return outputs;
}

}  // namespace

int run_model(const RunCommand& command) {
  if (!command.compile.target->qemu.empty())
    throw Error("--target", fmt::format("run works on this machine, not on {}", command.compile.target->name),
                "Leave --target out, or use `thimble verify`.");
  const Compiled compiled = compile_model(command.compile);
  const std::vector<Tensor> outputs = outputs_of(command, compiled, inputs_of(command, compiled.graph));
  fs::create_directories(command.output);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string& name = compiled.graph.outputs[i]->name;
    const std::string file = command.npy ? reference_file(command.output, name).string()
                                         : (fs::path(command.output) / fmt::format("output_{}.pb", i)).string();
    write_tensor(file, name, outputs[i]);
    fmt::print("{}: {} to {}\n", name, to_string(outputs[i].type), file);
  }
  return done;
}

}  // namespace thimble::compiler
