// Emit, build, run, compare.
#include "compiler/verify/verify.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/error.hpp"
#include "compiler/onnx/tensor_file.hpp"
#include "compiler/sha256.hpp"
#include "compiler/verify/harness.hpp"
#include "compiler/verify/work_folder.hpp"

namespace thimble::compiler {

namespace fs = std::filesystem;

namespace {

using Bytes = std::vector<std::byte>;

void write_bytes(const fs::path& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  if (!out) throw Error(path.string(), "the file cannot be written", "Check the folder and its permissions.");
}

Bytes read_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  const std::string s = text.str();
  Bytes bytes(s.size());
  std::transform(s.begin(), s.end(), bytes.begin(), [](char c) { return std::byte(c); });
  return bytes;
}

void append(Bytes& to, const Bytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// The reference's value of a layer's first output, in ONNX's order; absent when the folder has none of that type and
// shape.
std::optional<Tensor> reference_of(const Buffer& buffer, const std::string& folder) {
  if (folder.empty()) return {};
  const fs::path path = reference_file(folder, buffer.name);
  if (!fs::exists(path)) return {};
  Tensor t = read_tensor(path.string());
  if (t.type.element != buffer.type.element || t.type.shape != buffer.type.shape) return {};
  t.type = buffer.type;
  return t;
}

// Memory of a buffer that holds `t`; the borders of planes hold the zero point.
Bytes memory_of(const Buffer& buffer, const Tensor& t) {
  const int32_t zero = t.type.quantization ? t.type.quantization->zero_points[0] : 0;
  Bytes memory(size_t(buffer.bytes - buffer.tail_bytes), std::byte(zero));
  place_logical(buffer, t.bytes, memory);
  return memory;
}

// For each call of a kernel: one byte, 1 when its output's bytes follow and are to replace what the layer made. Where
// rows stream, no call is forced.
Bytes forced_bytes(const Compiled& compiled, const std::string& folder) {
  const Program& program = compiled.program;
  if (!compiled.plan.regions.empty()) return Bytes(100000);
  Bytes all;
  for (const Layer& layer : program.layers) {
    const Buffer& buffer = program.buffers[size_t(layer.outputs[0])];
    const std::optional<Tensor> t = reference_of(buffer, folder);
    all.push_back(std::byte(t ? 1 : 0));
    if (t) append(all, memory_of(buffer, *t));
  }
  return all;
}

std::vector<Tensor> split_outputs(const Program& program, const Bytes& bytes, int64_t& at) {
  std::vector<Tensor> outputs;
  for (int id : program.outputs) {
    const TensorType& type = program.buffers[size_t(id)].type;
    const int64_t size = byte_size(type);
    outputs.push_back({type, Bytes(bytes.begin() + at, bytes.begin() + at + size)});
    at += size;
  }
  return outputs;
}

// `to` with a total of -1 has counted nothing yet.
void add_counts(InstructionCounts& to, const InstructionCounts& more) {
  if (to.total < 0) {
    to = more;
    return;
  }
  to.total += more.total;
  if (!to.kinds || !more.kinds) return;
  for (size_t k = 0; k < instruction_kinds; ++k) (*to.kinds)[k] += (*more.kinds)[k];
}

void read_results(const Program& program, size_t sets, bool layers, const fs::path& folder, Execution& execution) {
  int64_t per_set = 0;
  for (int id : program.outputs) per_set += byte_size(program.buffers[size_t(id)].type);
  const Bytes outputs = read_bytes(folder / "outputs.bin");
  ensure(int64_t(outputs.size()) == per_set * int64_t(sets),
         fmt::format("outputs.bin has {} bytes, {} were to be written", outputs.size(), per_set * int64_t(sets)));
  int64_t at = 0;
  for (size_t s = 0; s < sets; ++s) execution.outputs.push_back(split_outputs(program, outputs, at));
  if (!layers) return;
  execution.layers.resize(program.layers.size());
  execution.layer_instructions.assign(program.layers.size(), {-1, {}});
  size_t call = 0;
  for (LayerRecord& record : parse_records(read_bytes(folder / "layers.bin"))) {
    const size_t layer = size_t(record.layer);
    append(execution.layers.at(layer), record.bytes);
    if (call < execution.run.instructions.size())
      add_counts(execution.layer_instructions[layer], execution.run.instructions[call]);
    ++call;
  }
}

// The same model on the host with portable kernels, whole layers: what there is to compare with when no data set says.
CompileOptions portable_on_host(CompileOptions options) {
  options.target = find_target("host");
  options.lowering.portable_kernels = true;
  options.plan.stream.clear();
  options.ram_limit = options.flash_limit = -1;
  options.emit.layer_hook = false;
  return options;
}

std::vector<DataSet> data_sets_for(const CompileOptions& options, const VerifyOptions& how, const Graph& graph) {
  std::vector<DataSet> sets;
  for (const std::string& folder : how.data) sets.push_back(read_data_set(folder, graph));
  if (sets.empty()) sets = data_sets_beside(options.model, graph);
  if (sets.empty()) sets.push_back(made_up_data_set(graph, 1));
  return sets;
}

// Figures of each layer, against the reference folder or another execution's layers by name of value.
std::vector<LayerFigures> layer_figures(const Program& program, const Target& target, const Execution& made,
                                        const std::string& folder, const Program& other, const Execution& reference) {
  std::vector<LayerFigures> figures;
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const Layer& layer = program.layers[i];
    const Buffer& buffer = program.buffers[size_t(layer.outputs[0])];
    LayerFigures f;
    f.layer = layer.name;
    f.kernel = layer.kernel;
    f.value = buffer.name;
    f.specialised = layer.specialised;
    f.alternatives = layer.alternatives;
    f.macs = layer.macs;
    f.counts = counts_of(program, layer);
    f.instructions = made.layer_instructions[i].total;
    f.cycles = modelled_cycles(made.layer_instructions[i], target);
    const Tensor ours{buffer.type, logical_bytes(buffer, made.layers[i])};
    if (!folder.empty()) {
      if (const auto t = reference_of(buffer, folder)) f.difference.add(compare(ours, *t));
    } else {
      for (size_t k = 0; k < other.layers.size(); ++k) {
        const Buffer& theirs = other.buffers[size_t(other.layers[k].outputs[0])];
        if (theirs.name == buffer.name && theirs.type == buffer.type)
          f.difference.add(compare(ours, {theirs.type, logical_bytes(theirs, reference.layers[k])}));
      }
    }
    figures.push_back(f);
  }
  return figures;
}

std::string hash_of(const std::vector<std::vector<Tensor>>& outputs) {
  std::string bytes;
  for (const std::vector<Tensor>& set : outputs)
    for (const Tensor& t : set) bytes.append(reinterpret_cast<const char*>(t.bytes.data()), t.bytes.size());
  return sha256(bytes);
}

}  // namespace

