// Winograd's F(2x2, 3x3) for cores with the DSP extension. A tile of 4x4 pixels gives 2x2 results: Y = A' (U * V) A
// with V = B' d B of the tile and U of the weights, summed over the input channels position by position. All steps are
// exact in integers: V fits 16 bits, the sums are taken modulo 2^32 and the result, four times the convolution, fits.
// Two tiles side by side and two output channels at a time. Cost on a Cortex-M4: 11 instructions for 16 products in the
// block, for two tiles and two channels 330 around it; 310 for the transform of four channels of two tiles.
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

// Two tiles side by side are six columns of four pixels: where each pixel lies, a column's rows in the order 0 2 3 1.
constexpr int32_t pair_columns = 6;
struct TilePair {
  const int8_t* pixel[pair_columns][4];
};
constexpr int32_t tile_row_order[4] = {0, 2, 3, 1};
// Words in which a tile pair is after the first step: 4 rows of a column, each for bytes 0 2 and 1 3.
constexpr int32_t column_words = 8;

// B' d B of two tiles (d0-d2, d1+d2, d2-d1, d1-d3 down the columns, then along the rows) for all channels, four at a
// time. A position's quads follow each other in the panel, a quad is tile 0's two words and tile 1's. `columns` has
// room for what the first step makes.
[[gnu::noinline]] inline void transform_tiles(const TilePair& tiles, int32_t channels, int32_t* panel,
                                              int32_t* columns) {
#if THIMBLE_DSP_PRODUCT_LOOP
// r10 walks over the places of pixels, r11 is the channel; 22 instructions for a column, bytes 0 2 in even registers.
#define THIMBLE_COLUMN                                                                                           \
  "ldmia r10!,{r0,r4,r6,r8}\n\t ldr r0,[r0,r11]\n\t ldr r4,[r4,r11]\n\t ldr r6,[r6,r11]\n\t ldr r8,[r8,r11]\n\t" \
  "sxtb16 r1,r0,ror #8\n\t sxtb16 r0,r0\n\t sxtb16 r5,r4,ror #8\n\t sxtb16 r4,r4\n\t sxtb16 r7,r6,ror #8\n\t"    \
  "sxtb16 r6,r6\n\t sxtb16 r9,r8,ror #8\n\t sxtb16 r8,r8\n\t ssub16 r0,r0,r4\n\t ssub16 r1,r1,r5\n\t"            \
  "sadd16 r2,r8,r4\n\t sadd16 r3,r9,r5\n\t ssub16 r4,r4,r8\n\t ssub16 r5,r5,r9\n\t ssub16 r6,r8,r6\n\t"          \
  "ssub16 r7,r9,r7\n\t stmia r12!,{r0-r7}\n\t"
// r12 walks over the rows of the columns, r10 over the positions of the panel, which are 4 * lr bytes apart.
#define THIMBLE_ROW                                                                                                    \
  "ldrd r2,r3,[r12,#32]\n\t ldrd r4,r5,[r12,#64]\n\t ldrd r6,r7,[r12,#96]\n\t ldrd r0,r1,[r12],#8\n\t"                 \
  "ssub16 r0,r0,r4\n\t ssub16 r1,r1,r5\n\t sadd16 r8,r2,r4\n\t sadd16 r9,r3,r5\n\t ssub16 r4,r4,r2\n\t"                \
  "ssub16 r5,r5,r3\n\t ssub16 r6,r2,r6\n\t ssub16 r7,r3,r7\n\t strd r0,r1,[r10]\n\t add r10,r10,lr,lsl #2\n\t"         \
  "strd r8,r9,[r10]\n\t add r10,r10,lr,lsl #2\n\t strd r4,r5,[r10]\n\t add r10,r10,lr,lsl #2\n\t strd r6,r7,[r10]\n\t" \
  "add r10,r10,lr,lsl #2\n\t"
  register int32_t lr __asm("lr") = channels;
  ParkedTwo place = parked_two(panel, columns);
  const Parked pixels = parked(&tiles);
  __asm volatile(
      THIMBLE_KEEPING_R7(
          "mov r11,#0\n2:\n\t" THIMBLE_FETCH(r10, pixels) THIMBLE_FETCH_TWO(r0, r12, place)  //
          THIMBLE_COLUMN THIMBLE_COLUMN THIMBLE_COLUMN THIMBLE_COLUMN THIMBLE_COLUMN THIMBLE_COLUMN THIMBLE_FETCH_TWO(
              r10, r12, place) "3:\n\t" THIMBLE_ROW THIMBLE_ROW THIMBLE_ROW THIMBLE_ROW                         //
              THIMBLE_FETCH_TWO(r0, r1, place) "adds r0,#8\n\t mov r10,r0\n\t" THIMBLE_PARK_TWO(place, r0, r1)  //
          "subs r1,r12,r1\n\t add r12,r12,#32\n\t cmp r1,#32\n\t beq 3b\n\t"
          "add r11,r11,#4\n\t cmp r11,lr\n\t bne 2b\n\t")
      : "+r"(lr), [place] "+" THIMBLE_PARKED_TWO(place)
      : [pixels] THIMBLE_PARKED(pixels)
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "cc", "memory");
#undef THIMBLE_ROW
#undef THIMBLE_COLUMN
#else
  const auto four = [](const int32_t* d, int32_t step, int32_t* to, int32_t to_step) {
    const int32_t d0 = load32(d), d1 = load32(d + step), d2 = load32(d + 2 * step), d3 = load32(d + 3 * step);
    store32(to, ssub16(d0, d2));
    store32(to + to_step, sadd16(d1, d2));
    store32(to + 2 * to_step, ssub16(d2, d1));
    store32(to + 3 * to_step, ssub16(d1, d3));
  };
  for (int32_t c = 0; c < channels; c += 4, panel += 4) {
    for (int32_t x = 0; x < pair_columns; ++x) {
      int32_t pixels[column_words];
      for (int32_t k = 0; k < 4; ++k) {
        const int32_t v = load32(tiles.pixel[x][k] + c), y = tile_row_order[k];
        pixels[2 * y] = even_bytes(v);
        pixels[2 * y + 1] = odd_bytes(v);
      }
      for (int32_t e = 0; e < 2; ++e) four(pixels + e, 2, columns + x * column_words + e, 2);
    }
    for (int32_t y = 0; y < 4; ++y)
      for (int32_t t = 0; t < 2; ++t)
        for (int32_t e = 0; e < 2; ++e)
          four(columns + 2 * t * column_words + 2 * y + e, column_words, panel + 4 * y * channels + 2 * t + e,
               channels);
  }
#endif
}

