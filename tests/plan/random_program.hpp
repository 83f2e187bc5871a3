// Random small programs: banded layers with skips, planes, scratch, state and in-place sums, then flat layers with
// views.
#pragma once
#include <random>

#include "tests/plan/program_builder.hpp"

namespace thimble::compiler::test {

class RandomProgram {
 public:
  ProgramBuilder p;
  int banded_layers = 0;  // the first ones
  bool has_state = false;

  RandomProgram(unsigned seed, int layers, bool flat_only = false) : random_(seed) {
    if (flat_only) {
      values_.push_back(p.input(p.flat("x", 1 + pick(40))));
    } else {
      values_.push_back(p.input(p.rows("x", 5 + pick(12), 1 + pick(5), 1 + pick(3))));
      if (pick(3) == 0) {
        const Buffer b = p.program.buffers[0];
        values_.push_back(p.input(p.rows("x2", b.height, b.width, b.channels)));
      }
      banded_layers = 1 + pick(layers);
      for (int i = 0; i < banded_layers; ++i) add_banded();
    }
    while (int(p.program.layers.size()) < layers) add_flat();
    for (int v : values_)  // what nobody reads, and some of the rest
      if (!is_read(v) || pick(12) == 0) p.output(v);
  }

  PlanOptions streamed(int band_rows) const {
    PlanOptions o;
    o.band_rows = band_rows;
    o.stream = {{"0", std::to_string(banded_layers - 1)}};
    return o;
  }

 private:
  int pick(int below) { return int(random_() % unsigned(below)); }
  std::string name() const { return "v" + std::to_string(p.program.buffers.size()); }
  const Buffer& buffer(int b) const { return p.program.buffers[size_t(b)]; }
  bool is_read(int b) const {
    for (const Layer& l : p.program.layers)
      for (const Operand& in : l.inputs)
        if (in.buffer == b) return true;
    return false;
  }
  int any(bool recent) {
    const int n = int(values_.size());
    return values_[size_t(recent && pick(3) > 0 ? n - 1 : pick(n))];
  }

  void decorate(Layer& layer) {
    if (pick(3) == 0) scratch(layer, 1 + pick(12));
    if (layer.band && layer.scratch_bytes > 0 && pick(4) == 0) {
      layer.band->state_bytes = int32_t(layer.scratch_bytes);
      has_state = true;
    }
  }

  void add_banded() {
    const int a = any(true), b = any(false);
    const Buffer in = buffer(a), other = buffer(b);
    if (a != b && in.height == other.height && in.row_bytes == other.row_bytes && in.layout == Layout::nhwc &&
        other.layout == Layout::nhwc && pick(3) > 0) {
      const int sum = p.rows(name(), in.height, in.width, in.channels);
      Layer& layer = p.banded("sum" + std::to_string(sum), {a, b}, sum, window(1));
      if (pick(2) == 0) in_place(layer, size_t(pick(2)));
      decorate(layer);
      values_.push_back(sum);
      return;
    }
    BandContract c = window(1 + pick(4), 1 + pick(5) / 4, 0, 1 + pick(4) / 3);
    c.pad_top = pick(c.window);
    const int padded = in.height + c.pad_top + pick(c.window) - c.window;
    if (padded < 0) c = window(1);
    const int height = padded < 0 ? in.height : padded / c.stride + 1;
    c.pairs_pixels = pick(2) == 0;
    const bool alike = pick(2) == 0;
    const int out = p.rows(name(), height, alike ? in.width : 1 + pick(5), alike ? in.channels : 1 + pick(3),
                           pick(3) == 0 ? Layout::planes : Layout::nhwc, 1 + height % 3);
    decorate(p.banded("layer" + std::to_string(out), {a}, out, c));
    values_.push_back(out);
  }

  void add_flat() {
    const int a = any(true);
    const int64_t bytes = buffer(a).bytes;
    if (pick(4) == 0 && bytes > 2) {
      const int64_t from = pick(int(bytes - 1));
      values_.push_back(p.view(name(), a, from, 1 + pick(int(bytes - from))));
      return add_flat_layer(values_.back(), any(false));
    }
    add_flat_layer(a, any(false));
  }
  void add_flat_layer(int a, int b) {
    const int64_t bytes = buffer(a).bytes;
    const bool alike = pick(2) == 0;
    const int out = p.flat(name(), alike ? bytes : 1 + pick(40));
    Layer& layer = p.layer("flat" + std::to_string(out), {a}, out);
    if (b != a && pick(3) == 0) layer.inputs.push_back({b, Overwrite::nothing});
    if (alike && pick(2) == 0) in_place(layer);
    decorate(layer);
    values_.push_back(out);
  }

  std::mt19937 random_;
  std::vector<int> values_;
};

}  // namespace thimble::compiler::test
