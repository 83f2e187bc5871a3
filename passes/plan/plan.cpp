// Program to Plan: regions, lifetimes, places.
#include "passes/plan/plan.hpp"

#include <algorithm>

#include "passes/plan/items.hpp"
#include "passes/plan/pack.hpp"
#include "passes/plan/regions.hpp"

namespace thimble::compiler {

namespace {

int64_t whole_tensor_bound(const Program& program, const Target& target, bool keep_input) {
  Timeline whole = timeline(program, {});
  return live_peak(make_items(program, {}, whole, target, keep_input), target.alignment).bytes;
}

}  // namespace

Plan plan(const Program& program, const Target& target, const PlanOptions& options) {
  Plan result;
  result.regions = find_regions(program, options);
  Timeline run = timeline(program, result.regions);
  const std::vector<Item> items = make_items(program, result.regions, run, target, options.keep_input);
  const Peak peak = live_peak(items, target.alignment);
  result.live_peak = peak.bytes;
  if (!run.calls.empty())
    result.peak_layer = run.calls[size_t(std::clamp(peak.call, 0, int(run.calls.size()) - 1))].layer;
  result.lower_bound =
      result.regions.empty() ? result.live_peak : whole_tensor_bound(program, target, options.keep_input);
  const Packing packing = pack(items, result.live_peak);
  result.arena_bytes = (packing.bytes + target.alignment - 1) / target.alignment * target.alignment;
  result.scratch_offsets.assign(program.layers.size(), -1);
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].scratch_of >= 0) result.scratch_offsets[size_t(items[i].scratch_of)] = packing.offsets[i];
    for (int s : items[i].storages)
      result.buffers.push_back({s, packing.offsets[i], items[i].bytes, run.ring_rows[size_t(s)]});
  }
  std::sort(result.buffers.begin(), result.buffers.end(),
            [](const Placement& a, const Placement& b) { return a.buffer < b.buffer; });
  return result;
}

}  // namespace thimble::compiler
