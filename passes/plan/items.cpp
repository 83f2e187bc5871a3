// Lifetimes of storages and scratch, and results that take the place of an operand.
#include "passes/plan/items.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "compiler/error.hpp"
#include "passes/plan/storages.hpp"

namespace thimble::compiler {

namespace {

// Joins intervals that touch or overlap.
std::vector<Interval> joined(std::vector<Interval> all) {
  std::sort(all.begin(), all.end(), [](const Interval& a, const Interval& b) { return a.first < b.first; });
  std::vector<Interval> result;
  for (const Interval& i : all) {
    if (!result.empty() && i.first <= result.back().last + 1)
      result.back().last = std::max(result.back().last, i.last);
    else
      result.push_back(i);
  }
  return result;
}

class ItemMaker {
 public:
  ItemMaker(const Program& program, const std::vector<Region>& regions, Timeline& timeline, const Target& target,
            bool keep_input)
      : program_(program),
        regions_(regions),
        timeline_(timeline),
        target_(target),
        keep_input_(keep_input),
        uses_(storage_uses(program)),
        place_(program.buffers.size()) {
    std::iota(place_.begin(), place_.end(), 0);
    for (int32_t rows : timeline.ring_rows) ring_.push_back(rows > 0);
  }

  std::vector<Item> make() {
    for (int i = int(program_.layers.size()) - 1; i >= 0; --i) put_in_place(i);
    const std::vector<std::vector<Interval>> lives = storage_lives();
    std::map<int, Item> by_place;
    for (size_t s = 0; s < program_.buffers.size(); ++s) {
      if (program_.buffers[s].view_of || !uses_[s].used()) continue;
      Item& item = by_place[place_of(int(s))];
      item.storages.push_back(int(s));
      item.bytes = bytes_of(int(s));
      item.live.insert(item.live.end(), lives[s].begin(), lives[s].end());
    }
    std::vector<Item> items;
    for (auto& [place, item] : by_place) {
      item.live = joined(std::move(item.live));
      item.alignment = target_.alignment;
      for (size_t b = 0; b < program_.buffers.size(); ++b) {
        const int storage = storage_of(program_, int(b));
        if (std::find(item.storages.begin(), item.storages.end(), storage) != item.storages.end())
          item.alignment = std::max(item.alignment, size_of(program_.buffers[b].type.element));
      }
      items.push_back(std::move(item));
    }
    add_scratch(items);
    return items;
  }

 private:
  int place_of(int storage) const {
    while (place_[size_t(storage)] != storage) storage = place_[size_t(storage)];
    return storage;
  }

  int64_t bytes_of(int storage) const {
    const Buffer& b = program_.buffers[size_t(storage)];
    const int32_t rows = timeline_.ring_rows[size_t(storage)];
    return rows == 0 ? b.bytes : int64_t(rows) * b.row_bytes + b.tail_bytes;
  }

  // Whether the layer may write its result over this storage: whatever it reads of it allows that, and nobody reads
  // it afterwards.
  bool may_overwrite(int layer, int storage) const {
    const StorageUse& use = uses_[size_t(storage)];
    if (use.output || (use.input && keep_input_) || use.readers.back() != layer) return false;
    for (const Operand& in : program_.layers[size_t(layer)].inputs) {
      if (storage_of(program_, in.buffer) != storage) continue;
      if (in.overwrite != Overwrite::same_place || !covers_storage(in.buffer)) return false;
    }
    return true;
  }

  bool covers_storage(int buffer) const {
    return program_.buffers[size_t(buffer)].bytes == program_.buffers[size_t(storage_of(program_, buffer))].bytes;
  }

  // Inside a region the operand must be a band of the body that the layer runs in: its rows come just before the
  // result's, and go with them.
  bool rows_go_together(int layer, int operand, int result) const {
    const int body = timeline_.body[size_t(layer)];
    if (body < 0) return true;
    const Buffer& in = program_.buffers[size_t(operand)];
    const Buffer& out = program_.buffers[size_t(result)];
    const std::vector<int>& writers = uses_[size_t(operand)].writers;
    return ring_[size_t(operand)] && uses_[size_t(operand)].readers.size() == 1 && writers.size() == 1 &&
           timeline_.body[size_t(writers[0])] == body && in.height == out.height && in.row_bytes == out.row_bytes &&
           in.layout == out.layout;
  }

  // Results are visited from the last layer to the first, so that a ring's rows are known when its operand joins it.
  void put_in_place(int index) {
    const Layer& layer = program_.layers[size_t(index)];
    if (layer.outputs.size() != 1) return;
    const int result = storage_of(program_, layer.outputs[0]);
    const Buffer& out = program_.buffers[size_t(result)];
    if (uses_[size_t(result)].writers.size() != 1 || uses_[size_t(result)].input || !covers_storage(layer.outputs[0]))
      return;
    if (out.layout == Layout::planes) return;  // borders of its own are written before its rows
    for (const Operand& in : layer.inputs) {
      const int operand = storage_of(program_, in.buffer);
      if (program_.buffers[size_t(operand)].bytes != out.bytes || !may_overwrite(index, operand) ||
          !rows_go_together(index, operand, result))
        continue;
      timeline_.ring_rows[size_t(operand)] = timeline_.ring_rows[size_t(result)];
      place_[size_t(operand)] = place_of(result);
      return;
    }
  }

