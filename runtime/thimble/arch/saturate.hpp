// Saturation to int8, in one instruction where the core has it.
#pragma once
#include <stdint.h>

namespace thimble {

inline int32_t saturate_int8(int32_t x) {
#if defined(__ARM_FEATURE_SAT)
  int32_t saturated;
  __asm("ssat %0, #8, %1" : "=r"(saturated) : "r"(x));
  return saturated;
#else
  return x < -128 ? -128 : x > 127 ? 127 : x;
#endif
}

}  // namespace thimble
