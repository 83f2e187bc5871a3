// Instructions by the kinds that the counting plugin tells apart, and the cycles a core would take for them by a simple
// model: memory without wait states, no stalls. Modelled, not measured: QEMU knows no cycles.
#pragma once
#include <cstdint>
#include <optional>

#include "targets/targets.hpp"

namespace thimble::compiler {

// What one counted region executed. The kinds stand in the order of `enum kind` in targets/boards/icount_plugin.c.
struct InstructionCounts {
  int64_t total = 0;
  std::optional<InstructionKinds> kinds;  // absent when something else than the plugin counted
};

// Absent where the kinds are unknown, or the target has no model.
std::optional<int64_t> modelled_cycles(const InstructionCounts&, const Target&);

}  // namespace thimble::compiler
