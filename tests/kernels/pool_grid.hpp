// Pools that take eight or 16 channels at a time, against the plain kernels, whole and in bands.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/arch/mve_pool.hpp"
#include "thimble/pool_words.hpp"

namespace thimble::grid {

constexpr Case pool_cases[] = {
    // height, width, in, out, kernel, stride, pads, out height, out width
    {8, 8, 32, 32, 2, 2, 2, 0, 0, 4, 4},
    {9, 7, 17, 17, 3, 3, 1, 1, 1, 9, 7},       // the last block lies over the one before; words at any address
    {9, 7, 9, 9, 3, 3, 2, 1, 1, 5, 4},         //
    {7, 7, 8, 8, 3, 2, 2, 1, 1, 4, 4},         // pads and windows beside the image
    {7, 6, 20, 20, 2, 2, 1, 0, 0, 6, 5},       // overlapping windows of 2x2
    {5, 5, 16, 16, 2, 2, 2, 1, 1, 3, 3},       // windows of 2x2 beside the image
    {12, 1, 40, 40, 4, 1, 3, 2, 0, 4, 1},      // 1-D
    {12, 5, 24, 24, 3, 3, 1, 2, 0, 12, 3, 2},  // rows of the window lie two apart
    {6, 6, 80, 80, 6, 6, 1, 0, 0, 1, 1},       // one window
};

inline PoolShape pool_shape(const Case& c) {
  return {c.height, c.width,  c.in_channels, c.out_width, c.kernel_height, c.kernel_width,
          c.stride, c.stride, c.dilation_y,  1,           c.pad_top,       c.pad_left};
}

enum class PoolBlocks : uint8_t { words, mve };

template <class Plain, class Kernel>
Failure check_pool(const Case& c, Workspace& w, int32_t index, Plain plain, Kernel kernel) {
  clear(w);
  plain(RowView{reinterpret_cast<const uint8_t*>(w.input), c.in_row(), c.height},
        RowRing{reinterpret_cast<uint8_t*>(w.reference), c.out_row(), c.out_height}, 0, c.out_height);
  return check_bands(
      c, w, w.input, c.in_row(), no_borders, index,
      [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void*) { kernel(in, out, y0, y1); });
}

inline Failure check_max_pool(const Case& c, PoolBlocks blocks, Workspace& w, int32_t index) {
  Random random(uint32_t(index) + 1);
  for (int32_t i = 0; i < c.height * c.in_row(); ++i) w.input[i] = int8_t(random.between(-128, 127));
  const bool clamped = index % 2 == 1;
  const MaxPool<PoolShape> layer{pool_shape(c), clamped ? -20 : -128, clamped ? 60 : 127};
  return check_pool(
      c, w, index, [&](auto... rows) { max_pool(layer, rows...); },
      [&](auto... rows) {
        if (blocks == PoolBlocks::mve)
          max_pool_mve(layer, rows...);
        else
          max_pool_words(layer, rows...);
      });
}

// All forms of the output stage.
constexpr OutputStage pool_stages[] = {
    {3 * 2 + 1, 1, 0, 3, -128, 127, 0},   {-10 * 2 + 1, 1, 0, -10, -20, 60, 0},  // clamped
    {-5 * 2 + 1, 1, 0, -5, -128, 127, 1},                                        // ties to even
    {512 + 256, 9, 8, 1, -128, 127, 0},                                          // a left shift
    {512 + 256, 9, 8, 1, -100, 100, 1},                                          // both
};
// The mean itself as far as 31 bits reach; with ties to even half of it, so that windows of 2x2 make ties.
inline int32_t pool_multiplier(const OutputStage& s, int32_t divisor) {
  const int64_t m = (int64_t(1) << (32 + s.shift - s.left_shift - s.ties_to_even)) / divisor;
  return int32_t(m < 0x7fffffff ? m : 0x7fffffff);
}

enum class PoolInput : uint8_t { random, lowest, highest };
constexpr PoolInput pool_inputs[] = {PoolInput::random, PoolInput::lowest, PoolInput::highest};
inline void draw_pool_input(PoolInput kind, int32_t count, uint32_t seed, Workspace& w) {
  Random random(seed);
  for (int32_t i = 0; i < count; ++i)
    w.input[i] = int8_t(kind == PoolInput::random ? random.between(-128, 127) : kind == PoolInput::lowest ? -128 : 127);
}

inline Failure check_average_pool(const Case& c, const OutputStage& s, PoolBlocks blocks, Workspace& w, int32_t index) {
  draw_pool_input(PoolInput::random, c.height * c.in_row(), uint32_t(index) + 1, w);
  for (int32_t divisor = 1; divisor <= c.kernel_height * c.kernel_width; ++divisor)
    w.multipliers[divisor - 1] = pool_multiplier(s, divisor);
  AveragePool<AveragePoolShape> layer{};
  static_cast<PoolShape&>(layer) = pool_shape(c);
  layer.include_pad = index % 2;
  layer.padded_height = c.height + 1;
  layer.padded_width = c.width + 1;
  layer.in_zero = 7 * index - 30;
  layer.fewest = 1;
  layer.offset = s.offset;
  layer.shift = s.shift;
  layer.left_shift = s.left_shift;
  layer.zero_point = s.zero_point;
  layer.low = s.low;
  layer.high = s.high;
  layer.ties_to_even = s.ties_to_even;
  layer.multipliers = w.multipliers;
  return check_pool(
      c, w, index, [&](auto... rows) { average_pool(layer, rows...); },
      [&](auto... rows) {
        if (blocks == PoolBlocks::mve)
          average_pool_mve(layer, rows...);
        else
          average_pool_words(layer, rows...);
      });
}

template <class Report>
void check_pools(Workspace& w, Report& report) {
  constexpr PoolBlocks all[] = {PoolBlocks::words, PoolBlocks::mve};
  for (PoolBlocks blocks : all) {
    int32_t index = 0;
    for (const Case& c : pool_cases) {
      if (c.in_channels < (blocks == PoolBlocks::mve ? pool_block_mve : pool_block)) continue;
      report("largest of windows", check_max_pool(c, blocks, w, index));
      for (const OutputStage& stage : pool_stages)
        report("average of windows", check_average_pool(c, stage, blocks, w, index));
      ++index;
    }
  }
}

}  // namespace thimble::grid
