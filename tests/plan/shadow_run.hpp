// Runs a plan with made-up kernels in a poisoned arena, and compares with a run in which every value has its own
// memory: the reality that check_plan's verdict must match.
#pragma once
#include <random>

#include "passes/plan/schedule.hpp"
#include "tests/plan/program_builder.hpp"

namespace thimble::compiler::test {

using Bytes = std::vector<uint8_t>;

// Mixes bytes so that any wrong one changes all that follows.
inline uint32_t mix(uint32_t hash, uint8_t byte) {
  hash = (hash ^ byte) * 16777619u;
  return hash ^ (hash >> 15);
}

// A kernel's result at each byte depends on every byte that its contract lets it read. Before it reads an operand that
// must stay whole it fills the rows of its result with rubbish; over an operand that may be in the same place it goes
// byte by byte. It writes its scratch first and last.
class ShadowRun {
 public:
  // Places of the plan; none: every storage and scratch is apart.
  ShadowRun(const Program& program, const Plan* plan, const std::vector<Region>& regions)
      : program_(program), plan_(plan), regions_(regions) {
    int64_t bytes = plan != nullptr ? plan->arena_bytes : 0;
    starts_.assign(program.buffers.size(), 0);
    for (size_t s = 0; plan == nullptr && s < program.buffers.size(); ++s) {
      starts_[s] = bytes;
      bytes += program.buffers[s].bytes;
    }
    scratch_start_ = bytes;
    for (const Layer& l : program.layers) bytes += plan == nullptr ? l.scratch_bytes : 0;
    arena_.assign(size_t(bytes) + 64, 0xA5);
  }

  // The outputs of one run, and the inputs after it where they are kept.
  std::vector<Bytes> run(bool keep_input) {
    std::mt19937 random(7);
    for (int in : program_.inputs)
      for (int64_t i = 0; i < buffer(in).bytes; ++i) at(start(in) + i) = uint8_t(random());
    made_.assign(program_.layers.size(), 0);
    for (int i = 0; i < int(program_.layers.size()); ++i) {
      const auto region = std::find_if(regions_.begin(), regions_.end(), [&](const Region& r) { return r.first == i; });
      if (region == regions_.end()) {
        write_borders(layer(i).outputs[0]);
        call(i, 0, buffer(layer(i).outputs[0]).height);
      } else {
        run_region(*region);
        i = region->last;
      }
    }
    std::vector<Bytes> results;
    for (int out : program_.outputs) results.push_back(bytes_of(out));
    for (int in : program_.inputs)
      if (keep_input) results.push_back(bytes_of(in));
    return results;
  }

 private:
  const Buffer& buffer(int b) const { return program_.buffers[size_t(b)]; }
  const Layer& layer(int i) const { return program_.layers[size_t(i)]; }
  const Placement* place(int b) const { return plan_ == nullptr ? nullptr : plan_->of(storage_of(program_, b)); }
  uint8_t& at(int64_t byte) { return arena_.at(size_t(byte)); }
  int64_t start(int b) const {
    return (plan_ == nullptr ? starts_[size_t(storage_of(program_, b))] : place(b)->offset) + buffer(b).view_offset;
  }
  int64_t row_start(int b, int32_t y) const {
    const int32_t rows = plan_ != nullptr && place(b)->ring_rows > 0 ? place(b)->ring_rows : buffer(b).height;
    return start(b) + int64_t(y % rows) * buffer(b).row_bytes;
  }
  Bytes bytes_of(int b) const {
    const auto from = arena_.begin() + std::ptrdiff_t(start(b));
    return Bytes(from, from + std::ptrdiff_t(buffer(b).bytes));
  }
  bool is_border(int b, int64_t byte) const {
    return buffer(b).layout == Layout::planes && byte % (buffer(b).width + buffer(b).border) < buffer(b).border;
  }

  void write_borders(int b) {
    if (buffer(b).layout != Layout::planes) return;
    const bool ring = plan_ != nullptr && place(b)->ring_rows > 0;
    const int64_t rows = ring ? place(b)->ring_rows : buffer(b).height;
    for (int64_t i = 0; i < rows * buffer(b).row_bytes; ++i)
      if (is_border(b, i % buffer(b).row_bytes)) at(start(b) + i) = 0x3C;
    for (int64_t i = 0; i < buffer(b).tail_bytes; ++i) at(start(b) + rows * buffer(b).row_bytes + i) = 0x3C;
  }

  // Everything that output row y reads of an operand; a layer that is not banded reads all.
  uint32_t read(const Layer& l, int b, int32_t y, uint32_t hash) {
    if (!l.band) {
      for (int64_t i = 0; i < buffer(b).bytes; ++i) hash = mix(hash, at(start(b) + i));
      return hash;
    }
    int32_t first = y * l.band->stride - l.band->pad_top, end = first + l.band->window;
    if (buffer(b).height == 1) first = 0, end = 1;
    for (int32_t r = std::max(first, 0); r < std::min(end, buffer(b).height); ++r)
      for (int64_t i = 0; i < buffer(b).row_bytes; ++i) hash = mix(hash, at(row_start(b, r) + i));
    if (buffer(b).tail_bytes > 0) {
      const bool ring = plan_ != nullptr && place(b)->ring_rows > 0;
      const int64_t rows = ring ? place(b)->ring_rows : buffer(b).height;
      for (int64_t i = 0; i < buffer(b).tail_bytes; ++i)
        hash = mix(hash, at(start(b) + rows * buffer(b).row_bytes + i));
    }
    return hash;
  }

