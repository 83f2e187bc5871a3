// Plans of whole tensors: lifetimes, views, in-place, inputs and outputs, scratch, alignment.
#include "tests/plan/program_builder.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

// x -> a -> b -> y, of these bytes.
ProgramBuilder chain(int64_t x, int64_t a, int64_t b, int64_t y) {
  ProgramBuilder p;
  const int bx = p.input(p.flat("x", x)), ba = p.flat("a", a), bb = p.flat("b", b), by = p.flat("y", y);
  p.layer("first", {bx}, ba);
  p.layer("second", {ba}, bb);
  p.layer("third", {bb}, by);
  p.output(by);
  return p;
}

}  // namespace

TEST_CASE("plan: a chain needs its two largest neighbours") {
  const ProgramBuilder p = chain(100, 300, 50, 200);
  const Plan made = checked_plan(p.program);
  CHECK(made.arena_bytes == 400);
  CHECK(made.lower_bound == 400);
  CHECK(made.live_peak == 400);
}

TEST_CASE("plan: an operand lives through the layer that reads it last, not one step less") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 10)), a = p.flat("a", 20), b = p.flat("b", 30), y = p.flat("y", 40);
  p.layer("first", {x}, a);
  p.layer("second", {a}, b);
  p.layer("third", {a, b}, y);
  p.output(y);
  Plan made = checked_plan(p.program);
  CHECK(made.arena_bytes == 90);
  made.arena_bytes -= 1;
  must_reject(p.program, made, "outside the arena of 89 bytes");
}

TEST_CASE("plan: the input is live until its last reader, then its bytes are free") {
  ProgramBuilder p = chain(100, 10, 100, 1);
  CHECK(checked_plan(p.program).arena_bytes == 110);
  PlanOptions keep;
  keep.keep_input = true;
  Plan kept = checked_plan(p.program, keep);
  CHECK(kept.arena_bytes == 210);
  place(kept, 2).offset = place(kept, 0).offset;
  must_reject(p.program, kept, "an input that must be kept reads 'x'", keep);
}

TEST_CASE("plan: inputs do not lie over each other, even those nobody reads") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 10)), y = p.flat("y", 5);
  const int unused = p.input(p.flat("unused", 20));
  p.layer("only", {x}, y);
  p.output(y);
  Plan made = checked_plan(p.program);
  CHECK(made.arena_bytes == 30);
  made.arena_bytes = 100;
  place(made, unused).offset = place(made, x).offset;
  must_reject(p.program, made, "reads 'x'");
}

TEST_CASE("plan: outputs stay to the end") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 10)), early = p.flat("early", 20), a = p.flat("a", 30), y = p.flat("y", 30);
  p.layer("first", {x}, early);
  p.layer("second", {x}, a);
  p.layer("third", {a}, y);
  p.output(early);
  p.output(y);
  Plan made = checked_plan(p.program);
  CHECK(made.arena_bytes == 80);
  made.arena_bytes = 200;
  place(made, y).offset = place(made, early).offset;
  place(made, a).offset = 100;
  must_reject(p.program, made, "an output reads 'early'");
}

TEST_CASE("plan: views live as long as the last reader of any of them") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 40)), a = p.flat("a", 40);
  const int left = p.view("left", a, 0, 20), right = p.view("right", a, 20, 20);
  const int b = p.flat("b", 40), y = p.flat("y", 20);
  p.layer("first", {x}, a);
  p.layer("second", {left}, b);
  p.layer("third", {right, b}, y);
  p.output(y);
  Plan made = checked_plan(p.program);
  CHECK(made.arena_bytes == 100);
  place(made, y).offset = place(made, a).offset + 10;  // over bytes 10 to 30 of `a`: half of `right`
  must_reject(p.program, made, "writes 'y' over 'right'");
}

