// Winograd's F(2x2, 3x3) for cores with the DSP extension. A tile of 4x4 pixels gives 2x2 results: Y = A' (U * V) A
// with V = B' d B of the tile and U of the weights, summed over the input channels position by position. All steps are
// exact in integers: V fits 16 bits, the sums are taken modulo 2^32 and the result, four times the convolution, fits.
// Two tiles and two output channels at a time: 11 instructions for 16 products in the block.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_winograd.pack.hpp"
#include "thimble/rows.hpp"

namespace thimble {
namespace dsp {

#if THIMBLE_DSP_ASSEMBLY
#define THIMBLE_DSP_2(name, instruction, twin)                 \
  THIMBLE_INLINE int32_t name(int32_t a, int32_t b) {          \
    int32_t r;                                                 \
    __asm(instruction " %0,%1,%2" : "=r"(r) : "r"(a), "r"(b)); \
    return r;                                                  \
  }
#else
#define THIMBLE_DSP_2(name, instruction, twin)        \
  THIMBLE_INLINE int32_t name(int32_t a, int32_t b) { \
    return twin;                                      \
  }
#endif
// Sums and differences of halves.
THIMBLE_DSP_2(sadd16, "sadd16", halves(bottom(a) + bottom(b), top(a) + top(b)))
THIMBLE_DSP_2(ssub16, "ssub16", halves(bottom(a) - bottom(b), top(a) - top(b)))
#undef THIMBLE_DSP_2

THIMBLE_INLINE int32_t wrapping_add(int32_t a, int32_t b) {
  return int32_t(uint32_t(a) + uint32_t(b));
}

// Four rows of a tile; pixels of a row are `channels` bytes apart.
struct Tile {
  const int8_t* row[4];
};

// Loads do not move over it: a column's values are used up before the next column's are loaded, so that all stay in
// registers.
THIMBLE_INLINE void loads_stay() {
  __asm volatile("" ::: "memory");
}

// One column of B' d B for four channels: pixels `a` and `b` bytes into the rows, d_a + d_b or d_a - d_b along the row,
// then the same pattern down the column. Positions down the column are 4 * `step` words apart. 44 instructions.
template <bool add>
THIMBLE_INLINE void transform_column(const Tile& t, int32_t a, int32_t b, int32_t* to, int32_t step) {
  int32_t even[4], odd[4];
#pragma GCC unroll 4
  for (int32_t y = 0; y < 4; ++y) {
    const int32_t u = load32(t.row[y] + a), v = load32(t.row[y] + b);
    even[y] = add ? sadd16(even_bytes(u), even_bytes(v)) : ssub16(even_bytes(u), even_bytes(v));
    odd[y] = add ? sadd16(odd_bytes(u), odd_bytes(v)) : ssub16(odd_bytes(u), odd_bytes(v));
  }
  const auto put = [&](int32_t e, int32_t o) {
    store32(to, e);
    store32(to + 1, o);
    to += 4 * step;
  };
  put(ssub16(even[0], even[2]), ssub16(odd[0], odd[2]));
  put(sadd16(even[1], even[2]), sadd16(odd[1], odd[2]));
  put(ssub16(even[2], even[1]), ssub16(odd[2], odd[1]));
  put(ssub16(even[1], even[3]), ssub16(odd[1], odd[3]));
  loads_stay();
}

// B' d B (1 -1 pattern of F(2,3): d0-d2, d1+d2, d2-d1, d1-d3) for all channels, four at a time. A position's quads
// follow each other in the panel; `panel` points at the tile's half of the first.
template <class Layer>
[[gnu::noinline]] void transform_tile(const Layer& layer, Tile t, int32_t* panel) {
  const int32_t channels = layer.in_channels;
  const int32_t step = channels;  // words of a position: a quad is four words, for four channels
  for (int32_t* const end = panel + channels; panel != end; panel += 4) {
    transform_column<false>(t, 0, 2 * channels, panel, step);
    transform_column<true>(t, channels, 2 * channels, panel + step, step);
    transform_column<false>(t, 2 * channels, channels, panel + 2 * step, step);
    transform_column<false>(t, channels, 3 * channels, panel + 3 * step, step);
    for (const int8_t*& row : t.row) row += 4;
  }
}

// For each position the sums over `quads` quads: first channel of tiles 0 and 1, second channel of tiles 0 and 1.
// Gives the place behind the weights.
// `fixed_quads`: quads where known at compile time and few, straight code then; else 0.
template <int fixed_quads>
THIMBLE_INLINE const int32_t* multiply_positions(const int32_t* panel, int32_t quads, const int32_t* weights,
                                                 int32_t* sums) {
#if THIMBLE_DSP_PRODUCT_LOOP
#define THIMBLE_FIRST                                                                                        \
  "ldmia r0!,{r4-r7}\n\t ldrd r8,r9,[r1],#8\n\t smuad r2,r8,r4\n\t smuad r3,r8,r6\n\t smlad r2,r9,r5,r2\n\t" \
  "smlad r3,r9,r7,r3\n\t ldrd r8,r9,[r1],#8\n\t smuad r10,r8,r4\n\t smuad r11,r8,r6\n\t"                     \
  "smlad r10,r9,r5,r10\n\t smlad r11,r9,r7,r11\n\t"
#define THIMBLE_MORE                                                                           \
  "ldmia r0!,{r4-r7}\n\t ldrd r8,r9,[r1],#8\n\t smlad r2,r8,r4,r2\n\t smlad r3,r8,r6,r3\n\t"   \
  "smlad r2,r9,r5,r2\n\t smlad r3,r9,r7,r3\n\t ldrd r8,r9,[r1],#8\n\t smlad r10,r8,r4,r10\n\t" \
  "smlad r11,r8,r6,r11\n\t smlad r10,r9,r5,r10\n\t smlad r11,r9,r7,r11\n\t"
#define THIMBLE_8(x) x x x x x x x x
#define THIMBLE_POSITIONS(more, ...)                                                                           \
  __asm volatile(THIMBLE_KEEPING_R7("2:\n\t" THIMBLE_FIRST more "stmia lr!,{r2,r3,r10,r11}\n\t" THIMBLE_FETCH( \
      r8, sums_end) "cmp lr,r8\n\t bne.w 2b\n\t")                                                              \
                 : "+r"(r0), "+r"(r1), "+r"(lr)                                                                \
                 : [sums_end] THIMBLE_PARKED(sums_end), __VA_ARGS__                                            \
                 : "r2", "r3", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "cc", "memory")
  const Parked sums_end = parked(sums + winograd_positions * 4);
  register const int32_t* r0 __asm("r0") = panel;
  register const int32_t* r1 __asm("r1") = weights;
  register int32_t* lr __asm("lr") = sums;
  if constexpr (fixed_quads != 0) {
    THIMBLE_POSITIONS(".rept %c[more]\n\t" THIMBLE_MORE ".endr\n\t", [more] "i"(fixed_quads - 1));
  } else {
    // A quad is 42 bytes of code, the end of a turn 8.
    const int32_t more = quads - 1;
    const Parked entry =
        parked(more == 0 ? quads_per_turn * 42 + 8 : int32_t(uint32_t(-more) % uint32_t(quads_per_turn)) * 42);
    const Parked turns = parked((more + quads_per_turn - 1) / quads_per_turn);
    THIMBLE_POSITIONS(THIMBLE_FETCH(r12, turns) THIMBLE_FETCH(r8, entry) "add pc,r8\n\t nop\n1:\n\t" THIMBLE_8(
                          THIMBLE_MORE) "subs r12,r12,#1\n\t bne.w 1b\n\t",
                      [entry] THIMBLE_PARKED(entry), [turns] THIMBLE_PARKED(turns));
  }
#undef THIMBLE_POSITIONS
#undef THIMBLE_8
#undef THIMBLE_MORE
#undef THIMBLE_FIRST
  return r1;
#else
  for (int32_t position = 0; position < winograd_positions; ++position, sums += 4) {
    int32_t s[4] = {};
    for (int32_t q = 0; q < quads; ++q, panel += 4, weights += 4)
      for (int32_t k = 0; k < 4; ++k)
        for (int32_t e = 0; e < 2; ++e) s[k] = smlad(weights[k / 2 * 2 + e], load32(panel + k % 2 * 2 + e), s[k]);
    for (int32_t k = 0; k < 4; ++k) store32(sums + k, s[k]);
  }
  return weights;
#endif
}

// Where the 2x2 results of a tile go. A distance of 0 stands for results outside the image: the last written is inside.
struct TileOut {
  int8_t* first;
  int32_t right, down;
};

// A' m A, the output stage and the stores of one tile and channel. `sums` are 4 words apart.
template <class Layer>
THIMBLE_INLINE void finish_tile(const Layer& layer, const int32_t* sums, int32_t bias, int32_t multiplier, TileOut out,
                                int32_t channel) {
  int32_t r[2][2];
#pragma GCC unroll 4
  for (int32_t x = 0; x < 4; ++x) {
    const int32_t a = load32(sums + x * 4), c = load32(sums + 32 + x * 4), d = load32(sums + 48 + x * 4);
    int32_t b = load32(sums + 16 + x * 4);
    if (x == 1) b = wrapping_add(b, bias);  // position (1,1) adds to all four results
    const int32_t upper = wrapping_add(wrapping_add(a, b), c), lower = wrapping_sub(wrapping_sub(b, c), d);
    const auto take = [&](int32_t* row, int32_t m) {
      row[0] = x == 0 ? m : x < 3 ? wrapping_add(row[0], m) : row[0];
      row[1] = x == 0 ? 0 : x == 1 ? m : wrapping_sub(row[1], m);
    };
    take(r[0], upper);
    take(r[1], lower);
    loads_stay();
  }
  const int32_t offset = int32_t(uint32_t(layer.offset) << 2);
  const auto result = [&](int32_t sum) {
    const int32_t t = smmla(sum, multiplier, offset);
    if constexpr (Layer::fixed)
      return int8_t(saturate8<Layer::shift + 2>(t));
    else
      return int8_t(saturate8<0>(t >> (layer.shift + 2)));
  };
  int8_t *const upper = out.first + channel, *const lower = upper + out.down;
  lower[out.right] = result(r[1][1]);
  lower[0] = result(r[1][0]);
  upper[out.right] = result(r[0][1]);
  upper[0] = result(r[0][0]);
}

// The quads of a position where they are known at compile time and few enough for straight code.
template <class Layer>
constexpr int few_quads() {
  if constexpr (Layer::fixed)
    return Layer::in_channels <= 36 ? Layer::in_channels / 4 : 0;
  else
    return 0;
}

// Both tiles in the panel with all channels.
template <class Layer>
[[gnu::noinline]] void multiply_tiles(const Layer& layer, const int32_t* panel, int32_t* sums, TileOut out0,
                                      TileOut out1) {
  const int32_t* weights = layer.weights;
  const int32_t* constants = layer.channels;
  for (int32_t c = 0; c < layer.out_channels; c += 2, constants += 4) {
    weights = multiply_positions<few_quads<Layer>()>(panel, layer.in_channels / 4, weights, sums);
    finish_tile(layer, sums + 1, constants[0], constants[1], out1, c);
    finish_tile(layer, sums, constants[0], constants[1], out0, c);
    finish_tile(layer, sums + 3, constants[2], constants[3], out1, c + 1);
    finish_tile(layer, sums + 2, constants[2], constants[3], out0, c + 1);
  }
}

// A tile that reaches over an edge: `tile` gets its pixels, the zero point outside.
template <class Layer>
[[gnu::noinline]] void copy_edge_tile(const Layer& layer, const Tile& rows, int32_t x, int8_t* tile) {
  const int32_t channels = layer.in_channels;
  const int32_t padding = int32_t((uint32_t(layer.in_zero_point) & 0xff) * 0x01010101u);
  for (int32_t y = 0; y < 4; ++y)
    for (int32_t column = x; column < x + 4; ++column, tile += channels) {
      const bool inside = rows.row[y] != nullptr && column >= 0 && column < layer.in_width;
      for (int32_t c = 0; c < channels; c += 4)
        store32(tile + c, inside ? load32(rows.row[y] + column * channels + c) : padding);
    }
}

template <class Layer>
THIMBLE_INLINE void winograd(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                             void* scratch) {
  const int32_t channels = layer.in_channels;
  int32_t* const panel = static_cast<int32_t*>(scratch);
  int32_t* const sums = panel + winograd_positions * channels;
  int8_t* const edge = reinterpret_cast<int8_t*>(sums + winograd_positions * 4);
  for (int32_t y = y0; y < y1; y += 2) {
    Tile rows;
    bool rows_inside = true;
    for (int32_t k = 0; k < 4; ++k) {
      const int32_t row = y - layer.pad_top + k;
      // A last single row needs three rows of input only; the ring may not hold the fourth.
      const bool inside = row >= 0 && row < layer.in_height && (k < 3 || y + 1 < layer.out_height);
      rows.row[k] = inside ? reinterpret_cast<const int8_t*>(in.row(row)) : nullptr;
      rows_inside &= inside;
    }
    int8_t* const upper = reinterpret_cast<int8_t*>(out.row(y));
    const int32_t down = y + 1 < layer.out_height ? int32_t(reinterpret_cast<int8_t*>(out.row(y + 1)) - upper) : 0;
    for (int32_t x = 0; x < layer.out_width; x += 4) {
      TileOut to[2];
      for (int32_t t = 0; t < 2; ++t) {
        const int32_t column = x + 2 * t < layer.out_width ? x + 2 * t : x, first = column - layer.pad_left;
        const int32_t right = column + 1 < layer.out_width ? layer.out_channels : 0;
        to[t] = {upper + column * layer.out_channels, right, down};
        Tile tile;
        if (rows_inside && first >= 0 && first + 4 <= layer.in_width) {
          for (int32_t k = 0; k < 4; ++k) tile.row[k] = rows.row[k] + first * channels;
        } else {
          copy_edge_tile(layer, rows, first, edge);
          for (int32_t k = 0; k < 4; ++k) tile.row[k] = edge + k * 4 * channels;
        }
        transform_tile(layer, tile, panel + 2 * t);
      }
      multiply_tiles(layer, panel, sums, to[0], to[1]);
    }
  }
}

}  // namespace dsp

// Output rows [y0, y1): y0 even, and y1 even or the height.
template <class Shape>
void winograd_dsp(const WinogradDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                  void* scratch) {
  dsp::winograd(layer, in, out, y0, y1, scratch);
}

}  // namespace thimble
