// Layers of a run as data: a table of steps takes less flash than a call for each, where layers share kernels.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "codegen/context.hpp"

namespace thimble::compiler {

class StepTable {
 public:
  // Where options.table_of_layers asks for it, the layers of kernels that three or more share become steps: banded ones
  // outside streaming regions, with one operand, one result and rows whose sizes fit.
  explicit StepTable(const Context&);

  bool empty() const { return numbers_.empty(); }
  bool has(int layer) const { return numbers_.count(layer) > 0; }
  // Number of a layer's step. Those of layers that follow each other do too.
  int number(int layer) const { return numbers_.at(layer); }
  // The struct of a step, a function for each kernel, and the table; nothing where no layer is a step.
  void emit(Writer&) const;

 private:
  bool fits(int layer) const;
  std::string call_key(int layer) const;  // its kernel and the type of its constants
  void emit_structs(Writer&) const;
  void emit_step(Writer&, int layer) const;
  const Layer& layer(int i) const { return c_.program.layers[size_t(i)]; }

  const Context& c_;
  std::map<int, int> numbers_;
  std::map<std::string, std::string> calls_;  // function of the steps of a kernel, by call_key
};

}  // namespace thimble::compiler