// Where the left results of two tiles go, and how far from there the right and the lower ones. A distance of 0 stands
// for results outside the image: the last written is inside. So is tile 0 where both have one place.
struct TilesOut {
  int8_t* left[2];
  int32_t right[2], down;
};

// Both tiles in the panel times all channels, two at a time: for each position the sums over all quads (first channel
// of tiles 0 and 1, second channel of tiles 0 and 1), then A' m A, the output stage and the stores.
[[gnu::noinline]] inline void multiply_tiles(const WinogradDsp& layer, const int32_t* panel, int32_t* sums,
                                             const TilesOut& out) {
  const int32_t quads = int32_t(uint32_t(layer.in_channels) / 4);
  const int32_t* const end = layer.weights + packed_winograd_dsp_words(layer.in_channels, layer.out_channels);
#if THIMBLE_DSP_PRODUCT_LOOP
#define THIMBLE_FIRST                                                                                        \
  "ldmia r0!,{r4-r7}\n\t ldrd r8,r9,[r1],#8\n\t smuad r2,r8,r4\n\t smuad r3,r8,r6\n\t smlad r2,r9,r5,r2\n\t" \
  "smlad r3,r9,r7,r3\n\t ldrd r8,r9,[r1],#8\n\t smuad r10,r8,r4\n\t smuad r11,r8,r6\n\t"                     \
  "smlad r10,r9,r5,r10\n\t smlad r11,r9,r7,r11\n\t"
#define THIMBLE_MORE                                                                           \
  "ldmia r0!,{r4-r7}\n\t ldrd r8,r9,[r1],#8\n\t smlad r2,r8,r4,r2\n\t smlad r3,r8,r6,r3\n\t"   \
  "smlad r2,r9,r5,r2\n\t smlad r3,r9,r7,r3\n\t ldrd r8,r9,[r1],#8\n\t smlad r10,r8,r4,r10\n\t" \
  "smlad r11,r8,r6,r11\n\t smlad r10,r9,r5,r10\n\t smlad r11,r9,r7,r11\n\t"
#define THIMBLE_5(x) x x x x x
#define THIMBLE_POSITIONS                                                                         \
  "2:\n\t" THIMBLE_FIRST "add pc,r12\n\t nop\n\t" THIMBLE_5(THIMBLE_MORE) THIMBLE_5(THIMBLE_MORE) \
      THIMBLE_5(THIMBLE_MORE) "stmia lr!,{r2,r3,r10,r11}\n\t" THIMBLE_FETCH(                      \
          r8, sums_end) "cmp lr,r8\n\t bne.w 2b\n\t" THIMBLE_FETCH_TWO(r2, r3, weights)           \
          THIMBLE_PARK_TWO(weights, r1, r3)
// The positions of a row become m0 + m1 + m2 and m1 - m2 - m3, for the left and the right results.
#define THIMBLE_LANES(op, a, b, c, d, e, f, g, h) \
  op " " a "," a "," e "\n\t" op " " b "," b "," f "\n\t" op " " c "," c "," g "\n\t" op " " d "," d "," h "\n\t"
#define THIMBLE_ALONG_ROW                                                                                              \
  "ldmia r0!,{r1-r4}\n\t ldmia r0!,{r5-r8}\n\t ldmia r0!,{r9-r12}\n\t" THIMBLE_LANES(                                  \
      "add", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8") THIMBLE_LANES("add", "r1", "r2", "r3", "r4", "r9", "r10", \
                                                                           "r11", "r12")                               \
      THIMBLE_LANES("sub", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12") "ldmia r0!,{r9-r12}\n\t" THIMBLE_LANES(  \
          "sub", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12") "stmia lr!,{r1-r8}\n\t"
#define THIMBLE_ALONG_ROWS         \
  THIMBLE_FETCH_TWO(r0, lr, start) \
  "mov r0,lr\n\t" THIMBLE_ALONG_ROW THIMBLE_ALONG_ROW THIMBLE_ALONG_ROW THIMBLE_ALONG_ROW
// The same down the columns; first for the right results, then for the left. r9-r12 the upper, r5 r1 r2 r3 the lower.
#define THIMBLE_DOWN_COLUMNS       \
  THIMBLE_FETCH_TWO(r1, r0, start) \
  "add r0,r0,#16\n4:\n\t" THIMBLE_FETCH_TWO(r5, r6, weights) THIMBLE_FETCH(lr, down)                                   \
  "ldmia r5,{r5-r8}\n\t ldrd r1,r2,[r0,#32]\n\t ldrd r3,r4,[r0,#40]\n\t ldrd r9,r10,[r0,#64]\n\t"                      \
  "ldrd r11,r12,[r0,#72]\n\t add r1,r1,r5\n\t add r2,r2,r5\n\t add r3,r3,r7\n\t add r4,r4,r7\n\t sub r5,r1,r9\n\t"     \
  "add r9,r1,r9\n\t sub r1,r2,r10\n\t add r10,r2,r10\n\t sub r2,r3,r11\n\t add r11,r3,r11\n\t sub r3,r4,r12\n\t"       \
  "add r12,r4,r12\n\t ldrd r4,r7,[r0]\n\t add r9,r9,r4\n\t add r10,r10,r7\n\t ldrd r4,r7,[r0,#8]\n\t"                  \
  "add r11,r11,r4\n\t add r12,r12,r7\n\t ldrd r4,r7,[r0,#96]\n\t sub r5,r5,r4\n\t sub r1,r1,r7\n\t"                    \
  "ldrd r4,r7,[r0,#104]\n\t sub r2,r2,r4\n\t sub r3,r3,r7\n\t"
// A result is ssat8((C + (sum * M >> 32)) >> shift), C and shift of sums four times as large. Both channels of a pixel
// are one half-word. The places of the right and the left results take turns.
#define THIMBLE_EACH(op, more)                                                                                      \
  op " r9," more("r9") op " r10," more("r10") op " r11," more("r11") op " r12," more("r12") op " r5," more("r5") op \
      " r1," more("r1") op " r2," more("r2") op " r3," more("r3")
#define THIMBLE_BY_SHIFT(x) x ",r7\n\t"
#define THIMBLE_TO_8(x) "#8," x "\n\t"
#define THIMBLE_FINISH             \
  THIMBLE_FETCH_TWO(r4, r7, stage) \
  "smmla r9,r9,r6,r4\n\t smmla r10,r10,r6,r4\n\t smmla r11,r11,r8,r4\n\t smmla r12,r12,r8,r4\n\t smmla " \
  "r5,r5,r6,r4\n\t" \
  "smmla r1,r1,r6,r4\n\t smmla r2,r2,r8,r4\n\t smmla r3,r3,r8,r4\n\t" THIMBLE_EACH("asr", THIMBLE_BY_SHIFT)            \
      THIMBLE_EACH("ssat", THIMBLE_TO_8) "bfi r9,r11,#8,#8\n\t bfi r10,r12,#8,#8\n\t bfi r5,r2,#8,#8\n\t"              \
  "bfi r1,r3,#8,#8\n\t" THIMBLE_FETCH_TWO(r11, r12, now)                                                               \
  "strh r1,[r12,lr]\n\t strh r5,[r11,lr]\n\t strh r10,[r12],#2\n\t strh r9,[r11],#2\n\t" THIMBLE_FETCH_TWO(            \
      r1, r2, next) THIMBLE_PARK_TWO(next, r11, r12) THIMBLE_PARK_TWO(now, r1, r2) THIMBLE_FETCH_TWO(r1, r2, start)    \
  "cmp r0,r2\n\t sub r0,r0,#16\n\t bne 4b\n\t"
  // Behind the first quad those that are too many are skipped, 42 bytes of code each.
  const Parked entry = parked((winograd_most_channels / 4 - quads) * 42);
  const ParkedTwo start = parked_two(panel, sums);
  const ParkedTwo stage = parked_two(int32_t(uint32_t(layer.offset) << 2), layer.shift + 2);
  ParkedTwo weights = parked_two(layer.weights, end);
  ParkedTwo now = parked_two(out.left[0] + out.right[0], out.left[1] + out.right[1]);
  ParkedTwo next = parked_two(out.left[0], out.left[1]);
  const Parked sums_end = parked(sums + winograd_positions * 4), down = parked(out.down);
  __asm volatile(
      THIMBLE_KEEPING_R7(THIMBLE_FETCH_TWO(r1, r0, weights)  //
                         "5:\n\t" THIMBLE_FETCH_TWO(r0, lr, start) THIMBLE_FETCH(r12, entry)
                             THIMBLE_POSITIONS THIMBLE_ALONG_ROWS THIMBLE_DOWN_COLUMNS THIMBLE_FINISH THIMBLE_FETCH_TWO(
                                 r1, r2, weights) "adds r1,#16\n\t cmp r1,r2\n\t bne.w 5b\n\t")
      :
      [weights] "+" THIMBLE_PARKED_TWO(weights), [now] "+" THIMBLE_PARKED_TWO(now), [next] "+" THIMBLE_PARKED_TWO(next)
      : [entry] THIMBLE_PARKED(entry), [start] THIMBLE_PARKED_TWO(start), [stage] THIMBLE_PARKED_TWO(stage),
        [sums_end] THIMBLE_PARKED(sums_end), [down] THIMBLE_PARKED(down)
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "lr", "cc",
        "memory");
#undef THIMBLE_FINISH
#undef THIMBLE_TO_8
#undef THIMBLE_BY_SHIFT
#undef THIMBLE_EACH
#undef THIMBLE_DOWN_COLUMNS
#undef THIMBLE_ALONG_ROWS
#undef THIMBLE_ALONG_ROW
#undef THIMBLE_LANES
#undef THIMBLE_POSITIONS
#undef THIMBLE_5
#undef THIMBLE_MORE
#undef THIMBLE_FIRST
#else
  const int32_t* weights = layer.weights;
  for (int32_t channel = 0; weights != end; channel += 2, weights += 4) {
    const int32_t* x = panel;
    for (int32_t position = 0; position < winograd_positions; ++position) {
      int32_t s[4] = {};
      for (int32_t q = 0; q < quads; ++q, x += 4, weights += 4)
        for (int32_t k = 0; k < 4; ++k)
          for (int32_t e = 0; e < 2; ++e) s[k] = smlad(weights[k / 2 * 2 + e], load32(x + k % 2 * 2 + e), s[k]);
      for (int32_t k = 0; k < 4; ++k) store32(sums + position * 4 + k, s[k]);
    }
    for (int32_t right = 1; right >= 0; --right)
      for (int32_t lower = 1; lower >= 0; --lower)
        for (int32_t k = 3; k >= 0; --k) {
          // Row and column of A' for the result: 1 1 1 0 or 0 1 -1 -1.
          constexpr int32_t a[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};
          int32_t sum = weights[k / 2 * 2];
          for (int32_t position = 0; position < winograd_positions; ++position)
            sum = wrapping_mla(a[lower][position / 4] * a[right][position % 4], load32(sums + position * 4 + k), sum);
          const int32_t t = smmla(sum, weights[k / 2 * 2 + 1], int32_t(uint32_t(layer.offset) << 2));
          int8_t* const to = out.left[k % 2] + right * out.right[k % 2] + lower * out.down;
          to[channel + k / 2] = int8_t(saturate8<0>(t >> (layer.shift + 2)));
        }
  }
#endif
}

}  // namespace dsp

