// The comment in <name>.cpp that tells where every value lies.
#include <algorithm>

#include "codegen/context.hpp"

namespace thimble::compiler {

namespace {

struct Row {
  int64_t at, bytes;
  std::string value, type, rows, lives;
};

// Layers that make or read the storage, as "first - last".
std::string life_of(const Context& c, int storage) {
  std::string first, last;
  for (int in : c.program.inputs)
    if (storage_of(c.program, in) == storage) first = "input";
  for (size_t i = 0; i < c.program.layers.size(); ++i) {
    const Layer& layer = c.program.layers[i];
    bool touched = false;
    for (const Operand& in : layer.inputs) touched |= storage_of(c.program, in.buffer) == storage;
    for (int out : layer.outputs) touched |= storage_of(c.program, out) == storage;
    if (!touched) continue;
    if (first.empty()) first = c.layers[i];
    last = c.layers[i];
  }
  for (int out : c.program.outputs)
    if (storage_of(c.program, out) == storage) last = "output";
  return first + " - " + last;
}

std::string rows_text(const Context& c, const Placement& place) {
  const Buffer& b = c.buffer(place.buffer);
  if (b.layout == Layout::flat) return "flat";
  const std::string layout = b.layout == Layout::nhwc ? "nhwc" : "planes";
  return place.ring_rows > 0 ? fmt::format("{}, {} of {} rows", layout, place.ring_rows, b.height) : layout;
}

std::vector<Row> rows_of(const Context& c) {
  std::vector<Row> rows;
  for (const Placement& place : c.plan.buffers) {
    if (place.buffer < 0) continue;
    const Buffer& b = c.buffer(place.buffer);
    rows.push_back({place.offset, place.bytes, c.values[size_t(place.buffer)], type_text(b.type), rows_text(c, place),
                    life_of(c, place.buffer)});
  }
  for (size_t i = 0; i < c.program.layers.size(); ++i) {
    const int64_t at = i < c.plan.scratch_offsets.size() ? c.plan.scratch_offsets[i] : -1;
    if (at >= 0) rows.push_back({at, c.program.layers[i].scratch_bytes, "scratch", "", "", c.layers[i]});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.at < b.at; });
  return rows;
}

}  // namespace

void emit_memory_map(Writer& w, const Context& c) {
  const std::vector<Row> rows = rows_of(c);
  size_t at = 2, bytes = 5, value = 5, type = 4, layout = 6;
  for (const Row& r : rows) {
    at = std::max(at, grouped(r.at).size());
    bytes = std::max(bytes, grouped(r.bytes).size());
    value = std::max(value, r.value.size());
    type = std::max(type, r.type.size());
    layout = std::max(layout, r.rows.size());
  }
  w.line(
      "// Memory map of the arena, {} bytes. A value lives from the layer that makes it to the last one that reads it.",
      grouped(c.plan.arena_bytes));
  w.line("//");
  w.line("// {:>{}}  {:>{}}  {:<{}}  {:<{}}  {:<{}}  lives", "at", at, "bytes", bytes, "value", value, "type", type,
         "layout", layout);
  for (const Row& r : rows)
    w.line("// {:>{}}  {:>{}}  {:<{}}  {:<{}}  {:<{}}  {}", grouped(r.at), at, grouped(r.bytes), bytes, r.value, value,
           r.type, type, r.rows, layout, r.lives);
}

}  // namespace thimble::compiler
