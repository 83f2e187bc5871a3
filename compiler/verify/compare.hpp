// Compares what the generated code made with a reference.
#pragma once
#include <cstdint>

#include "compiler/ir/tensor.hpp"

namespace thimble::compiler {

// Tolerances: integers may be one step off; floats 1e-3 relative plus 1e-5 of the largest magnitude of the reference.
struct Difference {
  int64_t total = 0;         // elements compared
  int64_t equal = 0;         // integers: the same; floats: within tolerance
  double max_abs_error = 0;  // in real numbers for floats, in steps for integers
  bool within_tolerance = true;

  void add(const Difference& other);
};

// Both tensors must have the same element type and shape.
Difference compare(const Tensor& made, const Tensor& reference);

}  // namespace thimble::compiler
