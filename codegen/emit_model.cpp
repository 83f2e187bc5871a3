// <name>.cpp: constants, memory map, the run.
#include "codegen/context.hpp"

namespace thimble::compiler {

namespace {

void emit_quantizers(Writer& w, const Context& c) {
  for (const Port& port : c.ports()) {
    if (!has_steps(c.buffer(port.buffer).type)) continue;
    w.line("{}::Element {}::quantize(float real) {{", port.name, port.name);
    w.line("  return thimble::nearest_step<Element>(real, scale, zero_point);");
    w.line("}");
    w.line();
  }
}

void emit_copying_run(Writer& w, const Context& c) {
  w.list("void Model::run(", copying_parameters(c), ") {");
  for (const Port& port : c.inputs)
    w.line("  __builtin_memcpy({}(), {}, sizeof {});", port.name, parameter_name(port), parameter_name(port));
  w.line("  run();");
  for (const Port& port : c.outputs)
    w.line("  __builtin_memcpy({}, {}(), sizeof {});", parameter_name(port), port.name, parameter_name(port));
  w.line("}");
}

}  // namespace

std::string parameter_name(const Port& port) {
  if (port.name == "input") return "in";
  return port.name == "output" ? "out" : port.name + "_data";
}

std::vector<std::string> copying_parameters(const Context& c) {
  std::vector<std::string> parameters;
  for (const Port& port : c.ports())
    parameters.push_back(
        fmt::format("{}{}::Array& {}", port.is_input ? "const " : "", port.name, parameter_name(port)));
  return parameters;
}

std::string emit_model(const Context& c) {
  Writer w;
  w.line("// Layers of the model {}, where its values lie, and the order of its run.", c.name);
  w.line("#include \"{}.hpp\"", c.name);
  w.line();
  w.line("#include \"{}_weights.hpp\"", c.name);
  for (const std::string& header : runtime_headers(c)) w.line("#include \"{}\"", header);
  w.line();
  w.line("namespace {} {{", c.name);
  w.line();
  emit_shapes(w, c);
  w.line("namespace {");
  w.line();
  emit_layer_constants(w, c);
  emit_inference(w, c);
  w.line();
  w.line("}  // namespace");
  w.line();
  emit_quantizers(w, c);
  w.line("void Model::run() {");
  w.line("  Inference{{{}}}.run();", c.options.external_arena ? "arena_->bytes" : "arena_");
  w.line("}");
  w.line();
  emit_copying_run(w, c);
  w.line();
  w.line("}}  // namespace {}", c.name);
  return w.text();
}

}  // namespace thimble::compiler
