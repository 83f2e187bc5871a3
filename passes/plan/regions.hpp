// Finds the regions a user names, and refuses those that cannot stream.
#pragma once
#include <vector>

#include "passes/plan/plan.hpp"

namespace thimble::compiler {

// Regions of options.stream, ascending. Throws Error that names the layer and the reason.
std::vector<Region> find_regions(const Program& program, const PlanOptions& options);

}  // namespace thimble::compiler
