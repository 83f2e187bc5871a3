// The commands, each a function from its options to an exit code. main.cpp turns the command line into options.
#pragma once
#include <string>
#include <vector>

#include "compiler/compile.hpp"

namespace thimble::compiler {

enum ExitCode : int { done = 0, input_at_fault = 1, limit_exceeded = 2, internal_fault = 3 };

struct CompileCommand {
  CompileOptions compile;
  std::string output;  // folder of the bundle; empty: the model's name
  bool self_test = false;
  std::string depfile;  // Makefile rule for the build system; empty: none
  bool json = false;
};
int run_compile(const CompileCommand&);

struct InspectCommand {
  CompileOptions compile;
  std::vector<std::string> targets;  // RAM and flash of each; empty: all
  bool json = false;
};
int run_inspect(const InspectCommand&);

struct VerifyCommand {
  CompileOptions compile;
  std::vector<std::string> data;  // folders test_data_set_*; empty: those beside the model
  std::string
      reference;  // folder of NAME.npy, the values of the model's tensors that each layer is compared with and fed from
  bool layers = false;
  std::string keep;                // folder to build in, and to leave; empty: a temporary one
  std::vector<std::string> flags;  // extra compiler flags: sanitizers
  int timeout = 120;               // seconds of one run
  bool json = false;
};
int run_verify(const VerifyCommand&);

struct BenchCommand {
  CompileOptions compile;  // of each model and target; those two are not read
  std::vector<std::string> models;
  std::vector<const Target*> targets;
  bool layers = false;
  std::string check;  // file that --markdown wrote, to compare with; empty: none
  bool json = false, markdown = false;
  int jobs = 1;       // models measured at a time
  int timeout = 900;  // seconds of one run
};
int run_bench(const BenchCommand&);

struct RunCommand {
  CompileOptions compile;
  std::string data;                 // folder with input_*.pb
  std::vector<std::string> inputs;  // name=file
  std::string output = ".";         // folder for the outputs
  bool npy = false;                 // .npy instead of .pb
  bool interpreter = false;         // run the graph in double precision instead of the generated code
};
int run_model(const RunCommand&);

int list_targets(bool json);
int list_ops(bool json, bool markdown);

}  // namespace thimble::compiler
