// <name>.h and <name>_c.cpp: the model for firmware in C.
#include "codegen/context.hpp"

namespace thimble::compiler {

namespace {

// "int8_t" of a port, as C sees it.
std::string element_of(const Context& c, const Port& port) {
  return std::string(cpp_type(c.buffer(port.buffer).type.element));
}

// A function of the C interface, and what the C++ interface does for it.
struct Function {
  std::string result, rest;  // "const float*", "kws_output(kws_model* model)"
  std::string body, comment;
  std::string declaration() const { return result + " " + rest; }
};

std::string model_expression(const Context& c, const std::string& qualifier) {
  if (c.options.external_arena) return fmt::format("{}::Model(*reinterpret_cast<{}::Arena*>(model))", c.name, c.name);
  return fmt::format("reinterpret_cast<{}{}::Model*>(model)", qualifier, c.name);
}

std::vector<Function> functions(const Context& c) {
  const std::string member = c.options.external_arena ? "." : "->";
  std::vector<Function> all;
  for (const Port& port : c.inputs)
    all.push_back({element_of(c, port) + "*", fmt::format("{}_{}({}_model* model)", c.name, port.name, c.name),
                   fmt::format("return {}{}{}();", model_expression(c, ""), member, port.name),
                   type_text(c.buffer(port.buffer).type)});
  all.push_back({"void", fmt::format("{}_run({}_model* model)", c.name, c.name),
                 fmt::format("{}{}run();", model_expression(c, ""), member), ""});
  for (const Port& port : c.outputs)
    all.push_back({"const " + element_of(c, port) + "*",
                   fmt::format("{}_{}({}_model* model)", c.name, port.name, c.name),
                   fmt::format("return {}{}{}();", model_expression(c, ""), member, port.name),
                   type_text(c.buffer(port.buffer).type)});
  for (const Port& port : c.ports()) {
    if (!has_steps(c.buffer(port.buffer).type)) continue;
    all.push_back({element_of(c, port), fmt::format("{}_quantize_{}(float real)", c.name, port.name),
                   fmt::format("return {}::{}::quantize(real);", c.name, port.name), ""});
    all.push_back({"float", fmt::format("{}_dequantize_{}({} stored)", c.name, port.name, element_of(c, port)),
                   fmt::format("return {}::{}::dequantize(stored);", c.name, port.name), ""});
  }
  return all;
}

}  // namespace

std::string emit_c_header(const Context& c) {
  const char* word = c.alignment() <= 4 ? "uint32_t" : "uint64_t";
  const int64_t word_bytes = c.alignment() <= 4 ? 4 : 8;
  Writer w;
  w.line("/* The model {} for {}, for C.", c.name, c.target.name);
  w.line("   Made by Thimble {}: changes are lost when the model is compiled again. */", c.options.version);
  w.line("#pragma once");
  w.line("#include <stdint.h>");
  w.line();
  w.line("#ifdef __cplusplus");
  w.line("extern \"C\" {");
  w.line("#endif");
  w.line();
  w.line("/* Elements of the inputs and outputs. */");
  w.line("enum {");
  const std::vector<Port> ports = c.ports();
  for (size_t i = 0; i < ports.size(); ++i)
    w.line("  {}_{}_size = {}{}", c.name, ports[i].name, element_count(c.buffer(ports[i].buffer).type.shape),
           i + 1 < ports.size() ? "," : "");
  w.line("};");
  w.line();
  w.line("/* The memory of the model, {} bytes. It needs no initialisation.{} */", grouped(c.plan.arena_bytes),
         c.options.external_arena ? "\n   Models that never run at the same time may share it." : "");
  w.line("typedef struct {");
  w.line("  {} words[{}];", word, (c.plan.arena_bytes + word_bytes - 1) / word_bytes);
  w.line("}} {}_model;", c.name);
  w.line();
  w.line("/* Fill the input{}, run, read the output{}. {} */", c.inputs.size() == 1 ? "" : "s",
         c.outputs.size() == 1 ? "" : "s",
         c.options.keep_input ? "run() keeps the input." : "run() overwrites the input: fill it anew each time.");
  std::vector<Writer::Commented> declarations;
  for (const Function& f : functions(c))
    declarations.push_back({f.declaration() + ";", f.comment.empty() ? "" : "/* " + f.comment + " */"});
  w.commented(declarations);
  if (c.options.layer_hook) {
    w.line();
    w.line("/* The firmware defines this: see {}.hpp. */", c.name);
    w.line("void {}_after_layer(int32_t layer);", c.name);
  }
  w.line();
  w.line("#ifdef __cplusplus");
  w.line("}");
  w.line("#endif");
  return w.text();
}

std::string emit_c(const Context& c) {
  Writer w;
  w.line("// The model {} for C: every function calls its twin in {}.hpp.", c.name, c.name);
  w.line("#include \"{}.h\"", c.name);
  w.line();
  w.line("#include \"{}.hpp\"", c.name);
  w.line();
  const std::string memory = c.name + (c.options.external_arena ? "::Arena" : "::Model");
  for (const char* measure : {"sizeof", "alignof"})
    w.line("static_assert({}({}_model) >= {}({}));", measure, c.name, measure, memory);
  w.line();
  w.line("extern \"C\" {");
  w.line();
  for (const Function& f : functions(c)) {
    w.line("{} {{", f.declaration());
    w.line("  {}", f.body);
    w.line("}");
    w.line();
  }
  w.line("}  // extern \"C\"");
  return w.text();
}

}  // namespace thimble::compiler
