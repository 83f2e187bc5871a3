// Programs made by hand: buffers and layers of which only what the planner reads is filled in.
#pragma once
#include <catch2/catch.hpp>

#include "compiler/error.hpp"
#include "compiler/program.hpp"
#include "passes/plan/plan.hpp"
#include "targets/targets.hpp"
#include "thimble/planes.pack.hpp"

namespace thimble::compiler::test {

// A target of which the planner sees the alignment.
inline Target target_of(int alignment) {
  Target target;
  target.name = "plain";
  target.alignment = alignment;
  return target;
}

inline BandContract window(int32_t rows, int32_t stride = 1, int32_t pad_top = 0, int32_t step = 1) {
  BandContract c;
  c.window = rows;
  c.stride = stride;
  c.pad_top = pad_top;
  c.step = step;
  return c;
}

struct ProgramBuilder {
  Program program;

  int flat(const std::string& name, int64_t bytes) {
    Buffer b;
    b.name = name;
    b.type = {ElementType::int8, {bytes}, {}};
    b.row_bytes = int32_t(bytes);
    b.bytes = bytes;
    return add(std::move(b));
  }
  int rows(const std::string& name, int32_t height, int32_t width, int32_t channels, Layout layout = Layout::nhwc,
           int32_t border = 1) {
    Buffer b;
    b.name = name;
    b.type = {ElementType::int8, {1, channels, height, width}, {}};
    b.layout = layout;
    b.height = height;
    b.width = width;
    b.channels = channels;
    b.border = layout == Layout::planes ? border : 0;
    b.row_bytes = channels * (width + b.border);
    b.tail_bytes = layout == Layout::planes ? plane_tail_bytes(border) : 0;
    b.bytes = int64_t(height) * b.row_bytes + b.tail_bytes;
    return add(std::move(b));
  }
  int planes(const std::string& name, int32_t height, int32_t width, int32_t channels) {
    return rows(name, height, width, channels, Layout::planes);
  }
  // `bytes` of `of` from `offset`, as one flat row.
  int view(const std::string& name, int of, int64_t offset, int64_t bytes) {
    const int v = flat(name, bytes);
    program.buffers[size_t(v)].view_of = storage_of(program, of);
    program.buffers[size_t(v)].view_offset = program.buffers[size_t(of)].view_offset + offset;
    return v;
  }
  // All of `of`, seen alike.
  int same(const std::string& name, int of) {
    Buffer b = program.buffers[size_t(of)];
    b.name = name;
    b.view_of = storage_of(program, of);
    return add(std::move(b));
  }
  int input(int buffer) {
    program.inputs.push_back(buffer);
    return buffer;
  }
  void output(int buffer) { program.outputs.push_back(buffer); }

  Layer& layer(const std::string& name, const std::vector<int>& inputs, int output) {
    Layer l;
    l.name = name;
    l.kernel = "kernel";
    for (int in : inputs) l.inputs.push_back({in, Overwrite::nothing});
    l.outputs = {output};
    program.layers.push_back(std::move(l));
    return program.layers.back();
  }
  Layer& banded(const std::string& name, const std::vector<int>& inputs, int output, const BandContract& contract) {
    Layer& l = layer(name, inputs, output);
    l.band = contract;
    return l;
  }

 private:
  int add(Buffer b) {
    program.buffers.push_back(std::move(b));
    return int(program.buffers.size()) - 1;
  }
};

inline Layer& in_place(Layer& layer, size_t operand = 0) {
  layer.inputs.at(operand).overwrite = Overwrite::same_place;
  return layer;
}
inline Layer& scratch(Layer& layer, int64_t bytes) {
  layer.takes_scratch = true;
  layer.scratch_bytes = bytes;
  return layer;
}

// The plan, after the checker has accepted it.
inline Plan checked_plan(const Program& program, const PlanOptions& options = {}, int alignment = 1) {
  const Target target = target_of(alignment);
  Plan p = plan(program, target, options);
  check_plan(program, p, target, options);
  CHECK(p.arena_bytes >= p.live_peak);
  return p;
}

inline void must_reject(const Program& program, const Plan& plan, const std::string& why,
                        const PlanOptions& options = {}, int alignment = 1) {
  CHECK_THROWS_WITH(check_plan(program, plan, target_of(alignment), options), Catch::Matchers::Contains(why));
}

inline Placement& place(Plan& plan, int buffer) {
  for (Placement& p : plan.buffers)
    if (p.buffer == buffer) return p;
  throw InternalError("test: buffer " + std::to_string(buffer) + " has no place");
}

}  // namespace thimble::compiler::test
