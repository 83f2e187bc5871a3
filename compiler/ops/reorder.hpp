// The layer that moves a buffer's elements into another order of axes: Transpose, and conversions between layouts.
#pragma once
#include <string>
#include <vector>

#include "compiler/error.hpp"
#include "compiler/lowering.hpp"

namespace thimble::compiler {

// One axis of a result: its extent, and how far a step along it is in the operand, in elements.
struct CopyAxis {
  int64_t extent, stride;
};

// Appends a layer that writes buffer `to` from front to back, its axes outermost first, from elements of buffer `from`,
// the first of which is `start`.
void add_strided_copy(Lowering& lowering, const std::string& name, int from, int to, const std::vector<CopyAxis>& axes,
                      int64_t start);

// Elements from one index of each axis to the next when the axes lie in the order `order`.
std::vector<int64_t> strides_in(const Shape& shape, const std::vector<int>& order);

// The constant's bytes with its axes in the order `order`.
std::vector<std::byte> reordered(const Tensor& constant, const std::vector<int>& order);

// Appends a layer that copies buffer `from`, whose logical axes lie in memory in the order `from_axes`, to buffer `to`,
// where the same logical axes lie in the order `to_axes`. Both have the logical shape of buffer `from`.
void add_reorder(Lowering& lowering, const std::string& name, int from, int to, const std::vector<int>& from_axes,
                 const std::vector<int>& to_axes);

}  // namespace thimble::compiler
