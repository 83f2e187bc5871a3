// Constants of the layers and the tables they read, in <name>.cpp.
#include <algorithm>

#include "codegen/context.hpp"
#include "codegen/names.hpp"
#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

std::string value_text(const Context& c, const Field& field) {
  struct Text {
    const Context& c;
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(float value) const { return float_literal(value); }
    std::string operator()(const Field::Array& a) const { return c.array_expression(a.constant); }
    std::string operator()(const Field::Null&) const { return "nullptr"; }
  };
  return std::visit(Text{c}, field.value);
}

// Fields in the order of the struct, one a line. Neighbours "out.shift" and "out.low" are members of the nested `out`.
void emit_fields(std::vector<Writer::Commented>& lines, const Context& c, std::span<const Field> fields,
                 const std::string& prefix, size_t depth) {
  const std::string margin(depth * 2, ' ');
  for (size_t i = 0; i < fields.size();) {
    const std::string name = fields[i].name.substr(prefix.size());
    const size_t dot = name.find('.');
    if (dot == std::string::npos) {
      lines.push_back({margin + value_text(c, fields[i]) + ",", "// " + name});
      ++i;
      continue;
    }
    const std::string nested = prefix + name.substr(0, dot + 1);
    size_t end = i;
    while (end < fields.size() && fields[end].name.rfind(nested, 0) == 0) ++end;
    lines.push_back({margin + "{", ""});
    emit_fields(lines, c, fields.subspan(i, end - i), nested, depth + 2);
    lines.push_back({margin + "},", "// " + name.substr(0, dot)});
    i = end;
  }
}

// The shape of one layer, or what layers have in common of theirs: `members` each has its own of.
void emit_shape_struct(Writer& w, const Layer& layer, const std::string& name,
                       const std::vector<CommonShape::Member>& members) {
  std::vector<bool> constant(layer.shape.size(), true);
  for (const CommonShape::Member& m : members) constant[m.field] = false;
  w.line("struct {} {{", name);
  w.indent();
  w.line("static constexpr bool fixed = {};", layer.specialised ? "true" : "false");
  for (size_t f = 0; f < layer.shape.size(); ++f) {
    const Field& field = layer.shape[f];
    const int64_t* value = std::get_if<int64_t>(&field.value);
    ensure(value != nullptr, "code generator: shape member '" + field.name + "' of '" + layer.name + "' is no integer");
    if (constant[f]) w.line("static constexpr int32_t {} = {};", field.name, *value);
  }
  for (const CommonShape::Member& m : members) w.line("{} {};", m.type(), layer.shape[m.field].name);
  w.outdent();
  w.line("};");
}

void emit_layer(Writer& w, const Context& c, size_t i) {
  const Layer& layer = c.program.layers[i];
  const std::string& name = c.layers[i];
  const std::string model_name(first_name(layer.name));
  std::string head = model_name == name ? "" : model_name;
  if (!layer.note.empty()) head += (head.empty() ? "" : ": ") + layer.note;
  w.comment(comment_text(head));
  const CommonShape* common =
      layer.specialised || layer.shape_struct.empty() ? nullptr : &c.common_shapes.at(layer.shape_struct);
  std::vector<Writer::Commented> lines;
  std::vector<Field> own;
  if (common)
    for (const CommonShape::Member& m : common->members) own.push_back(layer.shape[m.field]);
  if (!own.empty()) {
    lines.push_back({"    {", ""});
    emit_fields(lines, c, own, "", 4);
    lines.push_back({"    },", ""});
  } else if (!layer.shape_struct.empty()) {
    lines.push_back({"    {},", "// shapes::" + c.shape_name(i)});
  }
  emit_fields(lines, c, layer.fields, "", 2);
  w.line("constexpr {} {} = {{{}", c.constants_type(i), name, lines.empty() ? "};" : "");
  if (lines.empty()) return;
  w.commented(lines);
  w.line("};");
}

template <class Wanted, class Emit>
void emit_namespace(Writer& w, const std::string& name, size_t count, Wanted wanted, Emit emit_one) {
  bool open = false;
  for (size_t i = 0; i < count; ++i) {
    if (!wanted(i)) continue;
    if (!open) w.line("namespace {} {{", name);
    open = true;
    w.line();
    emit_one(i);
  }
  if (!open) return;
  w.line();
  w.line("}}  // namespace {}", name);
  w.line();
}

bool is_read(const Program& program, size_t constant) {
  for (const Layer& layer : program.layers)
    for (const Field& field : layer.fields) {
      const auto* array = std::get_if<Field::Array>(&field.value);
      if (array != nullptr && size_t(array->constant) == constant) return true;
    }
  return false;
}

}  // namespace

void emit_shapes(Writer& w, const Context& c) {
  const Program& p = c.program;
  const auto is_common = [&](size_t i) {
    const auto at = c.common_shapes.find(p.layers[i].shape_struct);
    return at != c.common_shapes.end() && at->second.layer == i;
  };
  emit_namespace(
      w, "shapes", p.layers.size(),
      [&](size_t i) { return is_common(i) || (p.layers[i].specialised && c.shapes[i] == i); },
      [&](size_t i) {
        const Layer& layer = p.layers[i];
        if (layer.specialised) return emit_shape_struct(w, layer, c.layers[i], {});
        const CommonShape& common = c.common_shapes.at(layer.shape_struct);
        emit_shape_struct(w, layer, common.name, common.members);
      });
}

void emit_layer_constants(Writer& w, const Context& c) {
  const Program& p = c.program;
  emit_namespace(
      w, "tables", p.constants.size(), [&](size_t i) { return !p.constants[i].weights && is_read(p, i); },
      [&](size_t i) { emit_array(w, p.constants[i], c.arrays[i], "constexpr "); });
  emit_namespace(
      w, "layers", p.layers.size(), [](size_t) { return true; }, [&](size_t i) { emit_layer(w, c, i); });
}

}  // namespace thimble::compiler
