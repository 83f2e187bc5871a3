// The product of conv_single for ARMv6-M, and its C++ twin for all others.
#pragma once
#include <stdint.h>

#include "thimble/arch/v6m.hpp"
#include "thimble/conv_single.pack.hpp"

namespace thimble {

#if THIMBLE_V6M_ASSEMBLY

// Registers: r0 the panel, r1 the weights less 32768, r2 32768, r3 a weight, r4 r5 r6 the words of a value, r8 r9 r10
// the group's t of each word, r11 r12 lr the sums of their upper halves, r7 and two words on the stack the sums of all
// t. A value is 9 instructions in 18 bytes, for 6 products.
#define THIMBLE_VALUE                                                                                         \
  "ldrsb r3,[r1,r2]\n\t adds r1,#1\n\t ldmia r0!,{r4,r5,r6}\n\t muls r4,r3\n\t muls r5,r3\n\t muls r6,r3\n\t" \
  "add r8,r4\n\t add r9,r5\n\t add r10,r6\n\t"
#define THIMBLE_VALUES_4 THIMBLE_VALUE THIMBLE_VALUE THIMBLE_VALUE THIMBLE_VALUE
// Both sums of a word. The lower one is what all t have beside the upper.
#define THIMBLE_SUMS(all, upper) \
  "mov r3," upper "\n\t lsls r4,r3,#16\n\t subs r4," all ",r4\n\t stmia r1!,{r4}\n\t stmia r1!,{r3}\n\t"

// sums[0..5] = products of one channel with six pixels. Gives the place behind its weights. A group of n values costs
// 9n + 27 for 6n products, a channel 45.
__attribute__((noinline)) inline const int8_t* single_sums(const int32_t* panel, const int8_t* weights,
                                                           const int32_t* channel, int32_t* sums) {
  register const int32_t* r0 __asm("r0") = panel;
  register const int8_t* r1 __asm("r1") = weights;
  register const int32_t* r2 __asm("r2") = channel;
  register int32_t* r3 __asm("r3") = sums;
  __asm volatile(
      ".syntax unified\n\t sub sp,#12\n\t str r3,[sp,#8]\n\t ldmia r2!,{r4,r5}\n\t str r4,[sp,#0]\n\t str "
      "r4,[sp,#4]\n\t mov r7,r4\n\t"
      "mov r11,r5\n\t mov r12,r5\n\t mov lr,r5\n\t movs r2,#1\n\t lsls r2,r2,#15\n\t subs r1,r1,r2\n\t b "
      "2f\n\t" THIMBLE_VALUES_4 THIMBLE_VALUES_4 THIMBLE_VALUES_4
      "1:\t add r7,r8\n\t ldr r3,[sp,#0]\n\t add r3,r9\n\t str r3,[sp,#0]\n\t ldr r3,[sp,#4]\n\t add r3,r10\n\t"
      "str r3,[sp,#4]\n\t mov r4,r8\n\t asrs r4,r4,#16\n\t add r11,r4\n\t mov r5,r9\n\t asrs r5,r5,#16\n\t"
      "add r12,r5\n\t mov r6,r10\n\t asrs r6,r6,#16\n\t add lr,r6\n"
      "2:\t mov r8,r2\n\t mov r9,r2\n\t mov r10,r2\n\t ldrb r3,[r1,r2]\n\t adds r1,#1\n\t movs r4,#18\n\t"
      "muls r3,r4\n\t beq 3f\n\t negs r3,r3\n\t subs r3,#(3f+2-1b)\n\t add pc,r3\n"  // from two behind 3
      "3:\t adds r0,r1,r2\n\t ldr r1,[sp,#8]\n\t" THIMBLE_SUMS("r7", "r11") "ldr r5,[sp,#0]\n\t" THIMBLE_SUMS(
          "r5", "r12") "ldr r5,[sp,#4]\n\t" THIMBLE_SUMS("r5", "lr") "add sp,#12"
      : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
      :
      : "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
  return reinterpret_cast<const int8_t*>(r0);
}
#undef THIMBLE_VALUE
#undef THIMBLE_VALUES_4
#undef THIMBLE_SUMS

#else

inline const int8_t* single_sums(const int32_t* panel, const int8_t* weights, const int32_t* channel, int32_t* sums) {
  uint32_t all[3];
  int32_t upper[3];
  for (int32_t i = 0; i < 3; ++i) all[i] = uint32_t(channel[0]), upper[i] = channel[1];
  while (*weights != 0) {
    uint32_t t[3] = {32768, 32768, 32768};
    const int8_t* const end = weights + 1 + *weights;
    for (++weights; weights != end; ++weights, panel += 3)
      for (int32_t i = 0; i < 3; ++i) t[i] += uint32_t(*weights) * uint32_t(panel[i]);
    for (int32_t i = 0; i < 3; ++i) {
      all[i] += t[i];
      upper[i] += int32_t(t[i]) >> 16;
    }
  }
  for (int32_t i = 0; i < 3; ++i) {
    sums[2 * i] = int32_t(all[i] - (uint32_t(upper[i]) << 16));
    sums[2 * i + 1] = upper[i];
  }
  return weights + 1;
}

#endif

}  // namespace thimble
