// The product of depthwise_fours for ARMv7-M.
#pragma once
#include <stdint.h>

#include "thimble/arch/fours.hpp"

namespace thimble {

#if THIMBLE_V7M_ASSEMBLY

// The loop has four positions. When their number is not a multiple, the first time starts in the middle.
constexpr int32_t fours_position_code = 30;  // bytes
constexpr int32_t fours_skipped_code(int32_t positions) {
  return (4 - positions % 4) % 4 * fours_position_code;
}

// Registers: r0 Fours, r1 the table, r2 the weights, r3 the channel in the first row, r4 to r7 places and values of the
// four pixels, r8 to r11 their sums, r12 a weight, lr the table's end.
// Ten instructions for four products.
#define THIMBLE_POSITION                                                                                       \
  "ldmia r1!,{r4,r5,r6,r7}\n\t ldrsb.w r12,[r2],#1\n\t ldrsb r4,[r4,r3]\n\t ldrsb r5,[r5,r3]\n\t"              \
  "ldrsb r6,[r6,r3]\n\t ldrsb r7,[r7,r3]\n\t mla r8,r12,r4,r8\n\t mla r9,r12,r5,r9\n\t mla r10,r12,r6,r10\n\t" \
  "mla r11,r12,r7,r11\n\t"
// Then: r1 temporary, r4 multiplier, r5 offset, r6 shift, r12 where the channel's results are from the first ones.
#define THIMBLE_STORE(sum, place)                                                                                  \
  "smull r1," sum "," sum ",r4\n\t add.w " sum "," sum ",r5\n\t asr.w " sum "," sum ",r6\n\t ssat " sum ",#8," sum \
  "\n\t ldr r1,[r0,#" place "]\n\t strb.w " sum ",[r1,r12]\n\t"

// A channel costs 43 instructions and 10.5 for each position of the kernel, for four results.
__attribute__((noinline)) inline void saturated_four_pixels(Fours& fours) {
  register Fours* r0 __asm("r0") = &fours;
  __asm volatile(
      "str r7,[r0,#80]\n\t movs r1,#0\n\t str r1,[r0,#76]\n\t ldrd r3,r2,[r0,#12]\n"
      "0:\t ldm.w r0,{r1,r4,lr}\n\t ldr r5,[r0,#24]\n\t ldr.w r8,[r5]\n\t mov r9,r8\n\t mov r10,r8\n\t mov r11,r8\n\t"
      "add pc,r4\n\t nop\n"
      "1:\t" THIMBLE_POSITION THIMBLE_POSITION THIMBLE_POSITION THIMBLE_POSITION "cmp r1,lr\n\t bne 1b\n\t"
      "ldrd r5,r6,[r0,#24]\n\t ldr r4,[r5,#4]\n\t add r5,r6\n\t str r5,[r0,#24]\n\t ldrd r5,r6,[r0,#32]\n\t"
      "ldr.w r12,[r0,#76]\n\t" THIMBLE_STORE("r8", "48") THIMBLE_STORE("r9", "52") THIMBLE_STORE("r10", "56")
      THIMBLE_STORE("r11", "60")
      "ldrd r4,r5,[r0,#64]\n\t add r12,r4\n\t str.w r12,[r0,#76]\n\t ldr r4,[r0,#20]\n\t add r2,r4\n\t"
      "adds r3,#1\n\t cmp r3,r5\n\t bne.w 0b\n\t ldr r7,[r0,#80]"
      : "+r"(r0)
      :
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}
#undef THIMBLE_POSITION
#undef THIMBLE_STORE

// The product saturates to int8; a narrower range is cut out behind it.
inline void four_pixels(Fours& f) {
  const int32_t* const channels = f.channels;
  saturated_four_pixels(f);
  f.channels = channels;
  if (f.low == -128 && f.high == 127) return;
  for (int8_t* to : f.to)
    for (const int8_t* base = f.base; base != f.base_end; ++base, to += f.out_step)
      *to = int8_t(*to < f.low ? f.low : *to > f.high ? f.high : *to);
}

#endif

}  // namespace thimble
