// The product of dense_octets for ARMv6-M; its C++ twin is in rv32_dense.hpp.
#pragma once
#include <stdint.h>

#include "thimble/arch/v6m.hpp"
#include "thimble/dense_octets.pack.hpp"

namespace thimble {

#if THIMBLE_V6M_ASSEMBLY

// Registers: r0 the inputs less 00ff00ff, r1 the weights, r2 an input, r3 00ff00ff, r4 r5 the words of eight outputs,
// r6 temporary, r7 the sum of the group's inputs, r8 to r11 the group's sums t of the outputs 0 2, 1 3, 4 6, 5 7, r12
// 00800080, lr where the sums are: for each t, the sum of all t and that of their upper halves.
#define THIMBLE_FOUR(word, even, odd)                                                                              \
  "mov r6," word "\n\t ands r6,r3\n\t muls r6,r2\n\t add " even ",r6\n\t lsrs " word "," word ",#8\n\t ands " word \
  ",r3\n\t muls " word ",r2\n\t add " odd "," word "\n\t"
// 20 instructions in 40 bytes, for 8 products.
#define THIMBLE_INPUT                                                                                          \
  "ldrsb r2,[r0,r3]\n\t adds r0,#1\n\t adds r7,r7,r2\n\t ldmia r1!,{r4,r5}\n\t" THIMBLE_FOUR("r4", "r8", "r9") \
      THIMBLE_FOUR("r5", "r10", "r11")
#define THIMBLE_INPUTS_4 THIMBLE_INPUT THIMBLE_INPUT THIMBLE_INPUT THIMBLE_INPUT
// r2: 32768 less 128 * 65537 times the sum of the group's inputs.
#define THIMBLE_END_OF_GROUP(t)                                                                         \
  "mov r4," t                                                                                           \
  "\n\t adds r4,r4,r2\n\t ldmia r7!,{r5,r6}\n\t adds r5,r5,r4\n\t asrs r4,r4,#16\n\t adds r6,r6,r4\n\t" \
  "subs r7,#8\n\t stmia r7!,{r5,r6}\n\t"
// Lower and upper sums of four outputs, in their order.
#define THIMBLE_SUMS                                                                                      \
  "ldmia r2!,{r4,r5,r6,r7}\n\t lsls r0,r5,#16\n\t subs r4,r4,r0\n\t lsls r0,r7,#16\n\t subs r6,r6,r0\n\t" \
  "mov r0,r5\n\t mov r5,r6\n\t mov r6,r0\n\t subs r2,#16\n\t stmia r2!,{r4,r5,r6,r7}\n\t"

// sums[0..7] = products of an octet of outputs. Gives the place behind its weights. A group of n inputs costs 20n + 52
// for 8n products; its code begins 40n bytes before 1, and the jump counts from two behind 3.
__attribute__((noinline)) inline const int32_t* octet_products(const int8_t* in, const int32_t* weights,
                                                               int32_t* sums) {
  register const int8_t* r0 __asm("r0") = in;
  register const int32_t* r1 __asm("r1") = weights;
  register int32_t* r2 __asm("r2") = sums;
  register int32_t r3 __asm("r3") = octet_halves;
  register int32_t r4 __asm("r4") = octet_offsets;
  __asm volatile(
      ".syntax unified\n\t subs r0,r0,r3\n\t mov r12,r4\n\t mov lr,r2\n\t ldmia r1!,{r4}\n\t movs r5,#0\n\t"
      "stmia r2!,{r4,r5}\n\t stmia r2!,{r4,r5}\n\t stmia r2!,{r4,r5}\n\t stmia r2!,{r4,r5}\n\t b 2f\n\t"
      THIMBLE_INPUTS_4 THIMBLE_INPUTS_4 THIMBLE_INPUTS_4 THIMBLE_INPUTS_4
      "1:\t mov r2,r12\n\t muls r7,r2\n\t movs r2,#1\n\t lsls r2,r2,#15\n\t subs r2,r2,r7\n\t mov r7,lr\n\t"
      THIMBLE_END_OF_GROUP("r8") THIMBLE_END_OF_GROUP("r9") THIMBLE_END_OF_GROUP("r10") THIMBLE_END_OF_GROUP("r11")
      "2:\t movs r7,#0\n\t mov r8,r7\n\t mov r9,r7\n\t mov r10,r7\n\t mov r11,r7\n\t ldmia r1!,{r4}\n\t"
      "movs r5,#40\n\t muls r4,r5\n\t beq 3f\n\t negs r4,r4\n\t subs r4,#(3f+2-1b)\n\t add pc,r4\n"
      "3:\t mov r2,lr\n\t" THIMBLE_SUMS THIMBLE_SUMS
      : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4)
      :
      : "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
  return r1;
}
#undef THIMBLE_FOUR
#undef THIMBLE_INPUT
#undef THIMBLE_INPUTS_4
#undef THIMBLE_END_OF_GROUP
#undef THIMBLE_SUMS

#endif

}  // namespace thimble
