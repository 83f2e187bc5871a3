// Program and plan to a bundle: the C++ that the firmware builds.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "codegen/bundle.hpp"
#include "compiler/program.hpp"
#include "passes/plan/plan.hpp"
#include "targets/targets.hpp"

namespace thimble::compiler {

// One run that the self-test repeats: the bytes of every input, and of every output they give.
struct SelfTest {
  std::vector<std::vector<std::byte>> inputs;
  std::vector<std::vector<std::byte>> outputs;
};

struct EmitOptions {
  std::string version;                // Thimble's: "0.1.0"
  std::string model_hash;             // SHA-256 of the model file, in hexadecimal
  bool keep_input = false;            // the plan keeps the inputs as they were: the API says so
  bool external_arena = false;        // the firmware hands the arena in, so that models may share one
  bool c_header = true;               // also an interface for C
  bool layer_hook = false;            // calls the firmware's after_layer(index) behind each layer
  bool table_of_layers = false;       // layers that share kernels run from a table: less code
  bool probe = false;                 // calls probe(layer, output, rows, bytes) behind each layer, for verify --layers
  std::string weights_section;        // linker section of the weights; empty: plain const
  std::optional<SelfTest> self_test;  // adds <name>_selftest.cpp
};

// Files of the bundle, for the model <name> of the program: <name>.hpp, <name>.cpp, <name>_weights.hpp and .cpp,
// <name>.h and <name>_c.cpp, <name>_selftest.hpp and .cpp, and the runtime headers they use under thimble/. The same
// arguments give the same bytes on every host.
Bundle emit(const Program&, const Plan&, const Target&, const EmitOptions&);

}  // namespace thimble::compiler