  // By storage. A whole value lives from its first call to its last; a row of a ring from the call that makes it to
  // the last one that reads it. Planes live from the start of the region that makes them: their borders are written
  // there.
  std::vector<std::vector<Interval>> storage_lives() const {
    std::vector<std::vector<Interval>> lives(program_.buffers.size());
    std::vector<std::vector<int>> last_read(program_.buffers.size());  // by row of a ring
    for (size_t s = 0; s < program_.buffers.size(); ++s) {
      if (uses_[s].input) lives[s].push_back({-1, keep_input_ ? int(timeline_.calls.size()) : -1});
      if (uses_[s].output) lives[s].push_back({int(timeline_.calls.size()), int(timeline_.calls.size())});
      last_read[s].assign(size_t(program_.buffers[s].height), -1);
    }
    for (int c = int(timeline_.calls.size()) - 1; c >= 0; --c) note_call(c, lives, last_read);
    for (size_t s = 0; s < lives.size(); ++s) {
      if (uses_[s].writers.empty() && lives[s].empty()) continue;
      if (lives[s].empty()) lives[s].push_back(unread_life(uses_[s].writers[0]));
      lives[s] = joined(std::move(lives[s]));
      int first = lives[s].front().first;
      if (program_.buffers[s].layout == Layout::planes && !uses_[s].writers.empty())
        first = region_start(uses_[s].writers[0], first);
      else if (ring_[s])
        continue;
      lives[s] = {{first, lives[s].back().last}};
    }
    return lives;
  }

  // The first call of the region that the layer is in; `call` where it is in none.
  int region_start(int layer, int call) const {
    for (size_t r = 0; r < regions_.size(); ++r)
      if (regions_[r].first <= layer && layer <= regions_[r].last) return timeline_.span[r].first;
    return call;
  }

  // A region does not make what nobody reads, but borders are written all the same.
  Interval unread_life(int layer) const {
    const int start = region_start(layer, 0);
    return {start, start};
  }

  void note_call(int c, std::vector<std::vector<Interval>>& lives, std::vector<std::vector<int>>& last_read) const {
    const Call& call = timeline_.calls[size_t(c)];
    const Layer& layer = program_.layers[size_t(call.layer)];
    for (const Operand& in : layer.inputs) {
      const auto s = size_t(storage_of(program_, in.buffer));
      if (!ring_[s]) {
        lives[s].push_back({c, c});
        continue;
      }
      const RowRange rows = rows_read(*layer.band, call.y0, call.y1, program_.buffers[s].height);
      for (int32_t y = rows.first; y < rows.end; ++y) last_read[s][size_t(y)] = std::max(last_read[s][size_t(y)], c);
    }
    for (int out : layer.outputs) {
      const auto s = size_t(storage_of(program_, out));
      int last = c;
      if (ring_[s])
        for (int32_t y = call.y0; y < call.y1; ++y) last = std::max(last, last_read[s][size_t(y)]);
      lives[s].push_back({c, last});
    }
  }

  // Scratch is in use during its layer's calls; state between them too.
  void add_scratch(std::vector<Item>& items) const {
    std::vector<std::vector<Interval>> calls(program_.layers.size());
    for (size_t c = 0; c < timeline_.calls.size(); ++c)
      calls[size_t(timeline_.calls[c].layer)].push_back({int(c), int(c)});
    for (size_t i = 0; i < program_.layers.size(); ++i) {
      const Layer& layer = program_.layers[i];
      if (layer.scratch_bytes == 0) continue;
      if (calls[i].empty()) calls[i].push_back(unread_life(int(i)));
      Item item;
      item.scratch_of = int(i);
      item.bytes = layer.scratch_bytes;
      item.alignment = std::max(4, target_.alignment);
      item.live = layer.band && layer.band->state_bytes > 0
                      ? std::vector<Interval>{{calls[i].front().first, calls[i].back().last}}
                      : joined(calls[i]);
      items.push_back(std::move(item));
    }
  }

  const Program& program_;
  const std::vector<Region>& regions_;
  Timeline& timeline_;
  const Target& target_;
  const bool keep_input_;
  const std::vector<StorageUse> uses_;
  std::vector<int> place_;  // by storage: the one it lies in place of, itself at the end of the chain
  std::vector<bool> ring_;  // by storage: made and read in one region only, though it may lie in place of a whole one
};

}  // namespace

std::vector<Item> make_items(const Program& program, const std::vector<Region>& regions, Timeline& timeline,
                             const Target& target, bool keep_input) {
  return ItemMaker(program, regions, timeline, target, keep_input).make();
}

Peak live_peak(const std::vector<Item>& items, int64_t alignment) {
  std::map<int, int64_t> change;  // by call
  for (const Item& item : items) {
    const int64_t bytes = (item.bytes + alignment - 1) / alignment * alignment;
    for (const Interval& i : item.live) {
      change[i.first] += bytes;
      change[i.last + 1] -= bytes;
    }
  }
  Peak peak;
  int64_t live = 0;
  for (const auto& [call, bytes] : change) {
    live += bytes;
    if (live > peak.bytes) peak = {live, call};
  }
  return peak;
}

}  // namespace thimble::compiler
