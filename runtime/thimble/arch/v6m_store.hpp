// The last step of kernels that compute one channel of several pixels, for ARMv6-M, and its C++ twin for all others.
#pragma once
#include <stdint.h>

#include "thimble/arch/v6m.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

#if THIMBLE_V6M_ASSEMBLY

// Registers: r0 the sums, r1 the places, r2 r7 lower and upper half of the multiplier, r3 to r6 temporaries, r8 offset,
// r9 shift, r10 low, r11 high, r12 the channel, lr the sums' end. 29 instructions a pixel: its product is made by
// halves as in multiply_high_by_halves().
__attribute__((noinline)) inline void store_pixels_common(const int32_t* sums, const int32_t* sums_end,
                                                          int32_t multiplier, const OutputStage& stage,
                                                          int8_t* const* to, int32_t channel) {
  register const int32_t* r0 __asm("r0") = sums;
  register int8_t* const* r1 __asm("r1") = to;
  register int32_t r2 __asm("r2") = multiplier;
  register const OutputStage* r3 __asm("r3") = &stage;
  register int32_t r4 __asm("r4") = channel;
  register const int32_t* r5 __asm("r5") = sums_end;
  __asm volatile(
      ".syntax unified\n\t mov r12,r4\n\t mov lr,r5\n\t asrs r7,r2,#16\n\t uxth r2,r2\n\t ldr r4,[r3,#0]\n\t"
      "mov r8,r4\n\t ldr r4,[r3,#4]\n\t mov r9,r4\n\t ldr r4,[r3,#16]\n\t mov r10,r4\n\t ldr r4,[r3,#20]\n\t"
      "mov r11,r4\n"
      "1:\t ldmia r0!,{r3}\n\t asrs r4,r3,#16\n\t uxth r3,r3\n\t mov r6,r3\n\t muls r6,r2\n\t lsrs r6,r6,#16\n\t"
      "mov r5,r4\n\t muls r5,r2\n\t adds r6,r6,r5\n\t muls r3,r7\n\t muls r4,r7\n\t uxth r5,r6\n\t adds r3,r3,r5\n\t"
      "asrs r3,r3,#16\n\t asrs r6,r6,#16\n\t adds r4,r4,r3\n\t adds r4,r4,r6\n\t add r4,r8\n\t mov r5,r9\n\t"
      "asrs r4,r5\n\t cmp r4,r10\n\t bge 2f\n\t mov r4,r10\n2:\t cmp r4,r11\n\t ble 3f\n\t mov r4,r11\n3:\t"
      "ldmia r1!,{r5}\n\t mov r6,r12\n\t strb r4,[r5,r6]\n\t cmp r0,lr\n\t bne 1b"
      : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4), "+r"(r5)
      :
      : "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#else

inline void store_pixels_common(const int32_t* sums, const int32_t* sums_end, int32_t multiplier,
                                const OutputStage& stage, int8_t* const* to, int32_t channel) {
  for (; sums != sums_end; ++to) (*to)[channel] = int8_t(requantize(*sums++, multiplier, stage));
}

#endif

__attribute__((noinline)) inline void store_pixels_rare(const int32_t* sums, const int32_t* sums_end,
                                                        int32_t multiplier, const OutputStage& stage, int8_t* const* to,
                                                        int32_t channel) {
  for (; sums != sums_end; ++to) (*to)[channel] = int8_t(requantize(*sums++, multiplier, stage));
}

// (*to)[channel] = requantize(*sums) for each pixel.
inline void store_pixels(const int32_t* sums, const int32_t* sums_end, int32_t multiplier, const OutputStage& stage,
                         int8_t* const* to, int32_t channel) {
  if ((stage.left_shift | stage.ties_to_even) == 0)
    store_pixels_common(sums, sums_end, multiplier, stage, to, channel);
  else
    store_pixels_rare(sums, sums_end, multiplier, stage, to, channel);
}

}  // namespace thimble