std::filesystem::path reference_file(const std::string& folder, const std::string& value) {
  std::string name = value;
  for (char& c : name)
    if (c == '/' || c == ':' || c == '\\') c = '_';
  constexpr size_t longest = 100;  // file systems take 255 bytes, and some names of converters are longer
  if (name.size() > longest) name = name.substr(0, longest) + "_" + sha256(value).substr(0, 16);
  return fs::path(folder) / (name + ".npy");
}

bool Verification::passed() const {
  return difference.within_tolerance &&
         std::all_of(layers.begin(), layers.end(), [](const LayerFigures& l) { return l.difference.within_tolerance; });
}

Execution execute(const Compiled& compiled, const CompileOptions& options, const std::vector<DataSet>& sets,
                  const ExecuteOptions& how) {
  const fs::path folder = fs::absolute(how.folder), bundle = folder / "bundle";
  fs::create_directories(folder);
  CompileOptions emitting = options;
  emitting.emit.probe = how.layers;
  write_bundle(make_bundle(compiled, emitting), bundle.string());
  const std::string main_cpp = (folder / "main.cpp").string();
  std::ofstream(main_cpp) << harness_main(compiled, options, int(sets.size()), how.layers);
  Execution execution;
  execution.firmware = build_firmware(*options.target, bundle.string(), main_cpp, folder.string(), how.flags);
  Bytes inputs, forced;
  for (const DataSet& set : sets) {
    for (const Tensor& t : set.inputs) append(inputs, t.bytes);
    if (how.layers) append(forced, forced_bytes(compiled, how.reference));
  }
  write_bytes(folder / "inputs.bin", inputs);
  write_bytes(folder / "force.bin", forced);
  execution.run = run_firmware(*options.target, execution.firmware, how.timeout);
  read_results(compiled.program, sets.size(), how.layers, folder, execution);
  return execution;
}

