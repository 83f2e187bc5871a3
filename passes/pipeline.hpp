// The passes in the order they run, and the machinery around them: sweep, verify, dump, check.
#pragma once
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

using ReportLines = std::vector<std::string>;

// A row of the pipeline. A pass that is exact changes no value that has the same name and type before and after, not by
// one bit of a quantized value; any other may move quantized values by one step and floats within tolerance.
struct Pass {
  const char* name;  // as --dump-after takes it
  void (*run)(Graph&, ReportLines&);
  bool exact;
  const char* reason;  // why it is there, and why at this place
};

std::span<const Pass> pipeline();

struct PipelineOptions {
  std::string dump_after;                        // name of a pass; empty: no dump
  std::function<void(const std::string&)> dump;  // takes the printed graph
  bool check_passes = false;                     // judge each pass by the interpreter
  std::map<std::string, Tensor> check_inputs;    // by name; made up where absent
};

// Runs `passes`, with sweep() and verify() after each. Gives the lines that passes have for the report. Throws Error
// for an unknown dump_after, InternalError when a pass breaks the graph or (check_passes) moves a value too far.
ReportLines run_passes(Graph&, std::span<const Pass> passes, const PipelineOptions&);
ReportLines run_pipeline(Graph&, const PipelineOptions&);

}  // namespace thimble::compiler
