// Which layers run from a table.
#include <catch2/catch.hpp>

#include "tests/codegen/tiny_programs.hpp"

namespace thimble::compiler::test {

namespace {

// The calls in run(), without their operands.
std::string run_of(const TinyProgram& t) {
  const std::string text = emit(t.program, t.plan, *t.target, t.options).files.at(t.program.name + ".cpp");
  const size_t begin = text.find("  void run() {\n") + 15;
  const std::string body = text.substr(begin, text.find("\n  }\n", begin) - begin);
  std::string calls;
  for (size_t at = 0, end; at < body.size(); at = end + 1) {
    end = std::min(body.find('\n', at), body.size());
    const std::string line = body.substr(at, end - at);
    const size_t name = line.find_first_not_of(' ');
    const size_t operands = line.find(line.find("run_steps") == std::string::npos ? '(' : ';');
    if (line.find("thimble::") != std::string::npos || line.find("run_steps") != std::string::npos)
      calls += line.substr(name, operands - name) + " ";
  }
  return calls;
}

constexpr const char* all_calls =
    "thimble::window_sum thimble::window_sum thimble::add_rows thimble::window_sum thimble::lookup thimble::dense ";

}  // namespace

TEST_CASE("steps: the layers of a kernel that three share") {
  CHECK(run_of(tiny_table()) == "run_steps(0, 2) thimble::add_rows run_steps(2, 3) thimble::lookup thimble::dense ");
}

TEST_CASE("steps: not where two share a kernel") {
  TinyProgram t = tiny_table();
  t.program.layers[3].kernel = "other_sum";
  CHECK(run_of(t) ==
        "thimble::window_sum thimble::window_sum thimble::add_rows thimble::other_sum thimble::lookup thimble::dense ");
}

TEST_CASE("steps: not where a constants' type is another") {
  TinyProgram t = tiny_table();
  t.program.layers[3].specialised = true;
  CHECK(run_of(t) == all_calls);
}

TEST_CASE("steps: not with a hook, and not without being asked") {
  TinyProgram t = tiny_table();
  t.options.layer_hook = true;
  CHECK(run_of(t) == all_calls);
  CHECK(run_of(tiny_whole()) == all_calls);
}

TEST_CASE("steps: not where rows are longer than a step can say") {
  TinyProgram t = tiny_table();
  const int out = t.program.layers[3].outputs[0];
  t.program.buffers[size_t(out)].row_bytes = 65535;
  CHECK(run_of(t) != all_calls);
  t.program.buffers[size_t(out)].row_bytes = 65536;
  CHECK(run_of(t) == all_calls);
}

TEST_CASE("steps: offsets are as wide as the arena needs") {
  TinyProgram t = tiny_table();
  const auto text = [&] { return emit(t.program, t.plan, *t.target, t.options).files.at("tiny_table.cpp"); };
  t.plan.arena_bytes = 65535;
  CHECK(text().find("uint16_t offset;") != std::string::npos);
  t.plan.arena_bytes = 65536;
  CHECK(text().find("uint32_t offset;") != std::string::npos);
}

}  // namespace thimble::compiler::test
