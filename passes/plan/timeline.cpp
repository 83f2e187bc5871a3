// Runs a schedule on row numbers.
#include "passes/plan/timeline.hpp"

#include <algorithm>

#include "compiler/error.hpp"
#include "passes/plan/schedule.hpp"
#include "passes/plan/storages.hpp"

namespace thimble::compiler {

namespace {

// Makes the rows of one region in the order that schedule.hpp tells, and notes each call.
class RegionRun {
 public:
  RegionRun(const Program& program, const std::vector<StorageUse>& uses, const Region& region, Timeline& timeline)
      : program_(program), uses_(uses), timeline_(timeline), producers_(schedule(program, region)) {
    made_.assign(producers_.size(), 0);
    maker_.assign(program.buffers.size(), -1);
    for (size_t p = 0; p < producers_.size(); ++p) maker_[size_t(result(p))] = int(p);
    for (const Producer& p : producers_)
      for (int i : p.layers) timeline.body[size_t(i)] = p.layers.back();
    for (size_t s = 0; s < program.buffers.size(); ++s)
      if (inside(uses[s], region.first, region.last)) timeline.ring_rows[s] = 1;
  }

  void run() {
    make(producers_.size() - 1, height(producers_.size() - 1));
    const int last = producers_.back().layers.back();
    for (size_t p = 0; p < producers_.size(); ++p) {
      const StorageUse& use = uses_[size_t(result(p))];
      if (use.output || (!use.readers.empty() && use.readers.back() > last)) make(p, height(p));
    }
  }

 private:
  int result(size_t p) const {
    return storage_of(program_, program_.layers[size_t(producers_[p].layers.back())].outputs[0]);
  }
  int32_t height(size_t p) const {
    return program_.buffers[size_t(program_.layers[size_t(producers_[p].layers.back())].outputs[0])].height;
  }

  void make(size_t p, int32_t end) {
    while (made_[p] < end) {
      const int32_t y1 = band_end(producers_[p], made_[p], end, height(p));
      for (int layer : producers_[p].layers) call(layer, made_[p], y1);
      made_[p] = y1;
    }
  }

  void call(int index, int32_t y0, int32_t y1) {
    const Layer& layer = program_.layers[size_t(index)];
    for (const Operand& in : layer.inputs) {
      const int maker = maker_[size_t(storage_of(program_, in.buffer))];
      if (maker >= 0) make(size_t(maker), rows_needed(*layer.band, y1, program_.buffers[size_t(in.buffer)].height));
    }
    timeline_.calls.push_back({index, y0, y1});
  }

  const Program& program_;
  const std::vector<StorageUse>& uses_;
  Timeline& timeline_;
  std::vector<Producer> producers_;
  std::vector<int32_t> made_;  // rows, by producer
  std::vector<int> maker_;     // by storage: the producer that makes its rows, -1 for bands inside a body
};

// A ring must hold all rows from the oldest that a call reads to the newest made by then, and a whole band.
void size_rings(const Program& program, Timeline& timeline) {
  std::vector<int32_t> made(program.buffers.size(), 0);
  for (const Call& call : timeline.calls) {
    const Layer& layer = program.layers[size_t(call.layer)];
    if (!layer.band) continue;
    const auto grow = [&](int storage, int32_t rows) {
      int32_t& ring = timeline.ring_rows[size_t(storage)];
      if (ring > 0) ring = std::max(ring, rows);
    };
    for (const Operand& in : layer.inputs) {
      const int storage = storage_of(program, in.buffer);
      const RowRange rows = rows_read(*layer.band, call.y0, call.y1, program.buffers[size_t(in.buffer)].height);
      if (!rows.empty()) grow(storage, made[size_t(storage)] - rows.first);
    }
    const int storage = storage_of(program, layer.outputs[0]);
    made[size_t(storage)] = call.y1;
    grow(storage, call.y1 - call.y0);
  }
}

}  // namespace

RowRange rows_read(const BandContract& contract, int32_t y0, int32_t y1, int32_t operand_height) {
  const int32_t end = rows_needed(contract, y1, operand_height);
  if (operand_height == 1) return {0, end};  // one row serves every output row
  return {std::clamp(y0 * contract.stride - contract.pad_top, 0, operand_height), end};
}

Timeline timeline(const Program& program, const std::vector<Region>& regions) {
  const std::vector<StorageUse> uses = storage_uses(program);
  Timeline t;
  t.ring_rows.assign(program.buffers.size(), 0);
  t.body.assign(program.layers.size(), -1);
  auto region = regions.begin();
  for (int i = 0; i < int(program.layers.size()); ++i) {
    if (region == regions.end() || i < region->first) {
      const Layer& layer = program.layers[size_t(i)];
      t.calls.push_back({i, 0, layer.band ? program.buffers[size_t(layer.outputs.at(0))].height : 1});
      continue;
    }
    const auto first = int32_t(t.calls.size());
    RegionRun(program, uses, *region, t).run();
    t.span.push_back({first, int32_t(t.calls.size())});
    i = region->last;
    ++region;
  }
  size_rings(program, t);
  return t;
}

}  // namespace thimble::compiler