  int64_t out_start(const Layer& l, int out, int32_t y) const { return l.band ? row_start(out, y) : start(out); }

  void call(int index, int32_t y0, int32_t y1) {
    const Layer& l = layer(index);
    const int out = l.outputs[0];
    const int64_t row_bytes = l.band ? buffer(out).row_bytes : buffer(out).bytes;
    const Operand* same = nullptr;
    for (const Operand& in : l.inputs)
      if (in.overwrite == Overwrite::same_place) same = &in;
    use_scratch(index, y0);
    const int32_t last = l.band ? y1 : y0 + 1;
    for (int32_t y = y0; y < last; ++y)
      for (int64_t i = 0; i < row_bytes; ++i) {
        if (is_border(out, i)) continue;
        const uint8_t read = same == nullptr ? 0 : at(out_start(l, same->buffer, y) + i);
        at(out_start(l, out, y) + i) = uint8_t(mix(uint32_t(i), read));
      }
    for (int32_t y = y0; y < last; ++y) {
      uint32_t hash = state_of(index) + uint32_t(index) * 977u + uint32_t(y);
      for (const Operand& in : l.inputs)
        if (in.overwrite == Overwrite::nothing) hash = read(l, in.buffer, y, hash);
      for (int64_t i = 0; i < row_bytes; ++i) {
        if (is_border(out, i)) continue;
        uint8_t& byte = at(out_start(l, out, y) + i);
        byte = uint8_t(mix(hash + uint32_t(i), byte) >> 7);
      }
    }
    if (state_of(index) == 0) use_scratch(index, y0);
  }

  int64_t scratch_start(int index) const {
    if (plan_ != nullptr) return plan_->scratch_offsets[size_t(index)];
    int64_t at = scratch_start_;
    for (int i = 0; i < index; ++i) at += layer(i).scratch_bytes;
    return at;
  }

  // Rubbish, or what the layer left there by its last call.
  void use_scratch(int index, int32_t y0) {
    const bool keeps = layer(index).band && layer(index).band->state_bytes > 0;
    for (int64_t i = 0; i < layer(index).scratch_bytes; ++i) {
      uint8_t& byte = at(scratch_start(index) + i);
      byte = keeps ? uint8_t(mix(y0 == 0 ? 1u : byte * 31u, uint8_t(i))) : uint8_t(0x5A + index);
    }
  }
  uint32_t state_of(int index) {
    uint32_t hash = 0;
    if (!layer(index).band || layer(index).band->state_bytes == 0) return hash;
    for (int64_t i = 0; i < layer(index).scratch_bytes; ++i) hash = mix(hash, at(scratch_start(index) + i));
    return hash;
  }

  // The order of schedule.hpp.
  void run_region(const Region& region) {
    const std::vector<Producer> producers = schedule(program_, region);
    for (int i = region.first; i <= region.last; ++i) write_borders(layer(i).outputs[0]);
    make(producers, producers.back(), result(producers.back()).height);
    for (const Producer& p : producers)
      if (read_behind(region, layer(p.layers.back()).outputs[0])) make(producers, p, result(p).height);
  }
  const Buffer& result(const Producer& p) const { return buffer(layer(p.layers.back()).outputs[0]); }
  bool read_behind(const Region& region, int b) const {
    for (int out : program_.outputs)
      if (storage_of(program_, out) == storage_of(program_, b)) return true;
    for (size_t i = size_t(region.last) + 1; i < program_.layers.size(); ++i)
      for (const Operand& in : program_.layers[i].inputs)
        if (storage_of(program_, in.buffer) == storage_of(program_, b)) return true;
    return false;
  }
  void make(const std::vector<Producer>& producers, const Producer& p, int32_t end) {
    int32_t& made = made_[size_t(p.layers.back())];
    while (made < end) {
      const int32_t asked = (end + p.step - 1) / p.step * p.step;
      const int32_t y1 = std::min({made + p.band_rows, asked, result(p).height});
      for (int i : p.layers) {
        for (const Operand& in : layer(i).inputs)
          for (const Producer& q : producers)
            if (storage_of(program_, layer(q.layers.back()).outputs[0]) == storage_of(program_, in.buffer))
              make(producers, q, rows_needed(*layer(i).band, y1, buffer(in.buffer).height));
        call(i, made, y1);
      }
      made = y1;
    }
  }

  const Program& program_;
  const Plan* plan_;
  const std::vector<Region> regions_;
  Bytes arena_;
  std::vector<int64_t> starts_;
  int64_t scratch_start_ = 0;
  std::vector<int32_t> made_;  // rows, by layer
};

// Against the same calls with every value apart and whole.
inline bool gives_right_bytes(const Program& program, const Plan& plan, bool keep_input = false) {
  return ShadowRun(program, &plan, plan.regions).run(keep_input) ==
         ShadowRun(program, nullptr, plan.regions).run(keep_input);
}
inline bool accepted(const Program& program, const Plan& plan, const PlanOptions& options, int alignment = 1) {
  try {
    check_plan(program, plan, target_of(alignment), options);
    return true;
  } catch (const InternalError&) {
    return false;
  }
}

}  // namespace thimble::compiler::test