SelfTest make_self_test(const CompileOptions& options) {
  const WorkFolder work;
  const CompileOptions portable = portable_on_host(options);
  const Compiled host = compile_model(portable);
  const DataSet set = made_up_data_set(host.graph, 1);
  const Execution made = execute(host, portable, {set}, {.folder = work.path()});
  SelfTest test;
  for (const Tensor& t : set.inputs) test.inputs.push_back(t.bytes);
  for (const Tensor& t : made.outputs[0]) test.outputs.push_back(t.bytes);
  return test;
}

Verification verify_model(const CompileOptions& options, const VerifyOptions& how) {
  const WorkFolder work(how.execute.folder);
  const Compiled compiled = compile_model(options);
  std::vector<DataSet> sets = data_sets_for(options, how, compiled.graph);
  sets.resize(std::min(sets.size(), how.execute.layers ? 1 : how.data_sets_at_most));
  ExecuteOptions plain = how.execute;
  plain.folder = work.path() + "/model";
  plain.layers = false;
  const Execution made = execute(compiled, options, sets, plain);

  const bool expected = !sets[0].expected.empty(),
             need_layers = how.execute.layers && how.compare_layers && how.execute.reference.empty();
  Compiled host;
  Execution reference;
  if (!expected || need_layers) {
    const CompileOptions portable = portable_on_host(options);
    host = compile_model(portable);
    ExecuteOptions on_host{work.path() + "/reference", need_layers, "", {}, how.execute.timeout};
    reference = execute(host, portable, sets, on_host);
  }
  Verification v;
  v.model = options.model;
  v.target = options.target->name;
  v.counter = made.run.counter;
  v.macs = compiled.program.macs();
  v.reference = expected ? "the data sets' outputs" : "the portable kernels on the host";
  v.data_sets = sets.size();
  for (size_t s = 0; s < sets.size(); ++s)
    for (size_t o = 0; o < made.outputs[s].size(); ++o)
      v.difference.add(compare(made.outputs[s][o], expected ? sets[s].expected[o] : reference.outputs[s][o]));
  v.outputs_hash = hash_of(made.outputs);
  const auto& runs = made.run.instructions;
  const auto most = std::max_element(runs.begin(), runs.end(), [](auto& a, auto& b) { return a.total < b.total; });
  if (most != runs.end()) {
    v.instructions = most->total;
    v.cycles = modelled_cycles(*most, *options.target);
  }
  v.flash = made.firmware.sizes;
  v.estimated = estimate(compiled.program, *options.target);
  v.float_library = needs_float_library(compiled.program, *options.target);
  v.arena = compiled.plan.arena_bytes;
  v.stack = printed_number(made.run.output, "stack").value_or(0);
  v.toolchain = made.firmware.toolchain;
  if (how.execute.layers) {
    ExecuteOptions probed = how.execute;
    probed.folder = work.path() + "/layers";
    const Execution layers = execute(compiled, options, sets, probed);
    v.layers = layer_figures(compiled.program, *options.target, layers, how.execute.reference, host.program, reference);
  }
  return v;
}

}  // namespace thimble::compiler
