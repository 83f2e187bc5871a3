// Judges a plan by running it: a shadow of the arena holds, for each byte, which value and row lies there. It knows the
// program and the kernels' contracts, and nothing of how the planner came to its result.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/error.hpp"
#include "passes/plan/plan.hpp"
#include "passes/plan/schedule.hpp"
#include "targets/targets.hpp"

namespace thimble::compiler {

namespace {

template <class... Arguments>
[[noreturn]] void reject(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw InternalError("plan: " + fmt::format(text, std::forward<Arguments>(arguments)...));
}

constexpr uint32_t noise = 0;  // what a shadow byte holds before anything is written, and where scratch was

// A run of bytes in the arena.
struct Span {
  int64_t at, bytes;
  bool meets(const Span& other) const { return at < other.at + other.bytes && other.at < at + bytes; }
};

class PlanCheck {
 public:
  PlanCheck(const Program& program, const Plan& plan, const Target& target, const PlanOptions& options)
      : program_(program), plan_(plan), target_(target), options_(options) {}

  void run() {
    check_places();
    check_regions();
    shadow_.assign(size_t(plan_.arena_bytes), noise);
    number_rows();
    for (int in : program_.inputs) write_all(in);
    for (int in : program_.inputs) read_all(in, "an input");
    for (int i = 0; i < int(program_.layers.size()); ++i) {
      const auto region =
          std::find_if(plan_.regions.begin(), plan_.regions.end(), [&](const Region& r) { return r.first == i; });
      if (region == plan_.regions.end()) {
        for (int out : layer(i).outputs) write_borders(out);
        call(i, 0, buffer(layer(i).outputs.at(0)).height);
      } else {
        run_region(*region);
        i = region->last;
      }
    }
    for (int out : program_.outputs) read_all(out, "an output");
    if (options_.keep_input)
      for (int in : program_.inputs) read_all(in, "an input that must be kept");
  }

 private:
  const Buffer& buffer(int b) const { return program_.buffers[size_t(b)]; }
  const Layer& layer(int i) const { return program_.layers[size_t(i)]; }
  const Buffer& storage(int b) const { return buffer(storage_of(program_, b)); }
  const Placement& place(int b) const {
    const Placement* p = plan_.of(storage_of(program_, b));
    if (p == nullptr) reject("'{}' has no place", storage(b).name);
    return *p;
  }
  bool is_ring(int b) const { return place(b).ring_rows > 0; }

  // --- where things lie ---

  void check_inside(const std::string& what, const Span& span, int64_t alignment) const {
    if (span.at < 0 || span.at + span.bytes > plan_.arena_bytes)
      reject("{} lies at {}..{}, outside the arena of {} bytes", what, span.at, span.at + span.bytes,
             plan_.arena_bytes);
    if (span.at % alignment != 0) reject("{} lies at {}, not a multiple of {}", what, span.at, alignment);
  }

  void check_places() const {
    for (size_t i = 0; i < plan_.buffers.size(); ++i) {
      const Placement& p = plan_.buffers[i];
      if (p.buffer < 0 || p.buffer >= int(program_.buffers.size()) || buffer(p.buffer).view_of)
        reject("a place for buffer {}, which is no storage", p.buffer);
      if (&place(p.buffer) != &p) reject("'{}' has two places", buffer(p.buffer).name);
      const Buffer& b = buffer(p.buffer);
      if (p.ring_rows < 0 || p.ring_rows > b.height)
        reject("the ring of '{}' has {} rows, the value {}", b.name, p.ring_rows, b.height);
      const int64_t bytes = p.ring_rows == 0 ? b.bytes : int64_t(p.ring_rows) * b.row_bytes + b.tail_bytes;
      if (p.bytes != bytes) reject("'{}' takes {} bytes, its place has {}", b.name, bytes, p.bytes);
      check_inside("'" + b.name + "'", {p.offset, p.bytes}, alignment_of(p.buffer));
    }
    if (plan_.scratch_offsets.size() != program_.layers.size())
      reject("{} scratch offsets for {} layers", plan_.scratch_offsets.size(), program_.layers.size());
    for (size_t i = 0; i < program_.layers.size(); ++i) {
      const Layer& l = layer(int(i));
      if (l.scratch_bytes > 0)
        check_inside("the scratch of layer '" + l.name + "'", {plan_.scratch_offsets[i], l.scratch_bytes},
                     std::max(4, target_.alignment));
    }
  }

