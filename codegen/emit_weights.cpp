// <name>_weights.hpp and <name>_weights.cpp: the weights and nothing else, so that their object file is their size.
#include <algorithm>

#include "codegen/context.hpp"

namespace thimble::compiler {

namespace {

// Kernels read narrow elements by words.
std::string alignment_of(const ConstantArray& array) {
  return size_of(array.element) < 4 ? "alignas(4) " : "";
}

bool any_weights(const Context& c) {
  return std::any_of(c.program.constants.begin(), c.program.constants.end(),
                     [](const ConstantArray& a) { return a.weights; });
}

}  // namespace

void emit_array(Writer& w, const ConstantArray& array, const std::string& name, const std::string& specifiers) {
  w.comment(comment_text(array.comment));
  w.line("{}{} {}[{}] = {{", alignment_of(array) + specifiers, cpp_type(array.element), name,
         array.bytes.size() / size_t(size_of(array.element)));
  std::string text = array_text(array.element, array.bytes, 4);
  if (!text.empty()) text.pop_back();
  w.line(text);
  w.line("};");
}

std::string emit_weights_header(const Context& c) {
  Writer w;
  w.line("// The weights of the model {}.", c.name);
  w.line("#pragma once");
  w.line("#include <stdint.h>");
  w.line();
  w.line("namespace {}::weights {{", c.name);
  w.line();
  for (size_t i = 0; i < c.program.constants.size(); ++i) {
    const ConstantArray& array = c.program.constants[i];
    if (!array.weights) continue;
    w.line("{}extern const {} {}[{}];", alignment_of(array), cpp_type(array.element), c.arrays[i],
           array.bytes.size() / size_t(size_of(array.element)));
  }
  if (any_weights(c)) w.line();
  w.line("}}  // namespace {}::weights", c.name);
  return w.text();
}

std::string emit_weights(const Context& c) {
  Writer w;
  w.line("// The weights of the model {}: {} bytes.", c.name, grouped(c.program.weight_bytes()));
  w.line("#include \"{}_weights.hpp\"", c.name);
  w.line();
  w.line("namespace {}::weights {{", c.name);
  w.line();
  const std::string section =
      c.options.weights_section.empty() ? "" : fmt::format("[[gnu::section(\"{}\")]] ", c.options.weights_section);
  for (size_t i = 0; i < c.program.constants.size(); ++i) {
    const ConstantArray& array = c.program.constants[i];
    if (!array.weights) continue;
    emit_array(w, array, c.arrays[i], section + "const ");
    w.line();
  }
  w.line("}}  // namespace {}::weights", c.name);
  return w.text();
}

}  // namespace thimble::compiler
