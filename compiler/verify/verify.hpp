// Builds the generated code, runs it on data sets and compares with a reference.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/cost.hpp"
#include "compiler/verify/compare.hpp"
#include "compiler/verify/data_set.hpp"
#include "compiler/verify/firmware.hpp"

namespace thimble::compiler {

// What one build of the generated code made of the data sets.
struct Execution {
  std::vector<std::vector<Tensor>> outputs;  // per data set, in the order of the program's outputs
  std::vector<std::vector<std::byte>>
      layers;  // with layers, of which there is one data set: each layer's first output in memory
  std::vector<InstructionCounts> layer_instructions;  // a total of -1: not counted
  RunResult run;
  Firmware firmware;
};

struct ExecuteOptions {
  std::string folder;  // to build in
  bool layers = false;
  std::string reference = "";  // folder of NAME.npy that layers are fed from; empty: layers feed each other
  std::vector<std::string> flags = {};
  int timeout = 120;
};

// Emits, builds and runs `compiled` on `sets`.
Execution execute(const Compiled& compiled, const CompileOptions& options, const std::vector<DataSet>& sets,
                  const ExecuteOptions& how);

struct LayerFigures {
  std::string layer, kernel, value;
  bool specialised = false;
  int alternatives = 1;
  Counts counts{};  // what the estimate is made of
  int64_t macs = 0;
  int64_t instructions = -1;      // -1: not counted
  std::optional<int64_t> cycles;  // modelled
  Difference difference;  // against the reference, in ONNX's axis order; total 0: the reference has no such value
};

struct Verification {
  std::string model, target, counter, reference;
  size_t data_sets = 0;
  Difference difference;     // of the outputs, over all data sets
  std::string outputs_hash;  // SHA-256 of all output bytes: where two are equal, so are the outputs
  int64_t macs = 0;
  int64_t instructions = -1;      // of one run, the most of all data sets; -1: not counted
  std::optional<int64_t> cycles;  // of the same run, modelled
  FirmwareSizes flash;
  Estimate estimated;
  bool float_library = false;  // linked
  int64_t arena = 0, state = 0, stack = 0;
  std::string toolchain;
  std::vector<LayerFigures> layers;
  bool passed() const;
};

struct VerifyOptions {
  std::vector<std::string> data;  // folders; empty: those beside the model, else made-up inputs
  ExecuteOptions execute;
  size_t data_sets_at_most = SIZE_MAX;
  bool compare_layers = true;  // false: layers are measured only
};

// What --self-test stores: a made-up input, and the output of the generated code on the host. Needs the host's
// compiler.
SelfTest make_self_test(const CompileOptions& options);

// Where --reference and `run --npy` keep a tensor: its name, with the characters that no file name takes replaced by
// '_'.
std::filesystem::path reference_file(const std::string& folder, const std::string& value);

Verification verify_model(const CompileOptions& options, const VerifyOptions& how);

}  // namespace thimble::compiler
