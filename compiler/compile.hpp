// The whole pipeline: a model file in, a planned program out.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "codegen/emit.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/lowering.hpp"
#include "compiler/onnx/load.hpp"
#include "compiler/program.hpp"
#include "passes/pipeline.hpp"
#include "passes/plan/plan.hpp"
#include "targets/targets.hpp"

namespace thimble::compiler {

struct CompileOptions {
  std::string model;  // path of the .onnx file
  std::string name;   // C++ identifier; empty: from the file's name
  const Target* target = nullptr;
  LoadOptions load;
  PipelineOptions passes;
  LoweringOptions lowering;
  PlanOptions plan;
  EmitOptions emit;
  int64_t ram_limit = -1;    // bytes; -1: none
  int64_t flash_limit = -1;  // bytes of weights, tables and code as estimated; -1: none
};

struct Compiled {
  Graph graph;  // after them
  Program program;
  Plan plan;
  std::vector<std::string> notes;  // for the user: dimensions bound, channels eliminated
  std::vector<std::string> files;  // read: the model and its external data, for the depfile
  std::string model_hash;          // of the model file's bytes
};

// Load, import, passes, lower, plan, check. Throws Error; LimitError when --ram or --flash is exceeded.
Compiled compile_model(const CompileOptions& options);
// The bundle's files.
Bundle make_bundle(const Compiled& compiled, const CompileOptions& options);

}  // namespace thimble::compiler
