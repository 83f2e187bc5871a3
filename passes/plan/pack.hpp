// Packs items into as few bytes as it can find, the same way on every host.
#pragma once
#include <cstdint>
#include <vector>

#include "passes/plan/items.hpp"

namespace thimble::compiler {

struct Packing {
  std::vector<int64_t> offsets;  // by item
  int64_t bytes = 0;             // end of the highest item
};

// Items in use at the same time never overlap. Stops at a packing of `bound` bytes, which none can beat.
Packing pack(const std::vector<Item>& items, int64_t bound);

}  // namespace thimble::compiler
