// <name>.hpp: what the firmware includes.
#include "codegen/context.hpp"
#include "codegen/names.hpp"

namespace thimble::compiler {

namespace {

void emit_port(Writer& w, const Context& c, const Port& port) {
  const Buffer& b = c.buffer(port.buffer);
  const bool steps = has_steps(b.type);
  w.comment(fmt::format("{} {}, {}.{}", port.is_input ? "Input" : "Output", comment_text(string_literal(b.name)),
                        type_text(b.type), steps ? " real = (stored - zero_point) * scale." : ""));
  w.line("namespace {} {{", port.name);
  w.line("using Element = {};", cpp_type(b.type.element));
  w.line("constexpr char name[] = {};", string_literal(b.name));
  w.line("constexpr size_t size = {};  // elements", element_count(b.type.shape));
  w.line("using Array = Element[size];");
  w.line("constexpr int32_t rank = {};", b.type.shape.size());
  if (!b.type.shape.empty()) w.line("constexpr int32_t shape[rank] = {{{}}};", fmt::join(b.type.shape, ", "));
  if (steps) {
    w.line("constexpr float scale = {};", float_literal(b.type.quantization->scales[0]));
    w.line("constexpr int32_t zero_point = {};", b.type.quantization->zero_points[0]);
    w.line("Element quantize(float real);  // to the nearest step, ties to even; saturates");
    w.line("constexpr float dequantize(Element stored) { return float(stored - zero_point) * scale; }");
  }
  w.line("}}  // namespace {}", port.name);
  w.line();
}

void emit_accessor(Writer& w, const Context& c, const Port& port) {
  const std::string array = (port.is_input ? "" : "const ") + port.name + "::Array&";
  const std::string head = fmt::format("{} {}(){} {{", array, port.name, port.is_input ? "" : " const");
  const std::string body = fmt::format("return reinterpret_cast<{}>({}[{}]);", array,
                                       c.options.external_arena ? "arena_->bytes" : "arena_", c.offset(port.buffer));
  if (2 + head.size() + 1 + body.size() + 2 <= line_length) {
    w.line(head + " " + body + " }");
    return;
  }
  w.line(head);
  w.line("  " + body);
  w.line("}");
}

void emit_class(Writer& w, const Context& c) {
  if (c.options.external_arena) {
    w.line(
        "// The memory that a model works in. Models that do not run at the same time may share it: put their arenas");
    w.line("// into a union. An output is there until the next run in the same memory.");
    w.line("struct Arena {");
    w.line("  alignas({}) uint8_t bytes[{}];", c.alignment(), c.plan.arena_bytes);
    w.line("};");
    w.line();
  }
  w.line("class Model {");
  w.line(" public:");
  w.indent();
  w.commented(std::vector<Writer::Commented>{
      {fmt::format("static constexpr size_t arena_bytes = {};", c.plan.arena_bytes), "// memory for all values"},
      {fmt::format("static constexpr size_t weight_bytes = {};", c.program.weight_bytes()),
       fmt::format("// of constants, in {}_weights.cpp", c.name)}});
  w.line();
  if (c.options.external_arena) {
    w.line("explicit Model(Arena& arena) : arena_(&arena) {}");
    w.line();
  }
  w.line("// Fill the input{}, run, read the output{}. {}", c.inputs.size() == 1 ? "" : "s",
         c.outputs.size() == 1 ? "" : "s",
         c.options.keep_input ? "run() keeps the input." : "run() overwrites the input: fill it anew each time.");
  for (const Port& port : c.inputs) emit_accessor(w, c, port);
  w.line("void run();");
  for (const Port& port : c.outputs) emit_accessor(w, c, port);
  w.line();
  w.line("// The same with arrays of the caller's, which are copied.");
  w.list("void run(", copying_parameters(c), ");");
  w.outdent();
  w.line();
  w.line(" private:");
  if (c.options.external_arena)
    w.line("  Arena* arena_;");
  else
    w.line("  alignas({}) uint8_t arena_[arena_bytes];", c.alignment());
  w.line("};");
}

void emit_hooks(Writer& w, const Context& c) {
  if (c.options.layer_hook) {
    w.line(
        "// The firmware defines this. A run calls it behind each call of a layer's kernel (where rows stream, a layer "
        "is");
    w.line("// called many times), with the layer's index in layer_names.");
    w.line("extern \"C\" void {}_after_layer(int32_t layer);", c.name);
    w.line();
    w.line("constexpr const char* layer_names[] = {");
    for (const Layer& layer : c.program.layers) w.line("    {},", string_literal(first_name(layer.name)));
    w.line("};");
    w.line();
  }
  if (c.options.probe) {
    w.line("// Called behind each layer with rows it made, in order; the rows of all calls make up the output.");
    w.line("extern \"C\" void {}_probe(int32_t layer, int32_t output, void* rows, int32_t bytes);", c.name);
    w.line();
  }
}

}  // namespace

std::string emit_api(const Context& c) {
  Writer w;
  w.line("// The model {} for {}.", c.name, c.target.name);
  w.line("// Made by Thimble {}: changes are lost when the model is compiled again.", c.options.version);
  w.line("#pragma once");
  w.line("#include <stddef.h>");
  w.line("#include <stdint.h>");
  w.line();
  w.line("namespace {} {{", c.name);
  w.line();
  w.line("// SHA-256 of the model file, and what made this code of it, for which core.");
  w.line("constexpr char model_hash[] = \"{}\";", c.options.model_hash);
  w.line("constexpr char thimble_version[] = \"{}\";", c.options.version);
  w.line("constexpr char target[] = \"{}\";", c.target.name);
  w.line();
  for (const Port& port : c.ports()) emit_port(w, c, port);
  emit_hooks(w, c);
  emit_class(w, c);
  w.line();
  w.line("}}  // namespace {}", c.name);
  return w.text();
}

}  // namespace thimble::compiler
