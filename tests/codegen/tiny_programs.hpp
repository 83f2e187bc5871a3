// Programs and plans made by hand for the code generator's tests, and the options they are emitted with.
#pragma once
#include "codegen/emit.hpp"

namespace thimble::compiler::test {

struct TinyProgram {
  Program program;
  Plan plan;
  const Target* target;
  EmitOptions options;
};

TinyProgram tiny_dense();   // one layer, flat, quantized input
TinyProgram tiny_stream();  // a residual block and a stride, streaming in bands of 2 rows, then dense
TinyProgram tiny_whole();   // the same layer by layer
TinyProgram tiny_table();   // the same, the three layers of one kernel from a table
TinyProgram tiny_ports();   // two inputs, two outputs, and every option

}  // namespace thimble::compiler::test