// Output rows [y0, y1): y0 even, and y1 even or the height.
inline void winograd_dsp(const WinogradDsp& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                         void* scratch) {
  const int32_t channels = layer.in_channels;
  int32_t* const panel = static_cast<int32_t*>(scratch);
  int32_t* const sums = panel + winograd_positions * channels;
  int8_t* const padding = reinterpret_cast<int8_t*>(sums + winograd_positions * 4);
  const int32_t zeros = int32_t((uint32_t(layer.in_zero_point) & 0xff) * 0x01010101u);
  for (int32_t c = 0; c < channels; c += 4) dsp::store32(padding + c, zeros);
  for (int32_t y = y0; y < y1; y += 2) {
    const int8_t* rows[4];
    for (int32_t k = 0; k < 4; ++k) {
      const int32_t row = y - layer.pad_top + dsp::tile_row_order[k];
      // A last single row needs three rows of input only; the ring may not hold the fourth.
      const bool inside = row >= 0 && row < layer.in_height && (dsp::tile_row_order[k] < 3 || y + 1 < layer.out_height);
      rows[k] = inside ? reinterpret_cast<const int8_t*>(in.row(row)) : nullptr;
    }
    int8_t* const upper = reinterpret_cast<int8_t*>(out.row(y));
    const int32_t down = y + 1 < layer.out_height ? int32_t(reinterpret_cast<int8_t*>(out.row(y + 1)) - upper) : 0;
    for (int32_t x = 0; x < layer.out_width; x += 4) {
      dsp::TilePair tiles;
      const int32_t first = x - layer.pad_left;
      for (int32_t k = 0; k < 4; ++k) {
        const bool inside = rows[k] != nullptr;
        const int8_t* pixel = inside ? rows[k] + first * channels : padding;
        const int32_t step = inside ? channels : 0;
        for (auto& column : tiles.pixel) {
          column[k] = pixel;
          pixel += step;
        }
      }
      for (int32_t i = 0; i < dsp::pair_columns; ++i)
        if (first + i < 0 || first + i >= layer.in_width)
          for (const int8_t*& pixel : tiles.pixel[i]) pixel = padding;
      dsp::transform_tiles(tiles, channels, panel, sums);
      dsp::TilesOut to;
      to.down = down;
      for (int32_t t = 0; t < 2; ++t) {
        const int32_t column = x + 2 * t < layer.out_width ? x + 2 * t : x;
        to.left[t] = upper + column * layer.out_channels;
        to.right[t] = column + 1 < layer.out_width ? layer.out_channels : 0;
      }
      dsp::multiply_tiles(layer, panel, sums, to);
    }
  }
}

}  // namespace thimble