  int64_t alignment_of(int storage) const {
    int64_t alignment = target_.alignment;
    for (size_t b = 0; b < program_.buffers.size(); ++b)
      if (storage_of(program_, int(b)) == storage)
        alignment = std::max(alignment, size_of(buffer(int(b)).type.element));
    return alignment;
  }

  void check_regions() const {
    int next = 0;
    for (const Region& r : plan_.regions) {
      if (r.first < next || r.last < r.first || r.last >= int(program_.layers.size()))
        reject("a region of layers {} to {}, where {} or later is due", r.first, r.last, next);
      next = r.last + 1;
      for (int i = r.first; i <= r.last; ++i)
        if (!layer(i).band || layer(i).outputs.size() != 1) reject("layer '{}' cannot stream", layer(i).name);
    }
  }

  // --- the shadow ---

  // A whole value has one number. A ring has one for each row, since a row may take another's place. Each has one more
  // for borders without a row between them.
  void number_rows() {
    uint32_t next = noise + 1;
    for (size_t b = 0; b < program_.buffers.size(); ++b) {
      numbers_.push_back(next);
      next += uint32_t(buffer(int(b)).height) + 1;
    }
    numbers_.push_back(next);  // and one for the state of each layer
    rows_made_.assign(program_.layers.size(), 0);
  }
  uint32_t number(int b, int32_t row) const {
    return numbers_[size_t(storage_of(program_, b))] + (is_ring(b) ? uint32_t(row) : 0);
  }

  uint32_t border_number(int b) const {
    return numbers_[size_t(storage_of(program_, b))] + uint32_t(storage(b).height);
  }

  Span span_of(int b) const { return {place(b).offset + buffer(b).view_offset, buffer(b).bytes}; }
  Span row_span(int b, int32_t row) const {
    const int32_t slot = is_ring(b) ? row % place(b).ring_rows : row;
    return {place(b).offset + buffer(b).view_offset + int64_t(slot) * buffer(b).row_bytes, buffer(b).row_bytes};
  }
  Span tail_span(int b) const {
    return {place(b).offset + place(b).bytes - storage(b).tail_bytes, storage(b).tail_bytes};
  }

  void fill(const Span& span, uint32_t value) {
    std::fill_n(shadow_.begin() + std::ptrdiff_t(span.at), span.bytes, value);
  }

  void require(const Span& span, uint32_t value, const std::string& reader, int b) const {
    const auto from = shadow_.begin() + std::ptrdiff_t(span.at), to = from + std::ptrdiff_t(span.bytes);
    const auto wrong = std::find_if(from, to, [&](uint32_t n) { return n != value; });
    if (wrong == to) return;
    reject("{} reads '{}' at byte {}, where {} lies", reader, buffer(b).name, wrong - shadow_.begin(),
           describe(*wrong));
  }

  std::string describe(uint32_t n) const {
    if (n == noise) return "nothing or scratch";
    if (n >= numbers_.back()) return fmt::format("the state of layer '{}'", layer(int(n - numbers_.back())).name);
    const auto owner = std::upper_bound(numbers_.begin(), numbers_.end(), n) - numbers_.begin() - 1;
    const Buffer& b = buffer(int(owner));
    const uint32_t row = n - numbers_[size_t(owner)];
    return row == uint32_t(b.height) ? "a border of '" + b.name + "'" : fmt::format("row {} of '{}'", row, b.name);
  }

  void write_all(int b) { fill(span_of(b), number(b, 0)); }
  void read_all(int b, const std::string& reader) const {
    if (is_ring(b)) reject("{} '{}' is a ring", reader, buffer(b).name);
    require(span_of(b), number(b, 0), reader, b);
  }

  // --- calls ---

  // Rows of an operand that output rows [y0, y1) read; a single row serves them all.
  static std::array<int32_t, 2> operand_rows(const BandContract& c, int32_t y0, int32_t y1, int32_t height) {
    const int64_t first = int64_t(y0) * c.stride - c.pad_top;
    const int64_t end = int64_t(y1 - 1) * c.stride - c.pad_top + c.window;
    if (height == 1) return {0, end > 0 ? 1 : 0};
    return {int32_t(std::clamp<int64_t>(first, 0, height)), int32_t(std::clamp<int64_t>(end, 0, height))};
  }

