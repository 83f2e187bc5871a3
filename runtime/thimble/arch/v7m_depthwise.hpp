// The walk of depthwise_walk for ARMv7-M.
#pragma once
#include <stdint.h>

#include "thimble/arch/walk.hpp"

namespace thimble {

#if THIMBLE_V7M_ASSEMBLY

// One channel's walk. The assembly knows the members by their places, and reads the first 60 bytes in order for each
// result.
struct ChannelWalk {
  int32_t third[3];  // weights of a column of the kernel
  int32_t multiplier, offset, shift;
  int32_t second[3];
  int32_t bias;
  int32_t first[3];
  int32_t pixel, end;    // bytes from one pixel to the next; offset of the column where the inner results of a row end
  int32_t starts_left;   // 1: a column of padding is before the input
  int32_t left;          // then the first sum, with the padding
  int32_t ends_right;    // 1: a column of padding is behind it
  int32_t right;         // what it adds
  const int8_t* row[3];  // the channel in the rows under the kernel
  int8_t* out;           // stride 1: so that the offset of a result's last column leads to the result
  int32_t in_step, out_step;  // from row to row
  int32_t rows;
  int32_t kept;
};

// Registers: r0 ChannelWalk, r1 r2 r3 the input rows, r4 the column's offset in them, r5 the output, r6 r7 r8 a column
// of pixels, r9 the sum of the result that has seen one column, r10 of the one that has seen two, r11 r12 lr weights.
#define THIMBLE_COLUMN "ldrsb.w r6,[r1,r4]\n\t ldrsb.w r7,[r2,r4]\n\t ldrsb.w r8,[r3,r4]\n\t"
#define THIMBLE_TIMES(sum, start) \
  "mla " sum ",r11,r6," start "\n\t mla " sum ",r12,r7," sum "\n\t mla " sum ",lr,r8," sum "\n\t"
// The weights of a column wherever r0 points to, or at a place from there.
#define THIMBLE_NEXT "ldm.w r0!,{r11,r12,lr}\n\t"
#define THIMBLE_AT(place) "add.w lr,r0,#" place "\n\t ldm.w lr,{r11,r12,lr}\n\t"
#define THIMBLE_STORED "smull r11,r10,r10,r11\n\t add.w r10,r10,r12\n\t asr.w r10,r10,lr\n\t ssat r10,#8,r10\n\t"
#define THIMBLE_STEP "ldr.w r11,[r0,#52]\n\t add.w r4,r4,r11\n\t"
// A row: `begin` makes the first sums, `row` the results but for the one that ends in the padding.
#define THIMBLE_WALK(begin, row, store_last)                                                                    \
  "str r7,[r0,#104]\n\t add.w r4,r0,#76\n\t ldm.w r4,{r1,r2,r3,r5}\n"                                           \
  "1:\t movs r4,#0\n\t ldr.w r9,[r0,#64]\n\t ldr.w r11,[r0,#60]\n\t cmp.w r11,#0\n\t bne 2f\n\t" THIMBLE_COLUMN \
  "ldr.w r9,[r0,#36]\n\t" THIMBLE_AT("40") THIMBLE_TIMES("r9", "r9") THIMBLE_STEP                               \
      "\n2:\t" begin "ldr.w r11,[r0,#56]\n\t cmp.w r4,r11\n\t beq 4f\n3:\t" row                                 \
      "cmp.w r4,r12\n\t bne 3b\n4:\t"                                                                           \
      "ldr.w r11,[r0,#68]\n\t cmp.w r11,#0\n\t beq 5f\n\t" store_last                                           \
      "\n5:\t ldrd r11,r12,[r0,#92]\n\t add.w r1,r1,r11\n\t add.w r2,r2,r11\n\t add.w r3,r3,r11\n\t"            \
      "ldr.w r5,[r0,#88]\n\t add.w r5,r5,r12\n\t str.w r5,[r0,#88]\n\t"                                         \
      "ldr.w r11,[r0,#100]\n\t subs.w r11,r11,#1\n\t str.w r11,[r0,#100]\n\t bne.w 1b\n\t ldr r7,[r0,#104]"
#define THIMBLE_RIGHT "ldr.w r11,[r0,#72]\n\t add.w r10,r10,r11\n\t" THIMBLE_AT("12") THIMBLE_STORED

// Each column of the image is read once: it ends one result, is the middle of the next and the start of a third. 26
// instructions a result, for nine products.
#define THIMBLE_BEGIN_1                                                                               \
  THIMBLE_COLUMN THIMBLE_AT("24") THIMBLE_TIMES("r10", "r9") "ldr.w r9,[r0,#36]\n\t" THIMBLE_AT("40") \
      THIMBLE_TIMES("r9", "r9") THIMBLE_STEP
#define THIMBLE_ROW_1                                                                                                 \
  THIMBLE_COLUMN THIMBLE_NEXT THIMBLE_TIMES("r10", "r10") THIMBLE_NEXT THIMBLE_STORED                                 \
      "strb.w r10,[r5,r4]\n\t" THIMBLE_NEXT THIMBLE_TIMES("r10", "r9") "ldm.w r0!,{r9,r11,r12,lr}\n\t" THIMBLE_TIMES( \
          "r9", "r9") "ldrd r11,r12,[r0],#-52\n\t add.w r4,r4,r11\n\t"
// Every other column ends one result and starts the next. 35 instructions a result.
#define THIMBLE_ROW_2                                                                                  \
  THIMBLE_COLUMN THIMBLE_AT("24") THIMBLE_TIMES("r10", "r9")                                           \
      THIMBLE_STEP THIMBLE_COLUMN THIMBLE_NEXT THIMBLE_TIMES("r10", "r10") THIMBLE_NEXT THIMBLE_STORED \
      "strb.w r10,[r5]\n\t add.w r0,r0,#12\n\t"                                                        \
      "ldm.w r0!,{r9,r11,r12,lr}\n\t" THIMBLE_TIMES(                                                   \
          "r9", "r9") "ldrd r11,r12,[r0],#-52\n\t add.w r4,r4,r11\n\t add.w r5,r5,r11\n\t"

template <int32_t stride>
__attribute__((noinline)) void walk_channel(ChannelWalk& walk) {
  register ChannelWalk* r0 __asm("r0") = &walk;
#define THIMBLE_WALK_ASM(begin, row, last)      \
  __asm volatile(THIMBLE_WALK(begin, row, last) \
                 : "+r"(r0)                     \
                 :                              \
                 : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")
  if constexpr (stride == 1) {
    THIMBLE_WALK_ASM(THIMBLE_BEGIN_1, THIMBLE_ROW_1, THIMBLE_RIGHT "strb.w r10,[r5,r4]\n\t");
  } else {
    THIMBLE_WALK_ASM("", THIMBLE_ROW_2,
                     THIMBLE_COLUMN THIMBLE_AT("24") THIMBLE_TIMES("r10", "r9") THIMBLE_RIGHT "strb.w r10,[r5]\n\t");
  }
#undef THIMBLE_WALK_ASM
}
#undef THIMBLE_COLUMN
#undef THIMBLE_TIMES
#undef THIMBLE_NEXT
#undef THIMBLE_AT
#undef THIMBLE_STORED
#undef THIMBLE_STEP
#undef THIMBLE_WALK
#undef THIMBLE_RIGHT
#undef THIMBLE_BEGIN_1
#undef THIMBLE_ROW_1
#undef THIMBLE_ROW_2

// Weights by columns. Rows of the kernel outside the image go to the bias.
inline void walk_weights(const Walk& walk, ChannelWalk& c) {
  const int8_t* const w = walk.weights;
  c.bias = walk.channels[0];
  for (int32_t ky = 0; ky < 3; ++ky) {
    const bool outside = (ky == 0 && walk.above != 0) || (ky == 2 && walk.below != 0);
    if (outside) c.bias += walk.pad * (w[3 * ky] + w[3 * ky + 1] + w[3 * ky + 2]);
    c.first[ky] = outside ? 0 : w[3 * ky];
    c.second[ky] = outside ? 0 : w[3 * ky + 1];
    c.third[ky] = outside ? 0 : w[3 * ky + 2];
  }
  c.left = c.bias + walk.pad * (c.first[0] + c.first[1] + c.first[2]);
  c.right = walk.pad * (c.third[0] + c.third[1] + c.third[2]);
}

// The walk saturates to int8; a narrower range is cut out behind it.
inline void clamp_walk(const Walk& walk, int8_t* to, int32_t width, int32_t step) {
  for (int32_t y = 0; y < walk.rows; ++y, to += step)
    for (int32_t x = 0; x < width; ++x) {
      int8_t& q = to[x * walk.pixel];
      q = int8_t(q < walk.low ? walk.low : q > walk.high ? walk.high : q);
    }
}

template <int32_t stride>
void walk_rows(Walk& walk) {
  const int32_t inner = walk.inner_bytes / walk.pixel, width = inner + walk.right, before = 1 - walk.left;
  const int32_t columns = before + (stride == 1 ? 1 + inner : 2 * inner + walk.right);
  ChannelWalk c{};
  c.offset = walk.offset;
  c.shift = walk.shift;
  c.pixel = walk.pixel;
  c.end = (before + (stride == 1 ? 1 + inner : 2 * inner)) * walk.pixel;
  c.starts_left = walk.left;
  c.ends_right = walk.right;
  c.in_step = columns * walk.pixel + walk.in_skip;
  c.out_step = width * walk.pixel + walk.out_skip;
  for (int32_t m = 0; walk.channels != walk.channels_end; walk.channels += 2, walk.weights += 9, ++m) {
    walk_weights(walk, c);
    c.multiplier = walk.channels[1];
    for (int32_t k = 0; k < 3; ++k) c.row[k] = walk.row[k] + m;
    c.out = walk.out + m - (stride == 1 ? (before + 1) * walk.pixel : 0);
    c.rows = walk.rows;
    walk_channel<stride>(c);
    if (walk.low > -128 || walk.high < 127) clamp_walk(walk, walk.out + m, width, c.out_step);
  }
}

#endif

}  // namespace thimble
