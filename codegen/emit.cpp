// The bundle: which files it has.
#include "codegen/emit.hpp"

#include <algorithm>
#include <set>

#include "codegen/context.hpp"
#include "compiler/embedded.hpp"
#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

const EmbeddedFile* embedded(std::string_view path) {
  for (const EmbeddedFile& file : embedded_files())
    if (file.path == path) return &file;
  return nullptr;
}

// Paths in the lines `#include "thimble/..."`.
std::vector<std::string> included(std::string_view text) {
  constexpr std::string_view directive = "#include \"thimble/";
  std::vector<std::string> paths;
  for (size_t at = text.find(directive); at != std::string_view::npos; at = text.find(directive, at + 1)) {
    const size_t begin = text.find('"', at) + 1;
    paths.emplace_back(text.substr(begin, text.find('"', begin) - begin));
  }
  return paths;
}

}  // namespace

void add_runtime_headers(Bundle& bundle, const std::vector<std::string>& wanted) {
  for (const std::string& path : wanted) {
    const EmbeddedFile* file = embedded(path);
    ensure(file != nullptr, "code generator: there is no runtime header '" + path + "'");
    if (bundle.files.emplace(path, file->text).second) add_runtime_headers(bundle, included(file->text));
  }
}

std::vector<std::string> runtime_headers(const Context& c) {
  std::set<std::string> headers{"thimble/no_fast_math.hpp", "thimble/rows.hpp"};
  const Features& f = c.target.features;
  if (f.dsp) headers.insert("thimble/arch/require_dsp.hpp");
  if (f.mve) headers.insert("thimble/arch/require_mve.hpp");
  if (f.unaligned_loads) headers.insert("thimble/arch/require_unaligned_loads.hpp");
  for (const Layer& layer : c.program.layers)
    for (const std::string& header : layer.headers) headers.insert("thimble/" + header);
  for (const Buffer& b : c.program.buffers)
    if (b.layout == Layout::planes) headers.insert("thimble/planes.hpp");
  for (const Port& p : c.ports())
    if (has_steps(c.buffer(p.buffer).type)) headers.insert("thimble/nearest_step.hpp");
  return {headers.begin(), headers.end()};
}

Bundle emit(const Program& program, const Plan& plan, const Target& target, const EmitOptions& options) {
  const Context c(program, plan, target, options);
  Bundle bundle;
  bundle.files[c.name + ".hpp"] = emit_api(c);
  bundle.files[c.name + ".cpp"] = emit_model(c);
  bundle.files[c.name + "_weights.hpp"] = emit_weights_header(c);
  bundle.files[c.name + "_weights.cpp"] = emit_weights(c);
  add_runtime_headers(bundle, runtime_headers(c));
  if (options.c_header) {
    bundle.files[c.name + ".h"] = emit_c_header(c);
    bundle.files[c.name + "_c.cpp"] = emit_c(c);
  }
  if (options.self_test) {
    bundle.files[c.name + "_selftest.hpp"] = emit_self_test_header(c);
    bundle.files[c.name + "_selftest.cpp"] = emit_self_test(c);
    add_runtime_headers(bundle, {"thimble/self_test.hpp"});
  }
  return bundle;
}

}  // namespace thimble::compiler