  std::vector<Span> spans_read(const Layer& l, int b, int32_t y0, int32_t y1) const {
    if (!l.band) return {span_of(b)};
    std::vector<Span> spans;
    const auto [first, end] = operand_rows(*l.band, y0, y1, buffer(b).height);
    for (int32_t y = first; y < end; ++y) spans.push_back(row_span(b, y));
    if (storage(b).tail_bytes > 0) spans.push_back(tail_span(b));
    return spans;
  }

  std::vector<Span> spans_written(const Layer& l, int b, int32_t y0, int32_t y1) const {
    if (!l.band) return {span_of(b)};
    std::vector<Span> spans;
    for (int32_t y = y0; y < y1; ++y) spans.push_back(row_span(b, y));
    if (storage(b).tail_bytes > 0) spans.push_back(tail_span(b));
    return spans;
  }

  void call(int index, int32_t y0, int32_t y1) {
    const Layer& l = layer(index);
    const std::string who = "layer '" + l.name + "'";
    for (const Operand& in : l.inputs) check_operand(l, in, y0, y1, who);
    if (l.scratch_bytes > 0) use_scratch(index, y0, y1, who);
    for (int out : l.outputs) {
      for (int other : l.outputs)
        if (other != out && span_of(out).meets(span_of(other)))
          reject("{} makes '{}' and '{}' in the same bytes", who, buffer(out).name, buffer(other).name);
      write_rows(l, out, y0, y1);
    }
  }

  void write_rows(const Layer& l, int out, int32_t y0, int32_t y1) {
    if (!l.band) return fill(span_of(out), number(out, 0));
    if (const int32_t rows = place(out).ring_rows; rows > 0 && y1 - y0 > rows)
      reject("a band of {} rows of '{}' in a ring of {}", y1 - y0, buffer(out).name, rows);
    for (int32_t y = y0; y < y1; ++y) {
      if (buffer(out).layout == Layout::planes) check_borders(out, row_span(out, y));
      fill(row_span(out, y), number(out, y));
    }
  }

  // Borders of planes are written once, before the first row: they must stay until the last row is read.
  void write_borders(int b) {
    if (buffer(b).layout != Layout::planes) return;
    fill({place(b).offset, place(b).bytes}, border_number(b));
    fill(tail_span(b), number(b, 0));
  }
  void check_borders(int b, const Span& row) const {
    for (int64_t at = row.at; at < row.at + row.bytes; ++at)
      if (const uint32_t n = shadow_[size_t(at)]; n < number(b, 0) || n > border_number(b))
        reject("the borders of '{}' at byte {} are lost to {}", buffer(b).name, at, describe(n));
  }

  void check_operand(const Layer& l, const Operand& in, int32_t y0, int32_t y1, const std::string& who) const {
    if (!is_ring(in.buffer)) {
      for (const Span& span : spans_read(l, in.buffer, y0, y1)) require(span, number(in.buffer, 0), who, in.buffer);
    } else {
      if (!l.band) reject("{} reads all of '{}', which is a ring", who, buffer(in.buffer).name);
      const auto [first, end] = operand_rows(*l.band, y0, y1, buffer(in.buffer).height);
      for (int32_t y = first; y < end; ++y) require(row_span(in.buffer, y), number(in.buffer, y), who, in.buffer);
      if (storage(in.buffer).tail_bytes > 0) require(tail_span(in.buffer), number(in.buffer, 0), who, in.buffer);
    }
    for (int out : l.outputs) {
      if (in.overwrite == Overwrite::same_place && same_place(l, in.buffer, out)) continue;
      for (const Span& written : spans_written(l, out, y0, y1))
        for (const Span& read : spans_read(l, in.buffer, y0, y1))
          if (written.meets(read))
            reject("{} writes '{}' over '{}', which it reads", who, buffer(out).name, buffer(in.buffer).name);
    }
  }

  // Whether each byte of the result lies exactly where the operand's lies.
  bool same_place(const Layer& l, int in, int out) const {
    if (span_of(in).at != span_of(out).at || buffer(in).bytes != buffer(out).bytes) return false;
    if (!l.band) return true;
    const bool same_rows = l.band->window == 1 && l.band->stride == 1 && l.band->pad_top == 0;
    return same_rows && place(in).ring_rows == place(out).ring_rows && buffer(in).row_bytes == buffer(out).row_bytes &&
           buffer(in).height == buffer(out).height;
  }

