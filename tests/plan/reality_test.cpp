// The checker's verdict against what happens: accepted plans give the right bytes, damaged ones are rejected.
#include "tests/plan/random_program.hpp"
#include "tests/plan/shadow_run.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

PlanOptions options_for(const RandomProgram& r, unsigned seed) {
  PlanOptions o;
  if (r.banded_layers > 0 && seed % 4 != 0) o = r.streamed(int(seed % 3));
  o.keep_input = seed % 5 == 0;
  return o;
}

// Moves, swaps or shrinks something; the arena grows with it, so that nothing is rejected for lying outside.
void damage(Plan& plan, const Program& program, std::mt19937& random) {
  const auto pick = [&](size_t below) { return size_t(random() % unsigned(below)); };
  Placement& p = plan.buffers[pick(plan.buffers.size())];
  Placement& q = plan.buffers[pick(plan.buffers.size())];
  switch (pick(5)) {
    case 0:
      p.offset += random() % 2 == 0 ? 1 : p.offset > 0 ? -1 : 2;
      break;
    case 1:
      std::swap(p.offset, q.offset);
      break;
    case 2:
      p.offset = int64_t(pick(size_t(plan.arena_bytes)));
      break;
    case 3:
      if (p.ring_rows > 1) {
        p.ring_rows -= 1;
        p.bytes -= program.buffers[size_t(p.buffer)].row_bytes;
      }
      break;
    case 4:
      for (int64_t& offset : plan.scratch_offsets)
        if (offset >= 0) offset = int64_t(pick(size_t(plan.arena_bytes)) / 4 * 4);
      break;
  }
  for (const Placement& each : plan.buffers) plan.arena_bytes = std::max(plan.arena_bytes, each.offset + each.bytes);
  for (size_t i = 0; i < plan.scratch_offsets.size(); ++i)
    plan.arena_bytes = std::max(plan.arena_bytes, plan.scratch_offsets[i] + program.layers[i].scratch_bytes);
}

}  // namespace

TEST_CASE("plan: random programs give the right bytes in a poisoned arena, streamed and whole") {
  int rings = 0, in_place_results = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    const RandomProgram r(seed, 1 + int(seed % 12));
    const PlanOptions o = options_for(r, seed);
    INFO("seed " << seed);
    const Plan made = checked_plan(r.p.program, o);
    CHECK(gives_right_bytes(r.p.program, made, o.keep_input));
    if (!r.has_state)
      CHECK(ShadowRun(r.p.program, nullptr, made.regions).run(false) == ShadowRun(r.p.program, nullptr, {}).run(false));
    for (const Placement& p : made.buffers) {
      rings += p.ring_rows > 0 && p.ring_rows < r.p.program.buffers[size_t(p.buffer)].height;
      for (const Placement& q : made.buffers)
        in_place_results += p.buffer < q.buffer && p.offset == q.offset && p.bytes == q.bytes;
    }
  }
  CHECK(rings > 300);
  CHECK(in_place_results > 100);
}

TEST_CASE("check_plan: a ring one row shorter is rejected, and gives wrong bytes") {
  int tried = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    const RandomProgram r(seed, 2 + int(seed % 10));
    const PlanOptions o = r.streamed(int(seed % 3));
    const Plan made = checked_plan(r.p.program, o);
    for (size_t i = 0; i < made.buffers.size(); ++i) {
      if (made.buffers[i].ring_rows < 2) continue;
      Plan less = made;
      less.buffers[i].ring_rows -= 1;
      less.buffers[i].bytes -= r.p.program.buffers[size_t(less.buffers[i].buffer)].row_bytes;
      INFO("seed " << seed << ", ring of " << r.p.program.buffers[size_t(less.buffers[i].buffer)].name);
      CHECK_FALSE(accepted(r.p.program, less, o));
      CHECK_FALSE(gives_right_bytes(r.p.program, less));
      ++tried;
    }
  }
  CHECK(tried > 150);
}

TEST_CASE("check_plan: its verdict on damaged plans is what happens") {
  int wrong = 0, spared = 0, strict = 0;
  for (unsigned seed = 1; seed <= 1500; ++seed) {
    std::mt19937 random(seed);
    const RandomProgram r(seed, 2 + int(seed % 9));
    const PlanOptions o = options_for(r, seed);
    Plan damaged = plan(r.p.program, target_of(1), o);
    damage(damaged, r.p.program, random);
    const bool accepts = accepted(r.p.program, damaged, o),
               right = gives_right_bytes(r.p.program, damaged, o.keep_input);
    INFO("seed " << seed);
    if (accepts) CHECK(right);
    wrong += !right;
    spared += accepts;
    strict += right && !accepts;
  }
  CAPTURE(wrong, spared, strict);
  CHECK(wrong > 500);
  CHECK(spared > 200);
  CHECK(strict < 30);  // bytes that nobody reads, or that were lost to equal ones
}
