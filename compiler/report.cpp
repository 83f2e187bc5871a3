// Tables of RAM and flash.
#include "compiler/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "passes/plan/storages.hpp"

namespace thimble::compiler {

namespace {

// Layers first..last, widened to all of a region that they touch: its rows come and go through the whole of it.
void widen(const Plan& plan, MemoryRow& row) {
  for (const Region& r : plan.regions) {
    if (r.first <= row.first && row.first <= r.last) row.first = r.first;
    if (r.first <= row.last && row.last <= r.last) row.last = r.last;
  }
}

MemoryRow row_of(const Program& program, const Plan& plan, const Placement& place, const StorageUse& use,
                 bool keep_input) {
  const Buffer& b = program.buffers[size_t(place.buffer)];
  MemoryRow row{b.name, place.offset, place.bytes, 0, 0, place.ring_rows, b.height, false};
  const int layers = int(program.layers.size());
  row.first = use.input ? -1 : use.writers.empty() ? 0 : use.writers.front();
  row.last = use.output || (use.input && keep_input) ? layers
             : !use.readers.empty()                  ? use.readers.back()
             : use.writers.empty()                   ? row.first
                                                     : use.writers.back();
  widen(plan, row);
  return row;
}

// "input - 3": numbers of layers, for names may be long.
std::string lives(const MemoryMap& map, const MemoryRow& row) {
  const auto number = [&](int layer) {
    return layer < 0 ? "input" : layer >= int(map.layers.size()) ? "output" : std::to_string(layer);
  };
  return row.first == row.last ? number(row.first) : number(row.first) + " - " + number(row.last);
}

std::string lines(const MemoryMap& map, const std::vector<const MemoryRow*>& rows) {
  std::string text = fmt::format("{:>9} {:>9}  {:<14}  what\n", "offset", "bytes", "layers");
  for (const MemoryRow* row : rows) {
    const std::string ring = row->ring_rows > 0 ? fmt::format(", {} of {} rows", row->ring_rows, row->height) : "";
    text += fmt::format("{:>9} {:>9}  {:<14}  {}{}\n", row->offset, row->bytes, lives(map, *row), row->name, ring);
  }
  return text;
}

}  // namespace

MemoryMap memory_map(const Program& program, const Plan& plan, bool keep_input) {
  const std::vector<StorageUse> uses = storage_uses(program);
  MemoryMap map{{}, plan.arena_bytes, plan.live_peak, plan.lower_bound, plan.peak_layer, {}};
  for (const Layer& layer : program.layers) map.layers.push_back(layer.name);
  for (const Placement& place : plan.buffers)
    map.rows.push_back(row_of(program, plan, place, uses[size_t(place.buffer)], keep_input));
  for (size_t i = 0; i < plan.scratch_offsets.size(); ++i) {
    if (plan.scratch_offsets[i] < 0) continue;
    MemoryRow row{"scratch of " + program.layers[i].name, plan.scratch_offsets[i], program.layers[i].scratch_bytes};
    row.first = row.last = int(i);
    widen(plan, row);
    map.rows.push_back(std::move(row));
  }
  for (MemoryRow& row : map.rows)
    row.at_peak = !map.layers.empty() && row.first <= map.peak_layer && map.peak_layer <= row.last;
  std::stable_sort(map.rows.begin(), map.rows.end(), [](const MemoryRow& a, const MemoryRow& b) {
    return std::pair(a.offset, a.first) < std::pair(b.offset, b.first);
  });
  return map;
}

std::string to_string(const MemoryMap& map) {
  std::vector<const MemoryRow*> peak, rest;
  for (const MemoryRow& row : map.rows) (row.at_peak ? peak : rest).push_back(&row);
  std::stable_sort(peak.begin(), peak.end(),
                   [](const MemoryRow* a, const MemoryRow* b) { return a->bytes > b->bytes; });
  std::string text;
  if (!peak.empty())
    text += fmt::format("Most is in use at layer {}, '{}', {} bytes:\n", map.peak_layer,
                        map.layers[size_t(map.peak_layer)], map.live_peak) +
            lines(map, peak);
  if (!rest.empty()) text += "The rest:\n" + lines(map, rest);
  text +=
      fmt::format("Arena: {} bytes. Whole tensors in this order need {} at least.\n", map.arena_bytes, map.lower_bound);
  return text;
}

std::string flash_table(const Program& program) {
  std::vector<const ConstantArray*> rows;
  for (const ConstantArray& c : program.constants) rows.push_back(&c);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ConstantArray* a, const ConstantArray* b) { return a->bytes.size() > b->bytes.size(); });
  std::string text = fmt::format("{:>9}  constant\n", "bytes");
  for (const ConstantArray* c : rows) text += fmt::format("{:>9}  {} ({})\n", c->bytes.size(), c->name, c->comment);
  return text;
}

std::string exactness(const Program& program) {
  if (program.multipliers() == 0) return {};
  return fmt::format("{} of {} channels equal ONNX Runtime on every reachable accumulator (compile --json: by layer)\n",
                     program.exact_multipliers(), program.multipliers());
}

std::string number_text(const std::optional<int64_t>& n) {
  return n ? std::to_string(*n) : "-";
}

int64_t constant_bytes(const Program& program) {
  int64_t n = 0;
  for (const ConstantArray& c : program.constants) n += int64_t(c.bytes.size());
  return n;
}

}  // namespace thimble::compiler
