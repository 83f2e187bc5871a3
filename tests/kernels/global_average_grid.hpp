// Averages over whole images: a grid of cases with a plain reference.
#pragma once
#include "tests/kernels/pool_grid.hpp"
#include "thimble/global_average.hpp"

namespace thimble::grid {

struct GlobalCase {
  int32_t height, width, channels, in_zero;
  OutputStage stage;
  int32_t multiplier;
};

constexpr OutputStage global_plain{3 * 32 + 16, 5, 0, 3, -128, 127, 0};
constexpr GlobalCase global_cases[] = {
    {1, 1, 8, 0, global_plain, 1 << 30},
    {25, 5, 64, -128, global_plain, 1'400'000'000},
    {3, 3, 22, 7, global_plain, 2'000'000'000},  // the last block lies over the one before
    {4, 4, 17, 7, global_plain, 2'000'000'000},  // the same, 16 channels at a time; words at any address
    {4, 3, 9, -3, global_plain, 1'500'000'000},
    {16, 16, 40, 127, global_plain, 300'000'000},                                   // the most pixels
    {7, 7, 32, 0, {-10 * 32 + 16, 5, 0, -10, -20, 60, 0}, 1'700'000'000},           // clamped
    {8, 8, 24, -1, {-5 * 1024 + 512, 10, 0, -5, -128, 127, 1}, 1 << 26 << 4},       // ties to even
    {1, 2, 16, 5, {(1 << 9) + 256, 9, 10, 1, -128, 127, 0}, 1'900'000'000},         // a left shift
    {64, 1, 48, -128, {-128 * 128 + 64, 7, 0, -128, -128, 127, 0}, 2'100'000'000},  // 1-D
};

inline Failure check_global_average(const GlobalCase& g, PoolInput kind, Workspace& w, int32_t index) {
  const int32_t pixels = g.height * g.width;
  draw_pool_input(kind, pixels * g.channels, uint32_t(index) + 1, w);
  for (int32_t channel = 0; channel < g.channels; ++channel) {
    int32_t sum = 0;
    for (int32_t i = 0; i < pixels; ++i) sum += w.input[i * g.channels + channel] - g.in_zero;
    w.reference[channel] = int8_t(requantize(sum, g.multiplier, g.stage));
  }
  const OutputStage& s = g.stage;
  const GlobalAverage<GlobalAverageShape> layer{{g.height, g.width, g.channels, -g.in_zero * pixels, s.offset, s.shift,
                                                 s.left_shift, s.zero_point, s.low, s.high, s.ties_to_even},
                                                g.multiplier};
  const RowView in{reinterpret_cast<const uint8_t*>(w.input), g.width * g.channels, g.height};
  const RowRing out{reinterpret_cast<uint8_t*>(w.result), g.channels, 1};
  constexpr int32_t blocks[] = {pool_block, pool_block_mve};
  for (int32_t block : blocks) {
    if (g.channels < block) continue;
    clear(w);
    if (block == pool_block)
      global_average(layer, in, out, 0, 1);
    else
      global_average_mve(layer, in, out, 0, 1);
    for (int32_t channel = 0; channel < g.channels; ++channel)
      if (w.result[channel] != w.reference[channel]) return {"average", index, channel};
    if (w.result[g.channels] != untouched) return {"behind the channels", index, block};
  }
  return {};
}

template <class Report>
void check_global_averages(Workspace& w, Report& report) {
  int32_t index = 0;
  for (const GlobalCase& g : global_cases) {
    for (PoolInput kind : pool_inputs) report("average of an image", check_global_average(g, kind, w, index));
    ++index;
  }
}

}  // namespace thimble::grid
