// Reorders are lowered to the transpose kernel.
#include "compiler/ops/reorder.hpp"

namespace thimble::compiler {

void add_reorder(Lowering&, const std::string& name, int, int, const std::vector<int>&, const std::vector<int>&) {
  throw InternalError("reorder '" + name + "' has no kernel yet");
}

}  // namespace thimble::compiler
