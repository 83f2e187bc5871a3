// The product of depthwise_fours for ARMv6-M.
#pragma once
#include <stdint.h>

#include "thimble/arch/fours.hpp"
#include "thimble/arch/v6m_store.hpp"

namespace thimble {

#if THIMBLE_V6M_ASSEMBLY

// The loop has four positions. When their number is not a multiple, the first time starts in the middle.
constexpr int32_t fours_position_code = 30;  // bytes
constexpr int32_t fours_skipped_code(int32_t positions) {
  return (4 - positions % 4) % 4 * fours_position_code;
}

// Registers: r0 the table, r1 the channel in the first row, r2 a weight, r3 to r6 places and values of the four pixels,
// r7 the weights less r1, r8 to r11 the sums, r12 where they go, lr the table's end.
// Fifteen instructions for four products.
#define THIMBLE_POSITION                                                                                      \
  "ldmia r0!,{r3,r4,r5,r6}\n\t ldrsb r2,[r7,r1]\n\t adds r7,#1\n\t ldrsb r3,[r3,r1]\n\t ldrsb r4,[r4,r1]\n\t" \
  "ldrsb r5,[r5,r1]\n\t ldrsb r6,[r6,r1]\n\t muls r3,r2\n\t muls r4,r2\n\t muls r5,r2\n\t muls r6,r2\n\t"     \
  "add r8,r3\n\t add r9,r4\n\t add r10,r5\n\t add r11,r6\n\t"

// sums[0..3] = bias + products of one channel with the four pixels. 24 instructions and 15.5 for each position.
__attribute__((noinline)) inline void sum_four_pixels(const Fours& fours, const int8_t* base, const int8_t* weights,
                                                      int32_t bias, int32_t* sums) {
  register const Fours* r0 __asm("r0") = &fours;
  register const int8_t* r1 __asm("r1") = base;
  register const int8_t* r2 __asm("r2") = weights;
  register int32_t r3 __asm("r3") = bias;
  register int32_t* r4 __asm("r4") = sums;
  __asm volatile(
      ".syntax unified\n\t mov r8,r3\n\t mov r9,r3\n\t mov r10,r3\n\t mov r11,r3\n\t mov r12,r4\n\t subs r7,r2,r1\n\t"
      "ldr r4,[r0,#8]\n\t mov lr,r4\n\t ldr r3,[r0,#4]\n\t ldr r0,[r0]\n\t add pc,r3\n\t nop\n"
      "1:\t" THIMBLE_POSITION THIMBLE_POSITION THIMBLE_POSITION THIMBLE_POSITION
      "cmp r0,lr\n\t bne 1b\n\t"
      "mov r0,r12\n\t mov r3,r8\n\t mov r4,r9\n\t mov r5,r10\n\t mov r6,r11\n\t stmia r0!,{r3,r4,r5,r6}"
      : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4)
      :
      : "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}
#undef THIMBLE_POSITION

inline void four_pixels(const Fours& f) {
  const OutputStage stage{f.offset, f.shift, 0, 0, f.low, f.high, 0};
  const int32_t positions = int32_t(f.table_end - f.table) / 4;
  const int8_t* w = f.weights;
  const int32_t* channel = f.channels;
  int32_t to = 0;
  for (const int8_t* base = f.base; base != f.base_end; ++base, w += positions + f.weights_skip, to += f.out_step) {
    int32_t sums[4];
    sum_four_pixels(f, base, w, channel[0], sums);
    store_pixels_common(sums, sums + 4, channel[1], stage, f.to, to);
    channel += f.channels_step / 4;
  }
}

#endif

}  // namespace thimble
