// Whether the blocks for Helium are assembly (their C++ twins serve the host and builds without optimisation), and
// moves of bytes.
#pragma once
#include "thimble/arch/dsp.hpp"

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
#include <arm_mve.h>
#define THIMBLE_MVE_ASSEMBLY 1
#else
#define THIMBLE_MVE_ASSEMBLY 0
#endif

namespace thimble::mve {

// Copies `count` bytes, none or more, and gives the place behind them.
THIMBLE_INLINE int8_t* copy(int8_t* to, const int8_t* from, int32_t count) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "wlstp.8 lr,%[count],2f\n1:\n\t vldrb.u8 q0,[%[from]],#16\n\t vstrb.8 q0,[%[to]],#16\n\t letp lr,1b\n2:\n\t"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count)
      : "lr", "q0", "memory");
  return to - ((16 - (count & 15)) & 15);
#else
  for (; count > 0; --count) *to++ = *from++;
  return to;
#endif
}

// The same of one value.
THIMBLE_INLINE int8_t* fill_bytes(int8_t* to, int32_t value, int32_t count) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile("vdup.8 q0,%[value]\n\t wlstp.8 lr,%[count],2f\n1:\n\t vstrb.8 q0,[%[to]],#16\n\t letp lr,1b\n2:\n\t"
                 : [to] "+r"(to)
                 : [count] "r"(count), [value] "r"(value)
                 : "lr", "q0", "memory");
  return to - ((16 - (count & 15)) & 15);
#else
  for (; count > 0; --count) *to++ = int8_t(value);
  return to;
#endif
}

}  // namespace thimble::mve
