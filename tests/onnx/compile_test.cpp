// What the whole pipeline refuses that no stage does alone.
#include "compiler/compile.hpp"

#include <catch2/catch.hpp>

#include "model_file.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

Compiled compile(const std::string& file, const std::string& graph) {
  const TemporaryFolder folder;
  CompileOptions options;
  options.model = folder.write(file, parsed(graph).SerializeAsString());
  options.target = find_target("host");
  return compile_model(options);
}

}  // namespace

TEST_CASE("An arena that no microcontroller has is refused") {
  CHECK_THROWS_WITH(compile("m.onnx",
                            "graph (float[16000000] a, float[16000000] b, float[16000000] c, float[16000000] d,"
                            "       float[16000000] e) => (float[16000000] y) {"
                            "  s = Add(a, b)  t = Add(c, d)  u = Add(s, t)  y = Add(u, e) }"),
                    Catch::Contains("the arena takes") && Catch::Contains("268435456 are the most"));
}

TEST_CASE("Any file name gives a C++ identifier") {
  const std::string graph = "graph (float[2] x) => (float[2] y) { y = Relu(x) }";
  CHECK(compile("case.onnx", graph).program.name != "case");
  CHECK(compile("3 words.onnx", graph).program.name.find(' ') == std::string::npos);
}
