// The struct in <name>.cpp that is one run: a view for each value, a function for each ring, the layers in order.
#include <algorithm>
#include <map>
#include <set>

#include "codegen/context.hpp"
#include "codegen/names.hpp"
#include "codegen/steps.hpp"
#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

// How a kernel takes an operand.
enum class Form { rows, elements };

class InferenceEmitter {
 public:
  InferenceEmitter(Writer& w, const Context& c, const StepTable& steps) : w_(w), c_(c), steps_(steps) { name_things(); }

  void emit() {
    w_.line("// One run: views of the values, and the layers in order.");
    w_.line("struct Inference {");
    w_.indent();
    w_.line("uint8_t* arena;");
    for (const auto& [region, producers] : schedules_)
      for (size_t i = 0; i + 1 < producers.size(); ++i) w_.line("int32_t {} = 0;", made(producers[i]));
    w_.line();
    emit_views();
    w_.line();
    for (const auto& [region, producers] : schedules_) {
      if (producers.size() > 1)
        w_.comment(fmt::format("Rows stream from {} to {}: each function makes the rows of one value up to `end`.",
                               c_.layers[size_t(region->first)], c_.layers[size_t(region->last)]));
      for (size_t i = 0; i + 1 < producers.size(); ++i) emit_make(producers, i);
    }
    if (!steps_.empty()) emit_run_steps();
    emit_run();
    if (c_.options.probe && !schedules_.empty()) emit_probe_rows();
    w_.outdent();
    w_.line("};");
  }

 private:
  const Layer& layer(int i) const { return c_.program.layers[size_t(i)]; }
  static Form form_of(const Layer& l) { return l.band ? Form::rows : Form::elements; }

  // The value a producer's function is named after.
  int value_of(const Producer& p) const { return storage_of(c_.program, layer(p.layers.back()).outputs[0]); }
  std::string make(const Producer& p) const { return "make_" + ring_names_.at(value_of(p)); }
  std::string made(const Producer& p) const { return ring_names_.at(value_of(p)) + "_made"; }

  void name_things() {
    std::set<std::string> taken(c_.values.begin(), c_.values.end());
    for (const Region& r : c_.plan.regions) {
      schedules_.emplace_back(&r, schedule(c_.program, r));
      for (const Producer& p : schedules_.back().second) ring_names_[value_of(p)] = c_.values[size_t(value_of(p))];
    }
    for (auto& [value, name] : ring_names_)
      while (taken.count("make_" + name) + taken.count(name + "_made") > 0) name += "_ring";
    for (const auto& [value, name] : ring_names_) taken.insert({"make_" + name, name + "_made"});
    for (size_t i = 0; i < c_.program.layers.size(); ++i) {
      if (steps_.has(int(i))) continue;
      const Layer& l = c_.program.layers[i];
      for (const Operand& in : l.inputs) name_view(in.buffer, form_of(l), taken);
      for (int out : l.outputs) name_view(out, form_of(l), taken);
    }
  }

  void name_view(int buffer, Form form, std::set<std::string>& taken) {
    if (views_.count({buffer, form}) > 0) return;
    std::string name = c_.values[size_t(buffer)];
    const Form other = form == Form::rows ? Form::elements : Form::rows;
    if (views_.count({buffer, other}) > 0) name += form == Form::rows ? "_rows" : "_elements";
    while (name != c_.values[size_t(buffer)] && !taken.insert(name).second) name += "_";
    views_[{buffer, form}] = name;
  }

  void emit_views() {
    if (std::any_of(views_.begin(), views_.end(), [](const auto& view) { return view.first.second == Form::rows; }))
      w_.line("// Rows: where the first lies, bytes of each, how many are in memory.");
    for (const auto& [key, name] : views_) {
      const auto& [index, form] = key;
      const Buffer& b = c_.buffer(index);
      if (form == Form::rows) {
        w_.line("thimble::RowRing {}() const {{ return {{arena + {}, {}, {}}}; }}", name, c_.offset(index), b.row_bytes,
                c_.ring_rows(index));
      } else {
        const std::string_view type = cpp_type(b.type.element);
        w_.line("{}* {}() const {{ return reinterpret_cast<{}*>(arena + {}); }}", type, name, type, c_.offset(index));
      }
    }
  }

