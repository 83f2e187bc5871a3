// The layer that moves a buffer's elements into another order of axes: Transpose, and conversions between layouts.
#pragma once
#include <string>
#include <vector>

#include "compiler/error.hpp"
#include "compiler/lowering.hpp"

namespace thimble::compiler {

// Appends a layer that copies buffer `from`, whose logical axes lie in memory in the order `from_axes`, to buffer `to`,
// where the same logical axes lie in the order `to_axes`. Both have the logical shape of buffer `from`.
void add_reorder(Lowering& lowering, const std::string& name, int from, int to, const std::vector<int>& from_axes,
                 const std::vector<int>& to_axes);

}  // namespace thimble::compiler
