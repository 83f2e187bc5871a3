// Joins layers that work on the same rows; everything else of a schedule follows from the order of the layers.
#include "passes/plan/schedule.hpp"

#include <algorithm>
#include <numeric>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

bool same_rows(const BandContract& c) {
  return c.window == 1 && c.stride == 1 && c.pad_top == 0;
}

// The one layer that reads storage `buffer`; -1 when none, several, or an output of the model does.
int only_reader(const Program& program, int buffer) {
  for (int out : program.outputs)
    if (storage_of(program, out) == buffer) return -1;
  int reader = -1;
  for (size_t i = 0; i < program.layers.size(); ++i) {
    for (const Operand& in : program.layers[i].inputs) {
      if (storage_of(program, in.buffer) != buffer) continue;
      if (reader >= 0 && reader != int(i)) return -1;
      reader = int(i);
    }
  }
  return reader;
}

// The layer in whose body `layer` runs, when its rows are read by that one alone and at the same rows; -1 otherwise.
int joins(const Program& program, const Region& region, int layer) {
  const Layer& made = program.layers[size_t(layer)];
  const int reader = only_reader(program, storage_of(program, made.outputs[0]));
  if (reader <= layer || reader > region.last) return -1;
  const Layer& reads = program.layers[size_t(reader)];
  const bool equal_heights =
      program.buffers[size_t(made.outputs[0])].height == program.buffers[size_t(reads.outputs[0])].height;
  return same_rows(*reads.band) && equal_heights ? reader : -1;
}

int32_t rounded_up(int32_t rows, int32_t step) {
  return (rows + step - 1) / step * step;
}

// Rows a body makes at a time, before they are rounded up to its layers' steps.
int32_t wanted_rows(const Program& program, const Region& region, const std::vector<int>& body) {
  if (region.band_rows > 0) return region.band_rows;
  for (int i : body) {
    const Layer& layer = program.layers[size_t(i)];
    if (layer.band->pairs_pixels && program.buffers[size_t(layer.outputs[0])].width % 2 != 0) return 2;
  }
  return 1;
}

}  // namespace

std::vector<Producer> schedule(const Program& program, const Region& region) {
  std::vector<int> last(program.layers.size(), -1);  // last layer of the body that each layer runs in
  for (int i = region.last; i >= region.first; --i) {
    const Layer& layer = program.layers[size_t(i)];
    ensure(layer.band.has_value(), "region: layer '" + layer.name + "' is not banded");
    const int reader = joins(program, region, i);
    last[size_t(i)] = reader < 0 ? i : last[size_t(reader)];
  }
  std::vector<Producer> producers;
  for (int i = region.first; i <= region.last; ++i) {
    if (last[size_t(i)] != i) continue;
    Producer p;
    for (int j = region.first; j <= i; ++j) {
      if (last[size_t(j)] != i) continue;
      p.layers.push_back(j);
      p.step = std::lcm(p.step, program.layers[size_t(j)].band->step);
    }
    p.band_rows = rounded_up(wanted_rows(program, region, p.layers), p.step);
    producers.push_back(std::move(p));
  }
  producers.back().drives = true;
  return producers;
}

int32_t band_end(const Producer& producer, int32_t row, int32_t end, int32_t height) {
  return std::min({row + producer.band_rows, rounded_up(end, producer.step), height});
}

int32_t rows_needed(const BandContract& contract, int32_t end, int32_t operand_height) {
  return std::clamp((end - 1) * contract.stride - contract.pad_top + contract.window, 0, operand_height);
}

}  // namespace thimble::compiler
