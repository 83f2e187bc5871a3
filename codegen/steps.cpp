// Which layers are steps, and the table of them.
#include "codegen/steps.hpp"

#include <set>

#include "codegen/names.hpp"

namespace thimble::compiler {

namespace {

constexpr int64_t largest_extent = UINT16_MAX;  // bytes of a row, rows
// A step is about 36 bytes shorter than a call, but its kernel takes a function of about 60.
constexpr int fewest_users = 3;

std::string place_text(const Context& c, int buffer) {
  return fmt::format("{{{}, {}, {}}}", c.offset(buffer), c.buffer(buffer).row_bytes, c.ring_rows(buffer));
}

}  // namespace

StepTable::StepTable(const Context& c) : c_(c) {
  if (!c.options.table_of_layers || c.options.layer_hook || c.options.probe) return;
  const int count = int(c.program.layers.size());
  std::map<std::string, int> users;
  for (int i = 0; i < count; ++i)
    if (fits(i)) ++users[call_key(i)];
  Names unique("call", {"Place", "Step", "rows", "steps"});
  for (int i = 0; i < count; ++i) {
    if (!fits(i) || users[call_key(i)] < fewest_users) continue;
    numbers_.emplace(i, int(numbers_.size()));
    if (calls_.count(call_key(i)) == 0) calls_[call_key(i)] = unique.take(layer(i).kernel);
  }
}

std::string StepTable::call_key(int i) const {
  return layer(i).kernel + " " + c_.constants_type(size_t(i));
}

bool StepTable::fits(int i) const {
  const Layer& l = layer(i);
  if (!l.band || l.inputs.size() != 1 || l.outputs.size() != 1 || c_.region_of(i) != nullptr) return false;
  for (int b : {l.inputs[0].buffer, l.outputs[0]})
    if (c_.buffer(b).row_bytes > largest_extent || c_.ring_rows(b) > largest_extent) return false;
  const Buffer& out = c_.buffer(l.outputs[0]);
  return out.layout != Layout::planes || (out.width <= UINT8_MAX && out.border == 1);
}

void StepTable::emit_structs(Writer& w) const {
  const std::string_view offset = c_.plan.arena_bytes <= UINT16_MAX ? "uint16_t" : "uint32_t";
  w.line("// Rows of a value: where the first lies in the arena, bytes of each, how many.");
  w.line("struct Place {");
  w.line("  {} offset;", offset);
  w.line("  uint16_t row_bytes, rows;");
  w.line("};");
  w.line();
  w.line("// A layer's call, its constants and operands.");
  w.line("struct Step {");
  w.line("  void (*call)(const Step&, uint8_t* arena);");
  w.line("  const void* layer;");
  w.line("  Place in, out;");
  w.line("  {} scratch;  // offset into the arena", offset);
  w.line("  // Planes have borders, of this value, around so many pixels; 0: the result is no planes.");
  w.line("  uint8_t plane_width;");
  w.line("  int8_t border;");
  w.line("};");
  w.line();
  w.line("thimble::RowRing rows(const Place& p, uint8_t* arena) {");
  w.line("  return {arena + p.offset, p.row_bytes, p.rows};");
  w.line("}");
}

void StepTable::emit_step(Writer& w, int i) const {
  const Layer& l = layer(i);
  const Buffer& out = c_.buffer(l.outputs[0]);
  const bool planes = out.layout == Layout::planes;
  w.line("{{{}, &layers::{}, {}, {}, {}, {}, {}}},", calls_.at(call_key(i)), c_.layers[size_t(i)],
         place_text(c_, l.inputs[0].buffer), place_text(c_, l.outputs[0]),
         std::max<int64_t>(0, c_.plan.scratch_offsets[size_t(i)]), planes ? out.width : 0,
         planes ? out.type.quantization->zero_points[0] : 0);
}

void StepTable::emit(Writer& w) const {
  if (numbers_.empty()) return;
  w.line("namespace steps {");
  w.line();
  emit_structs(w);
  std::set<std::string> emitted;
  for (const auto& [i, number] : numbers_) {
    if (!emitted.insert(call_key(i)).second) continue;
    w.line();
    w.line("void {}(const Step& s, uint8_t* arena) {{", calls_.at(call_key(i)));
    w.indent();
    w.line("using Layer = {};", c_.constants_type(size_t(i)));
    std::vector<std::string> arguments{"*static_cast<const Layer*>(s.layer)", "rows(s.in, arena)", "rows(s.out, arena)",
                                       "0", "s.out.rows"};
    if (layer(i).takes_scratch) arguments.push_back("arena + s.scratch");
    w.list("thimble::" + layer(i).kernel + "(", arguments, ");");
    w.outdent();
    w.line("}");
  }
  w.line();
  w.line("constexpr Step steps[] = {");
  w.indent();
  for (const auto& [i, number] : numbers_) emit_step(w, i);
  w.outdent();
  w.line("};");
  w.line();
  w.line("}  // namespace steps");
  w.line();
}

}  // namespace thimble::compiler
