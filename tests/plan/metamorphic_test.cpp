// Changes that mean nothing must not change the peak; the memory map tells what the plan says.
#include <algorithm>

#include "compiler/report.hpp"
#include "tests/plan/random_program.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

int64_t arena(const Program& program, const PlanOptions& o) {
  return plan(program, target_of(4), o).arena_bytes;
}

// The program with its buffers numbered the other way round.
Program renumbered(const Program& program) {
  Program p = program;
  const int count = int(program.buffers.size());
  const auto other = [&](int b) { return count - 1 - b; };
  std::reverse(p.buffers.begin(), p.buffers.end());
  for (Buffer& b : p.buffers)
    if (b.view_of) b.view_of = other(*b.view_of);
  for (int& b : p.inputs) b = other(b);
  for (int& b : p.outputs) b = other(b);
  for (Layer& l : p.layers) {
    for (Operand& in : l.inputs) in.buffer = other(in.buffer);
    for (int& out : l.outputs) out = other(out);
  }
  return p;
}

}  // namespace

TEST_CASE("plan: names, dead views and the numbering of buffers do not change the arena") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const RandomProgram r(seed, 1 + int(seed % 10));
    const PlanOptions o = seed % 2 == 0 ? r.streamed(0) : PlanOptions{};
    const int64_t bytes = arena(r.p.program, o);
    INFO("seed " << seed);
    Program named = r.p.program;
    for (Buffer& b : named.buffers) b.name = "other_" + b.name;
    for (Layer& l : named.layers) l.name += "_too";
    CHECK(arena(named, o) == bytes);
    ProgramBuilder viewed = r.p;
    for (int b = 0; b < int(r.p.program.buffers.size()); ++b) viewed.same("dead" + std::to_string(b), b);
    CHECK(arena(viewed.program, o) == bytes);
    CHECK(arena(renumbered(r.p.program), o) == bytes);
  }
}

TEST_CASE("plan: reading a value through a view of the same bytes does not change the arena") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    const RandomProgram r(seed, 2 + int(seed % 8));
    const PlanOptions o = seed % 2 == 0 ? r.streamed(0) : PlanOptions{};
    ProgramBuilder viewed = r.p;
    const size_t layers = viewed.program.layers.size();
    for (size_t i = 0; i < layers; ++i) {
      const int view = viewed.same("view" + std::to_string(i), viewed.program.layers[i].inputs[0].buffer);
      Buffer& b = viewed.program.buffers[size_t(view)];
      b.view_offset = viewed.program.buffers[size_t(viewed.program.layers[i].inputs[0].buffer)].view_offset;
      viewed.program.layers[i].inputs[0].buffer = view;
    }
    INFO("seed " << seed);
    CHECK(arena(viewed.program, o) == arena(r.p.program, o));
  }
}

TEST_CASE("plan: the arena is never under the bound, and mostly equals it") {
  int equal = 0, all = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const RandomProgram r(seed, 3 + int(seed % 20), seed % 2 == 0);
    const Plan made = plan(r.p.program, target_of(1), {});
    INFO("seed " << seed);
    CHECK(made.arena_bytes >= made.lower_bound);
    CHECK(made.lower_bound == made.live_peak);
    equal += made.arena_bytes == made.lower_bound;
    ++all;
  }
  INFO(equal << " of " << all);
  CHECK(equal >= all * 9 / 10);
}

TEST_CASE("memory map: rows by offset, lives, and what is in use at the peak") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 10)), a = p.flat("a", 400), b = p.flat("b", 200), y = p.flat("y", 3);
  p.layer("first", {x}, a);
  scratch(p.layer("second", {a}, b), 30);
  p.layer("third", {b}, y);
  p.output(y);
  const Plan made = checked_plan(p.program, {}, 4);
  const MemoryMap map = memory_map(p.program, made, false);
  CHECK(map.arena_bytes == 632);
  CHECK(map.live_peak == 632);
  CHECK(map.peak_layer == 1);
  REQUIRE(map.rows.size() == 5);
  for (size_t i = 1; i < map.rows.size(); ++i) CHECK(map.rows[i - 1].offset <= map.rows[i].offset);
  const auto row = [&](const std::string& name) {
    return *std::find_if(map.rows.begin(), map.rows.end(), [&](const MemoryRow& r) { return r.name == name; });
  };
  CHECK((row("x").first == -1 && row("x").last == 0 && !row("x").at_peak));
  CHECK((row("a").first == 0 && row("a").last == 1 && row("a").at_peak));
  CHECK((row("y").first == 2 && row("y").last == 3 && !row("y").at_peak));
  CHECK((row("scratch of second").at_peak && row("scratch of second").bytes == 30));
  const std::string text = to_string(map);
  CHECK_THAT(text, Catch::Matchers::StartsWith("Most is in use at layer 1, 'second', 632 bytes:\n"));
  CHECK(text.find("  a\n") < text.find("  b\n"));
  CHECK_THAT(text, Catch::Matchers::Contains("input - 0") && Catch::Matchers::Contains("2 - output") &&
                       Catch::Matchers::EndsWith("Whole tensors in this order need 632 at least.\n"));
  CHECK(memory_map(p.program, made, true).rows.size() == 5);
}

TEST_CASE("memory map: rings, kept inputs, and a model without layers") {
  ProgramBuilder p;
  const int x = p.input(p.rows("x", 8, 4, 2)), a = p.rows("a", 8, 4, 2), y = p.rows("y", 6, 4, 2);
  p.banded("first", {x}, a, window(1));
  p.banded("second", {a}, y, window(3));
  p.output(y);
  PlanOptions o;
  o.stream = {{"first", "second"}};
  o.keep_input = true;
  const Plan made = checked_plan(p.program, o, 4);
  const MemoryMap map = memory_map(p.program, made, true);
  for (const MemoryRow& r : map.rows) {
    CHECK(r.at_peak);
    if (r.name == "a") CHECK((r.ring_rows == 3 && r.height == 8 && r.first == 0 && r.last == 1));
    if (r.name == "x") CHECK(r.last == 2);
  }
  CHECK_THAT(to_string(map), Catch::Matchers::Contains("0 - 1           a, 3 of 8 rows\n"));

  ProgramBuilder none;
  none.output(none.input(none.flat("x", 5)));
  const Plan empty = checked_plan(none.program, {}, 4);
  CHECK(empty.arena_bytes == 8);
  CHECK_THAT(to_string(memory_map(none.program, empty, false)), Catch::Matchers::StartsWith("The rest:\n"));
}
