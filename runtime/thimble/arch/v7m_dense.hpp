// The product of dense_long for ARMv7-M, and its C++ twin for all others.
#pragma once
#include <stdint.h>

#include "thimble/arch/v7m.hpp"
#include "thimble/dense_long.pack.hpp"

namespace thimble {

#if THIMBLE_V7M_ASSEMBLY

// Registers: r0 the inputs, r1 the weights, r2 the inputs' end, r3 an input, r4 to r7 the words of four inputs, r12
// ff0000ff, lr temporary. Sums of 64 bits, lower half first: r8 r9 of the outputs 0 and 3, r10 r11 of 2 and 1.
// Five instructions for four products.
#define THIMBLE_INPUT(word)                                                                               \
  "ldrsb.w r3,[r0],#1\n\t and.w lr,r12," word ",ror #16\n\t smlal r10,r11,r3,lr\n\t and.w " word "," word \
  ",r12\n\t smlal r8,r9,r3," word "\n\t"
#define THIMBLE_INPUTS_4 \
  "ldmia r1!,{r4,r5,r6,r7}\n\t" THIMBLE_INPUT("r4") THIMBLE_INPUT("r5") THIMBLE_INPUT("r6") THIMBLE_INPUT("r7")
// Bit 23, the carry, is set when the first sum is negative: then it has taken one from the second.
#define THIMBLE_SUMS(first, second) \
  "lsrs.w r4," first ",#24\n\t adc.w " second ",r4," second ",lsl #8\n\t sbfx " first "," first ",#0,#24\n\t"

// sums[0..3] = start + products of a quad of outputs. Gives the place behind its weights. Eight inputs cost 44
// instructions for 32 products; those beyond a multiple of eight come first, one by one, at 8.
__attribute__((noinline)) inline const int32_t* quad_products(const int8_t* in, const int32_t* weights, int32_t inputs,
                                                              int32_t start, int32_t* sums) {
  register const int8_t* r0 __asm("r0") = in;
  register const int32_t* r1 __asm("r1") = weights;
  register int32_t r2 __asm("r2") = inputs;
  register int32_t r3 __asm("r3") = start;
  register int32_t* r4 __asm("r4") = sums;
  __asm volatile(
      "push {r4,r7}\n\t mov r8,r3\n\t asrs r3,r3,#31\n\t mov r9,r3\n\t mov r10,r8\n\t mov r11,r3\n\t"
      "mov.w r12,#0xff000000\n\t orr.w r12,r12,#0xff\n\t and.w r5,r2,#7\n\t add r5,r0\n\t add r2,r0\n\t b 2f\n"
      "1:\t ldr.w r4,[r1],#4\n\t" THIMBLE_INPUT("r4") "2:\t cmp r0,r5\n\t bne 1b\n\t cmp r0,r2\n\t beq 4f\n"
      "3:\t" THIMBLE_INPUTS_4 THIMBLE_INPUTS_4 "cmp r0,r2\n\t bne 3b\n"
      "4:\t" THIMBLE_SUMS("r8", "r9") THIMBLE_SUMS("r10", "r11")
      "pop {r4,r7}\n\t strd r8,r11,[r4]\n\t strd r10,r9,[r4,#8]"
      : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4)
      :
      : "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
  return r1;
}
#undef THIMBLE_INPUT
#undef THIMBLE_INPUTS_4
#undef THIMBLE_SUMS

#else

inline const int32_t* quad_products(const int8_t* in, const int32_t* weights, int32_t inputs, int32_t start,
                                    int32_t* sums) {
  constexpr uint32_t outer = 0xff0000ff;
  int64_t of_0_and_3 = start, of_2_and_1 = start;
  for (const int8_t* const end = in + inputs; in != end; ++in, ++weights) {
    const uint32_t word = uint32_t(*weights);
    of_0_and_3 += int64_t(*in) * int32_t(word & outer);
    of_2_and_1 += int64_t(*in) * int32_t((word >> 16 | word << 16) & outer);
  }
  // The lower 24 bits with their sign, and what is above once they are taken off.
  const auto split = [](int64_t sum, int32_t& first, int32_t& second) {
    first = int32_t((sum + dense_long_unit / 2) & (dense_long_unit - 1)) - dense_long_unit / 2;
    second = int32_t((sum - first) / dense_long_unit);
  };
  split(of_0_and_3, sums[0], sums[3]);
  split(of_2_and_1, sums[2], sums[1]);
  return weights;
}

#endif

}  // namespace thimble
