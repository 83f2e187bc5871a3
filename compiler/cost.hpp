// What a layer costs, estimated before any code exists: instructions of one run, bytes of flash. The figures of each
// kernel stand in cost_table.inc, which tools/fit_costs.py writes from measurements.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/program.hpp"
#include "targets/targets.hpp"

namespace thimble::compiler {

// What a kernel's instructions are counted by: a sum of these, each times a coefficient of the table.
struct Counts {
  double macs;      // multiplications; of a window without weights: its positions, for all results
  double gathered;  // elements under the windows of all pixels: what a panel is filled from
  double reads;     // elements of the operands
  double results;   // elements of the results
  double pixels;    // of the result; 1 where it is flat
  double lines;     // rows of single channels of the result
  double edges;     // results whose window lies partly beside the image
  double rows;      // of the result; 1 where it is flat
  double calls;     // 1
  double weights;   // bytes of weights that are read: all of them for each block of pixels
  std::array<double, 10> values() const {
    return {macs, gathered, reads, results, pixels, lines, edges, rows, calls, weights};
  }
};
Counts counts_of(const Program&, const Layer&);

// Of one run of `layer`. Where the table has no such kernel for the target's family: 4 for a MAC, 10 for a read and for
// a result. Then all forms of a layer cost the same, and the one of least flash is taken.
double estimated_instructions(const Program&, const Layer&, const Target&);

// Code that layers share: it is in flash once, whoever names it.
struct CodePiece {
  std::string name;
  int64_t bytes;
};
// The kernel's body: shared, or the copy for the layer's shape.
CodePiece body_of(const Layer&, const Target&);
// Bytes that the layer alone takes: its call, its constants that are no arrays.
int64_t own_bytes(const Layer&);
// Whether the compiler's library for floats is linked: there are floats, and no FPU.
bool needs_float_library(const Program&, const Target&);
// Bytes of code around the layers.
int64_t frame_bytes(const Program&, const Target&);

struct Estimate {
  std::vector<double> instructions;  // per layer
  std::vector<size_t> bodies;        // per layer: the first that runs the same copy of its kernel
  int64_t code = 0;                  // bytes that are not weights: code, tables, the constants of layers
  int64_t calls = 0;                 // of them: all but the kernels' bodies and the frame
  int64_t weights = 0;
  double total_instructions() const;
};
Estimate estimate(const Program&, const Target&);

}  // namespace thimble::compiler