  // The kernel's call for output rows [from, to), which are ignored where the layer is not banded.
  void emit_call(int index, const std::string& from, const std::string& to) {
    const Layer& l = layer(index);
    std::vector<std::string> arguments{"layers::" + c_.layers[size_t(index)]};
    for (const Operand& in : l.inputs) arguments.push_back(views_.at({in.buffer, form_of(l)}) + "()");
    for (int out : l.outputs) arguments.push_back(views_.at({out, form_of(l)}) + "()");
    if (l.band) arguments.insert(arguments.end(), {from, to});
    if (l.takes_scratch) {
      const int64_t at = c_.plan.scratch_offsets[size_t(index)];
      arguments.push_back(at < 0 ? "nullptr" : fmt::format("arena + {}", at));
    }
    w_.list("thimble::" + l.kernel + "(", arguments, ");");
    if (c_.options.layer_hook) w_.line("{}_after_layer({});", c_.name, index);
  }

  // The borders of planes are written before the first of their rows is made.
  void emit_borders(int index) {
    for (int out : layer(index).outputs) {
      const Buffer& b = c_.buffer(out);
      if (b.layout != Layout::planes) continue;
      ensure(b.type.quantization && !b.type.quantization->per_axis(),
             "code generator: planes '" + b.name + "' have no zero point");
      w_.line("thimble::plane_borders{}({}(), {}, {});", b.border == 1 ? "" : fmt::format("<{}>", b.border),
              views_.at({out, Form::rows}), b.width, b.type.quantization->zero_points[0]);
    }
  }

  void emit_whole(int index) {
    const Layer& l = layer(index);
    emit_borders(index);
    emit_call(index, "0", std::to_string(c_.buffer(l.outputs[0]).height));
    if (!c_.options.probe) return;
    for (size_t i = 0; i < l.outputs.size(); ++i) {
      const Buffer& b = c_.buffer(l.outputs[i]);
      w_.line("{}_probe({}, {}, arena + {}, {});", c_.name, index, i, c_.offset(l.outputs[i]), b.bytes - b.tail_bytes);
    }
  }

  // "2 * row + 3"
  static std::string goal_text(const std::string& row, int32_t stride, int32_t rest) {
    std::string text = stride == 1 ? row : fmt::format("{} * {}", stride, row);
    if (rest != 0) text += fmt::format(" {} {}", rest < 0 ? "-" : "+", rest < 0 ? -rest : rest);
    return text;
  }

  // Rows of an operand that a body has asked for: stride * next + rest.
  struct Asked {
    int32_t stride, rest;
  };

  // Makes the rows that layer `index` reads for its next band, those that the body has not asked for already.
  void emit_pulls(const std::vector<Producer>& producers, const Producer& self, int index,
                  std::multimap<const Producer*, Asked>& asked) {
    const Layer& l = layer(index);
    const BandContract& band = *l.band;
    const int32_t rest = band.window - band.pad_top - band.stride;
    for (const Operand& in : l.inputs) {
      for (const Producer& p : producers) {
        if (&p == &self || value_of(p) != storage_of(c_.program, in.buffer)) continue;
        const auto [begin, end] = asked.equal_range(&p);
        if (std::any_of(begin, end,
                        [&](const auto& a) { return a.second.stride == band.stride && a.second.rest >= rest; }))
          continue;
        asked.insert({&p, {band.stride, rest}});
        const int32_t height = c_.buffer(in.buffer).height, out_height = c_.buffer(l.outputs[0]).height;
        std::string goal = even_bands(self) ? goal_text("row", band.stride, rest + self.band_rows * band.stride)
                                            : goal_text("next", band.stride, rest);
        if (int64_t(out_height) * band.stride + rest > height) goal = fmt::format("thimble::min({}, {})", goal, height);
        w_.line("{}({});", make(p), goal);
      }
    }
  }

  // Runs the layers of one body on output rows [row, next).
  void emit_body(const std::vector<Producer>& producers, const Producer& p) {
    const std::string next = even_bands(p) ? fmt::format("row + {}", p.band_rows) : "next";
    if (!even_bands(p)) w_.line("const int32_t next = thimble::min(row + {}, {});", p.band_rows, band_limit(p));
    std::multimap<const Producer*, Asked> asked;
    for (int index : p.layers) {
      emit_pulls(producers, p, index, asked);
      emit_call(index, "row", next);
      if (c_.options.probe)
        w_.line("probe_rows({}, {}(), row, {});", index, views_.at({layer(index).outputs[0], Form::rows}), next);
    }
  }

