// The walk of depthwise_walk for ARMv6-M; its C++ twin is in walk.hpp.
#pragma once
#include <stdint.h>

#include "thimble/arch/walk.hpp"

namespace thimble {

#if THIMBLE_V6M_ASSEMBLY

// One row of one channel. The assembly knows the members by their places.
struct WalkRow {
  int32_t weights[9];  // by columns
  int32_t multiplier_low, multiplier_high, offset, shift, low, high;
  int32_t last_row;  // from the first row to the last one, bytes
  int8_t* end;       // of the outputs that read no padding on the right
  int32_t bias;
  int32_t of_right;      // what a column of padding behind the input adds
  int32_t edges;         // 1: the first column is to be read; 2: the last output reads padding
  int32_t before_first;  // the sum of an output that has seen the column of padding before the input
};

// Registers: r0 the pixel in the first row, r1 and r2 from there to the other rows, r7 WalkRow, r3 r4 r5 a column of
// pixels, r6 temporary, r8 the sum of the result that is ready, r9 of the one that has seen two columns, r10 of the one
// that has seen one, r11 bias, r12 the output, lr the bytes of a pixel.
#define THIMBLE_COLUMN "movs r6,#0\n\t ldrsb r3,[r0,r6]\n\t ldrsb r4,[r0,r1]\n\t ldrsb r5,[r0,r2]\n\t add r0,lr\n\t"
#define THIMBLE_TIMES(sum, top, middle, bottom)                                                                    \
  "ldr r6,[r7,#" top "]\n\t muls r6,r3\n\t add " sum ",r6\n\t ldr r6,[r7,#" middle "]\n\t muls r6,r4\n\t add " sum \
  ",r6\n\t ldr r6,[r7,#" bottom "]\n\t muls r6,r5\n\t add " sum ",r6\n\t"
#define THIMBLE_FIRST(sum) THIMBLE_TIMES(sum, "0", "4", "8")
#define THIMBLE_SECOND(sum) THIMBLE_TIMES(sum, "12", "16", "20")
#define THIMBLE_THIRD(sum) THIMBLE_TIMES(sum, "24", "28", "32")
// requantize() of r8, its product by halves as in multiply_high_by_halves().
#define THIMBLE_STORE                                                                                          \
  "mov r3,r8\n\t asrs r4,r3,#16\n\t uxth r3,r3\n\t ldr r5,[r7,#36]\n\t mov r6,r5\n\t muls r6,r3\n\t"           \
  "lsrs r6,r6,#16\n\t muls r5,r4\n\t adds r6,r6,r5\n\t ldr r5,[r7,#40]\n\t muls r3,r5\n\t muls r4,r5\n\t"      \
  "uxth r5,r6\n\t adds r3,r3,r5\n\t asrs r3,r3,#16\n\t asrs r6,r6,#16\n\t adds r4,r4,r3\n\t adds r4,r4,r6\n\t" \
  "ldr r5,[r7,#44]\n\t adds r4,r4,r5\n\t ldr r5,[r7,#48]\n\t asrs r4,r5\n\t ldr r5,[r7,#52]\n\t cmp r4,r5\n\t" \
  "bge 8f\n\t mov r4,r5\n8:\t ldr r5,[r7,#56]\n\t cmp r4,r5\n\t ble 9f\n\t mov r4,r5\n9:\t mov r5,r12\n\t"     \
  "strb r4,[r5]\n\t add r12,lr\n\t"
#define THIMBLE_IF_MORE(label) "ldr r5,[r7,#64]\n\t cmp r12,r5\n\t bne.n " label "\n\t"

// Each column of the image is read once: it ends one result, is the middle of the next and the start of a third: 72
// instructions a result.
#define THIMBLE_ROW_1 \
  THIMBLE_COLUMN "mov r9,r10\n\t mov r10,r11\n\t" THIMBLE_SECOND("r9") THIMBLE_FIRST("r10") "b 5f\n4:\t"     \
  THIMBLE_COLUMN "mov r8,r9\n\t mov r9,r10\n\t mov r10,r11\n\t" THIMBLE_THIRD("r8") THIMBLE_SECOND("r9")     \
  THIMBLE_FIRST("r10") THIMBLE_STORE "\n5:\t" THIMBLE_IF_MORE("4b")                                          \
  "ldr r5,[r7,#76]\n\t lsrs r5,r5,#2\n\t bcc 6f\n\t ldr r5,[r7,#72]\n\t mov r8,r9\n\t add r8,r5\n\t" THIMBLE_STORE "\n6:\t"
// Every other column ends one result and starts the next.
#define THIMBLE_ROW_2                                                                                                  \
  "b 5f\n4:\t" THIMBLE_COLUMN THIMBLE_SECOND("r10") THIMBLE_COLUMN                                                     \
      "mov r8,r10\n\t mov r10,r11\n\t" THIMBLE_THIRD("r8") THIMBLE_FIRST("r10") THIMBLE_STORE                          \
      "\n5:\t" THIMBLE_IF_MORE("4b") "ldr r5,[r7,#76]\n\t lsrs r5,r5,#2\n\t bcc 6f\n\t" THIMBLE_COLUMN THIMBLE_SECOND( \
          "r10") "ldr r5,[r7,#72]\n\t mov r8,r10\n\t add r8,r5\n\t" THIMBLE_STORE "\n6:\t"

template <int32_t stride>
__attribute__((noinline)) void walk_row(const WalkRow& row, const int8_t* first, int32_t second, int32_t pixel,
                                        int8_t* to) {
  register const int8_t* r0 __asm("r0") = first;
  register int32_t r1 __asm("r1") = second;
  register int32_t r2 __asm("r2") = pixel;
  register int8_t* r3 __asm("r3") = to;
  register const WalkRow* r4 __asm("r4") = &row;
#define THIMBLE_WALK_ASM(columns)                                                                              \
  __asm volatile(                                                                                              \
      ".syntax unified\n\t mov r7,r4\n\t mov lr,r2\n\t mov r12,r3\n\t ldr r2,[r7,#60]\n\t ldr r3,[r7,#68]\n\t" \
      "mov r11,r3\n\t ldr r3,[r7,#80]\n\t mov r10,r3\n\t ldr r3,[r7,#76]\n\t lsrs r3,r3,#1\n\t bcc 3f\n\t"     \
      "mov r10,r11\n\t" THIMBLE_COLUMN THIMBLE_FIRST("r10") "\n3:\t" columns                                   \
      : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4)                                                       \
      :                                                                                                        \
      : "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")
  if constexpr (stride == 1) {
    THIMBLE_WALK_ASM(THIMBLE_ROW_1);
  } else {
    THIMBLE_WALK_ASM(THIMBLE_ROW_2);
  }
#undef THIMBLE_WALK_ASM
}
#undef THIMBLE_COLUMN
#undef THIMBLE_TIMES
#undef THIMBLE_FIRST
#undef THIMBLE_SECOND
#undef THIMBLE_THIRD
#undef THIMBLE_STORE
#undef THIMBLE_IF_MORE
#undef THIMBLE_ROW_1
#undef THIMBLE_ROW_2