TEST_CASE("plan: views that are written one by one make up their storage") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 10)), joined = p.flat("joined", 30);
  const int left = p.view("left", joined, 0, 10), right = p.view("right", joined, 10, 20);
  const int between = p.flat("between", 50), y = p.flat("y", 5);
  p.layer("first", {x}, left);
  p.layer("second", {left}, between);
  p.layer("third", {between}, right);
  p.layer("fourth", {joined}, y);
  p.output(y);
  Plan made = checked_plan(p.program);
  CHECK(made.arena_bytes == 80);
  place(made, between).offset = place(made, joined).offset;
  made.arena_bytes = 100;
  must_reject(p.program, made, "'between'");
}

TEST_CASE("plan: an output that is a view of an input is legal while nothing overwrites it") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 40)), part = p.view("part", x, 8, 16), a = p.flat("a", 40), y = p.flat("y", 40);
  in_place(p.layer("first", {x}, a));
  in_place(p.layer("second", {a}, y));
  p.output(part);
  p.output(y);
  Plan made = checked_plan(p.program);
  CHECK(made.arena_bytes == 80);  // x, and a with y in its place
  place(made, y).offset = place(made, x).offset;
  must_reject(p.program, made, "an output reads 'part'");
}

TEST_CASE("plan: in place where the contract allows it and the bytes are equal") {
  ProgramBuilder p = chain(100, 100, 100, 100);
  for (Layer& l : p.program.layers) in_place(l);
  CHECK(checked_plan(p.program).arena_bytes == 100);
  PlanOptions keep;
  keep.keep_input = true;
  CHECK(checked_plan(p.program, keep).arena_bytes == 200);

  ProgramBuilder shorter = chain(100, 100, 99, 99);
  for (Layer& l : shorter.program.layers) in_place(l);
  CHECK(checked_plan(shorter.program).arena_bytes == 199);
}

TEST_CASE("check_plan: in place is rejected where the contract does not allow it") {
  ProgramBuilder p = chain(100, 100, 1, 1);
  in_place(p.program.layers[0]);
  Plan made = checked_plan(p.program);
  REQUIRE(made.of(0)->offset == made.of(1)->offset);
  p.program.layers[0].inputs[0].overwrite = Overwrite::nothing;
  must_reject(p.program, made, "layer 'first' writes 'a' over 'x', which it reads");
}

TEST_CASE("check_plan: in place means the very same address") {
  ProgramBuilder p = chain(100, 100, 1, 1);
  in_place(p.program.layers[0]);
  Plan made = checked_plan(p.program);
  made.arena_bytes += 1;
  place(made, 1).offset += 1;
  must_reject(p.program, made, "layer 'first' writes 'a' over 'x', which it reads");
}

TEST_CASE("plan: never in place of a value that is read later, under whatever name") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 10)), a = p.flat("a", 10), again = p.same("again", a);
  const int b = p.flat("b", 10), y = p.flat("y", 10);
  p.layer("first", {x}, a);
  in_place(p.layer("second", {a}, b));
  p.layer("third", {again, b}, y);
  p.output(y);
  Plan made = checked_plan(p.program);
  CHECK(made.arena_bytes == 30);
  place(made, b).offset = place(made, a).offset;
  must_reject(p.program, made, "layer 'third' reads 'again'");
}

TEST_CASE("plan: an operand given twice is overwritten only if both uses allow it") {
  for (bool both : {false, true}) {
    ProgramBuilder p;
    const int x = p.input(p.flat("x", 10)), y = p.flat("y", 10);
    Layer& twice = in_place(p.layer("twice", {x, x}, y));
    if (both) in_place(twice, 1);
    p.output(y);
    CHECK(checked_plan(p.program).arena_bytes == (both ? 10 : 20));
    if (both) continue;
    Plan wrong = checked_plan(p.program);
    place(wrong, y).offset = place(wrong, x).offset;
    must_reject(p.program, wrong, "writes 'y' over 'x'");
  }
}

