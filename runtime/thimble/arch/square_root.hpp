// The square root: one instruction where the core has it, Newton's iteration elsewhere.
#pragma once
#include <stdint.h>

namespace thimble {

// At most one unit in the last place off. Halving the exponent gives a start within 6 %; each step squares the error.
inline float square_root_by_newton(float x) {
  if (!(x > 0.0f) || x > 3.40282347e38f) return x < 0.0f ? (x - x) / (x - x) : x;
  float scale = 1.0f;
  if (x < 1.17549435e-38f) {  // denormal
    x *= 16777216.0f;
    scale = 2.44140625e-4f;
  }
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  bits = (bits >> 1) + 0x1fbc0000;
  float y;
  __builtin_memcpy(&y, &bits, sizeof y);
  y = 0.5f * (y + x / y);
  y = 0.5f * (y + x / y);
  y = 0.5f * (y + x / y);
  return y * scale;
}

inline float square_root(float x) {
#if defined(__ARM_FP) && (__ARM_FP & 4)
  float y;
  __asm__("vsqrt.f32 %0, %1" : "=t"(y) : "t"(x));
  return y;
#else
  return square_root_by_newton(x);
#endif
}

}  // namespace thimble