// The channel's weights and what follows from them. A row of the kernel outside the image: the bias has it, the weights
// are 0. Out of line: that keeps the stack small.
__attribute__((noinline)) inline void walk_channel(const Walk& walk, WalkRow& row) {
  const int32_t multiplier = walk.channels[1];
  row.multiplier_low = multiplier & 0xffff;
  row.multiplier_high = multiplier >> 16;
  row.bias = walk.channels[0];
  const int32_t first = walk.above, last = 3 - walk.below;
  int32_t* to = row.weights;
  for (const int8_t *w = walk.weights, *const end = w + 3; w != end; ++w) {
    row.of_right = 0;  // that of the last column stays
    for (int32_t ky = 0; ky < 3; ++ky) {
      const int32_t of_padding = w[3 * ky] * walk.pad;
      const bool inside = ky >= first && ky < last;
      *to++ = inside ? w[3 * ky] : 0;
      (inside ? row.of_right : row.bias) += of_padding;
    }
    if (to == row.weights + 3) row.before_first = row.of_right;
  }
  row.before_first += row.bias;
}

template <int32_t stride>
__attribute__((noinline)) void walk_rows(Walk& walk) {
  const int32_t last = walk.right != 0 ? walk.pixel : 0, first = walk.left != 0 ? 0 : walk.pixel;
  const int32_t in_step =
      first + walk.in_skip + (stride == 1 ? walk.pixel + walk.inner_bytes : 2 * walk.inner_bytes + last);
  const int32_t out_step = walk.inner_bytes + last + walk.out_skip;
  WalkRow row;
  row.offset = walk.offset;
  row.shift = walk.shift;
  row.low = walk.low;
  row.high = walk.high;
  row.edges = 1 - walk.left + 2 * walk.right;
  const int32_t second = int32_t(walk.row[1] - walk.row[0]);
  row.last_row = int32_t(walk.row[2] - walk.row[0]);
  for (; walk.channels != walk.channels_end; walk.channels += 2, walk.weights += 9) {
    walk_channel(walk, row);
    const int8_t* from = walk.row[0]++;
    int8_t* to = walk.out++;
    for (int32_t left = walk.rows; left > 0; --left, from += in_step, to += out_step) {
      row.end = to + walk.inner_bytes;
      walk_row<stride>(row, from, second, walk.pixel, to);
    }
  }
}

#endif

}  // namespace thimble