TEST_CASE("plan: a result does not take the place of a part of a value") {
  ProgramBuilder p;
  const int x = p.input(p.flat("x", 20)), left = p.view("left", x, 0, 10), right = p.view("right", x, 10, 10);
  const int a = p.flat("a", 10), y = p.flat("y", 10);
  in_place(p.layer("first", {left}, a));
  p.layer("second", {right, a}, y);
  p.output(y);
  CHECK(checked_plan(p.program).arena_bytes == 40);
}

TEST_CASE("plan: scratch lives for one layer and lies apart from what the layer reads and writes") {
  ProgramBuilder p = chain(10, 20, 10, 5);
  scratch(p.program.layers[0], 6);
  scratch(p.program.layers[1], 8);
  Plan made = checked_plan(p.program, {}, 1);
  CHECK(made.live_peak == 38);
  CHECK(made.scratch_offsets[2] == -1);
  for (int layer : {0, 1}) CHECK(made.scratch_offsets[size_t(layer)] % 4 == 0);
  Plan over = made;
  over.scratch_offsets[1] = over.of(1)->offset / 4 * 4;
  must_reject(p.program, over, "the scratch of layer 'second' lies over 'a'");
  Plan odd = made;
  odd.scratch_offsets[1] = 38;
  odd.arena_bytes = 64;
  must_reject(p.program, odd, "lies at 38, not a multiple of 4");
  Plan missing = made;
  missing.scratch_offsets[1] = -1;
  must_reject(p.program, missing, "the scratch of layer 'second' lies at -1");
}

TEST_CASE("plan: offsets are multiples of the target's alignment and of each element") {
  ProgramBuilder p = chain(3, 5, 7, 9);
  p.program.buffers[1].type.element = ElementType::int64;
  for (int alignment : {1, 4, 8, 16}) {
    Plan made = checked_plan(p.program, {}, alignment);
    CHECK(made.arena_bytes % alignment == 0);
    CHECK(made.of(1)->offset % 8 == 0);
    for (const Placement& q : made.buffers) CHECK(q.offset % alignment == 0);
    if (alignment == 1) continue;
    made.arena_bytes += 1000;
    place(made, 2).offset = 501;
    must_reject(p.program, made, "'b' lies at 501, not a multiple of", {}, alignment);
  }
}

TEST_CASE("check_plan: what is placed, once, as large as it is, inside the arena") {
  const ProgramBuilder p = chain(10, 20, 30, 40);
  const Plan good = checked_plan(p.program);
  Plan missing = good;
  missing.buffers.erase(missing.buffers.begin() + 2);
  must_reject(p.program, missing, "'b' has no place");
  Plan twice = good;
  twice.buffers.push_back(twice.buffers[1]);
  must_reject(p.program, twice, "'a' has two places");
  Plan small = good;
  small.buffers[1].bytes -= 1;
  must_reject(p.program, small, "'a' takes 20 bytes, its place has 19");
  Plan low = good;
  low.buffers[1].offset = -1;
  must_reject(p.program, low, "outside the arena");
  Plan scratchless = good;
  scratchless.scratch_offsets.pop_back();
  must_reject(p.program, scratchless, "2 scratch offsets for 3 layers");
  Plan stranger = good;
  stranger.buffers.push_back({7, 0, 1, 0});
  must_reject(p.program, stranger, "buffer 7, which is no storage");
  Plan ring = good;
  place(ring, 1).ring_rows = 1;
  must_reject(p.program, ring, "reads all of 'a', which is a ring");
}

TEST_CASE("check_plan: a buffer moved by one byte into another that is in use") {
  const ProgramBuilder p = chain(100, 300, 50, 200);
  Plan apart = checked_plan(p.program);
  const int64_t starts[] = {0, 100, 400, 450};
  for (int b = 0; b < 4; ++b) place(apart, b).offset = starts[b];
  apart.arena_bytes = 650;
  check_plan(p.program, apart, target_of(1), {});
  for (int b = 1; b < 4; ++b) {
    Plan moved = apart;
    place(moved, b).offset -= 1;
    must_reject(p.program, moved, "which it reads");
  }
}