  void use_scratch(int index, int32_t y0, int32_t y1, const std::string& who) {
    const Layer& l = layer(index);
    const Span scratch{plan_.scratch_offsets[size_t(index)], l.scratch_bytes};
    for (const Operand& in : l.inputs)
      for (const Span& span : spans_read(l, in.buffer, y0, y1))
        if (span.meets(scratch)) reject("the scratch of {} lies over '{}'", who, buffer(in.buffer).name);
    for (int out : l.outputs)
      for (const Span& span : spans_written(l, out, y0, y1))
        if (span.meets(scratch)) reject("the scratch of {} lies over '{}'", who, buffer(out).name);
    const uint32_t state = numbers_.back() + uint32_t(index);
    const bool has_state = l.band && l.band->state_bytes > 0;
    if (has_state && y0 > 0) check_state(scratch, state, who);
    fill(scratch, has_state ? state : noise);
  }

  void check_state(const Span& scratch, uint32_t state, const std::string& who) const {
    for (int64_t at = scratch.at; at < scratch.at + scratch.bytes; ++at)
      if (shadow_[size_t(at)] != state)
        reject("the state of {} at byte {} is lost to {}", who, at, describe(shadow_[size_t(at)]));
  }

  // --- regions ---

  void run_region(const Region& region) {
    const std::vector<Producer> producers = schedule(program_, region);
    check_producers(region, producers);
    for (int i = region.first; i <= region.last; ++i) write_borders(layer(i).outputs[0]);
    const Producer& driver = producers.back();
    const int32_t height = buffer(layer(driver.layers.back()).outputs[0]).height;
    make_rows(producers, driver, height);
    for (const Producer& p : producers) {
      const int made = layer(p.layers.back()).outputs[0];
      if (read_behind(region, made)) make_rows(producers, p, buffer(made).height);
    }
  }

  void check_producers(const Region& region, const std::vector<Producer>& producers) const {
    std::vector<int> times(program_.layers.size(), 0);
    for (const Producer& p : producers)
      for (int i : p.layers) ++times.at(size_t(i));
    for (int i = 0; i < int(program_.layers.size()); ++i)
      if (times[size_t(i)] != int(region.first <= i && i <= region.last))
        reject("the region of layer '{}' runs layer '{}' in {} loops", layer(region.first).name, layer(i).name,
               times[size_t(i)]);
  }

  bool read_behind(const Region& region, int made) const {
    const auto is_made = [&](int b) { return storage_of(program_, b) == storage_of(program_, made); };
    if (std::any_of(program_.outputs.begin(), program_.outputs.end(), is_made)) return true;
    for (size_t i = size_t(region.last) + 1; i < program_.layers.size(); ++i)
      for (const Operand& in : layer(int(i)).inputs)
        if (is_made(in.buffer)) return true;
    return false;
  }

  void make_rows(const std::vector<Producer>& producers, const Producer& p, int32_t end) {
    int32_t& made = rows_made_[size_t(p.layers.back())];
    const int32_t height = buffer(layer(p.layers.back()).outputs[0]).height;
    while (made < end) {
      const int32_t y0 = made, asked = (end + p.step - 1) / p.step * p.step;
      const int32_t y1 = std::min({y0 + p.band_rows, asked, height});
      for (int i : p.layers) {
        const BandContract& band = *layer(i).band;
        if (y0 % band.step != 0 || (y1 % band.step != 0 && y1 != height))
          reject("layer '{}' makes rows {} to {}, its step is {}", layer(i).name, y0, y1, band.step);
        for (const Operand& in : layer(i).inputs) pull(producers, band, y1, in.buffer);
        call(i, y0, y1);
      }
      made = y1;
    }
  }

  void pull(const std::vector<Producer>& producers, const BandContract& band, int32_t y1, int operand) {
    for (const Producer& p : producers)
      if (storage_of(program_, layer(p.layers.back()).outputs[0]) == storage_of(program_, operand))
        make_rows(producers, p, operand_rows(band, 0, y1, buffer(operand).height)[1]);
  }

  const Program& program_;
  const Plan& plan_;
  const Target& target_;
  const PlanOptions& options_;
  std::vector<uint32_t> shadow_;    // by byte of the arena
  std::vector<uint32_t> numbers_;   // by buffer: the number of its first row
  std::vector<int32_t> rows_made_;  // by the layer that makes them last, inside regions
};

}  // namespace

void check_plan(const Program& program, const Plan& plan, const Target& target, const PlanOptions& options) {
  PlanCheck(program, plan, target, options).run();
}

}  // namespace thimble::compiler