  int32_t height_of(const Producer& p) const { return c_.buffer(layer(p.layers.back()).outputs[0]).height; }
  // No band is shorter than the others: none ends at the height, or at what a caller asks for.
  bool even_bands(const Producer& p) const {
    return height_of(p) % p.band_rows == 0 && (p.drives || p.band_rows == p.step);
  }
  // Where the band ends that is shorter. `end` is never beyond the height.
  std::string band_limit(const Producer& p) const {
    if (p.drives || p.band_rows == p.step) return std::to_string(height_of(p));
    if (p.step == 1) return "end";
    const std::string rounded = fmt::format("(end + {}) / {} * {}", p.step - 1, p.step, p.step);
    return height_of(p) % p.step == 0 ? rounded : fmt::format("thimble::min({}, {})", rounded, height_of(p));
  }

  void emit_make(const std::vector<Producer>& producers, size_t i) {
    const Producer& p = producers[i];
    w_.line("void {}(int32_t end) {{", make(p));
    w_.indent();
    w_.line("while ({} < end) {{", made(p));
    w_.indent();
    w_.line("const int32_t row = {};", made(p));
    emit_body(producers, p);
    w_.line("{} = {};", made(p), even_bands(p) ? fmt::format("row + {}", p.band_rows) : "next");
    w_.outdent();
    w_.line("}");
    w_.outdent();
    w_.line("}");
    w_.line();
  }

  // Whether layers behind the region, or the model's outputs, read a value.
  bool read_later(const Region& region, int storage) const {
    for (int out : c_.program.outputs)
      if (storage_of(c_.program, out) == storage) return true;
    for (size_t i = size_t(region.last) + 1; i < c_.program.layers.size(); ++i)
      for (const Operand& in : layer(int(i)).inputs)
        if (storage_of(c_.program, in.buffer) == storage) return true;
    return false;
  }

  void emit_region(const Region& region, const std::vector<Producer>& producers) {
    const Producer& driver = producers.back();
    for (int i = region.first; i <= region.last; ++i) emit_borders(i);
    w_.line("for (int32_t row = 0; row < {}; {}) {{", height_of(driver),
            driver.band_rows == 1 ? "++row" : fmt::format("row += {}", driver.band_rows));
    w_.indent();
    emit_body(producers, driver);
    w_.outdent();
    w_.line("}");
    for (size_t i = 0; i + 1 < producers.size(); ++i)
      if (read_later(region, value_of(producers[i]))) w_.line("{}({});", make(producers[i]), height_of(producers[i]));
  }

  void emit_run_steps() {
    const bool borders = std::any_of(c_.program.buffers.begin(), c_.program.buffers.end(),
                                     [](const Buffer& b) { return b.layout == Layout::planes; });
    w_.line("void run_steps(int32_t first, int32_t end) const {");
    w_.line("  for (const steps::Step* s = steps::steps + first; s != steps::steps + end; ++s){}", borders ? " {" : "");
    if (borders)
      w_.line("    if (s->plane_width > 0) thimble::plane_borders(rows(s->out, arena), s->plane_width, s->border);");
    w_.line("    s->call(*s, arena);");
    if (borders) w_.line("  }");
    w_.line("}");
    w_.line();
  }

  void emit_run() {
    w_.line("void run() {");
    w_.indent();
    for (int i = 0; i < int(c_.program.layers.size()); ++i) {
      if (steps_.has(i)) {
        const int first = i;
        while (steps_.has(i + 1)) ++i;
        w_.line("run_steps({}, {});", steps_.number(first), steps_.number(i) + 1);
        continue;
      }
      const Region* region = c_.region_of(i);
      if (region == nullptr) {
        emit_whole(i);
        continue;
      }
      for (const auto& [r, producers] : schedules_)
        if (r == region) emit_region(*region, producers);
      i = region->last;
    }
    w_.outdent();
    w_.line("}");
  }

  void emit_probe_rows() {
    w_.line();
    w_.line("void probe_rows(int32_t layer, const thimble::RowRing& made, int32_t row, int32_t end) const {");
    w_.line("  for (; row < end; ++row) {}_probe(layer, 0, made.row(row), made.row_bytes);", c_.name);
    w_.line("}");
  }

  Writer& w_;
  const Context& c_;
  const StepTable& steps_;
  std::vector<std::pair<const Region*, std::vector<Producer>>> schedules_;
  std::map<int, std::string> ring_names_;              // storage made by a producer: what its functions are named after
  std::map<std::pair<int, Form>, std::string> views_;  // accessor of a buffer
};

}  // namespace

void emit_inference(Writer& w, const Context& c) {
  emit_memory_map(w, c);
  w.line();
  const StepTable steps(c);
  steps.emit(w);
  InferenceEmitter(w, c, steps).emit();
}

}  // namespace thimble::compiler
