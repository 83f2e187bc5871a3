// Sums of counts times cycles.
#include "compiler/verify/cycles.hpp"

#include <cmath>

namespace thimble::compiler {

std::optional<int64_t> modelled_cycles(const InstructionCounts& counts, const Target& target) {
  if (!counts.kinds || !target.extra_cycles) return {};
  double cycles = double(counts.total);
  for (size_t k = 0; k < counts.kinds->size(); ++k) cycles += double((*counts.kinds)[k]) * (*target.extra_cycles)[k];
  return std::llround(cycles);
}

}  // namespace thimble::compiler
