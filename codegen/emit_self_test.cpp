// <name>_selftest.hpp and .cpp: a recorded input, and what tells its output from others.
#include "codegen/context.hpp"
#include "compiler/error.hpp"
#include "thimble/self_test.hpp"

namespace thimble::compiler {

namespace {

ConstantArray recorded(const Context& c, const Port& port, const std::vector<std::byte>& bytes) {
  const Buffer& b = c.buffer(port.buffer);
  ensure(int64_t(bytes.size()) == byte_size(b.type), "code generator: the self-test's data for '" + b.name + "' has " +
                                                         std::to_string(bytes.size()) + " bytes, not " +
                                                         std::to_string(byte_size(b.type)));
  return {port.name, "", b.type.element, bytes, false};
}

// The condition under which the output is the recorded one. Floats may differ from core to core by a little, integers
// may not.
std::string check_text(const Context& c, const Port& port, const std::vector<std::byte>& bytes) {
  if (c.buffer(port.buffer).type.element == ElementType::float32)
    return fmt::format("thimble::close(model.{}(), recorded::{}, {}::size)", port.name, port.name, port.name);
  return fmt::format("thimble::checksum(model.{}(), sizeof model.{}()) == {}", port.name, port.name,
                     fmt::format("{:#010x}", checksum(bytes.data(), bytes.size())));
}

}  // namespace

std::string emit_self_test_header(const Context& c) {
  Writer w;
  w.line("// A check that the model {} computes on this device what it computed when it was compiled.", c.name);
  w.line("#pragma once");
  w.line("#include \"{}.hpp\"", c.name);
  w.line();
  w.line("namespace {} {{", c.name);
  w.line();
  w.line("// Runs the model on the recorded input; true when the output is the recorded one.");
  w.line("bool self_test(Model& model);");
  w.line();
  w.line("}}  // namespace {}", c.name);
  return w.text();
}

std::string emit_self_test(const Context& c) {
  const SelfTest& test = *c.options.self_test;
  ensure(test.inputs.size() == c.inputs.size() && test.outputs.size() == c.outputs.size(),
         "code generator: the self-test has another number of inputs or outputs than the model");
  Writer w;
  w.line("// The recorded input of the model {}, and the check of its output.", c.name);
  w.line("#include \"{}_selftest.hpp\"", c.name);
  w.line();
  w.line("#include \"thimble/self_test.hpp\"");
  w.line();
  w.line("namespace {} {{", c.name);
  w.line();
  w.line("namespace recorded {");
  w.line();
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    emit_array(w, recorded(c, c.inputs[i], test.inputs[i]), c.inputs[i].name, "constexpr ");
    w.line();
  }
  std::string checks;
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    const ConstantArray array = recorded(c, c.outputs[i], test.outputs[i]);
    checks += (checks.empty() ? "" : " &&\n         ") + check_text(c, c.outputs[i], array.bytes);
    if (array.element != ElementType::float32) continue;
    emit_array(w, array, c.outputs[i].name, "constexpr ");
    w.line();
  }
  w.line("}  // namespace recorded");
  w.line();
  w.line("bool self_test(Model& model) {");
  for (const Port& port : c.inputs)
    w.line("  __builtin_memcpy(model.{}(), recorded::{}, sizeof recorded::{});", port.name, port.name, port.name);
  w.line("  model.run();");
  w.line("  return {};", checks);
  w.line("}");
  w.line();
  w.line("}}  // namespace {}", c.name);
  return w.text();
}

}  // namespace thimble::compiler
