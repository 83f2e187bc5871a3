// What must be placed in the arena, and during which kernel calls each piece is in use.
#pragma once
#include <cstdint>
#include <vector>

#include "passes/plan/timeline.hpp"
#include "targets/targets.hpp"

namespace thimble::compiler {

// Calls first..last, inclusive. Call -1 stands for the inputs being filled, the one behind the last for the outputs
// being read.
struct Interval {
  int first, last;
};

// One piece of the arena: storages that lie in the same place (one, or several made in place of each other), or the
// scratch of one layer.
struct Item {
  std::vector<int> storages;
  int scratch_of = -1;  // a layer
  int64_t bytes = 0;
  int64_t alignment = 1;       // a power of two
  std::vector<Interval> live;  // ascending, disjoint
};

// Makes rings that lie in place of each other equally long in the timeline.
std::vector<Item> make_items(const Program& program, const std::vector<Region>& regions, Timeline& timeline,
                             const Target& target, bool keep_input);

// Most bytes in use at once, each item rounded up to `alignment`: no packing can be smaller. `call` tells when.
struct Peak {
  int64_t bytes = 0;
  int call = 0;
};
Peak live_peak(const std::vector<Item>& items, int64_t alignment);

}  // namespace thimble::compiler
