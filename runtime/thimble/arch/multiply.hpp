// The upper half of a 32 x 32 bit product, on every core.
#pragma once
#include <stdint.h>

namespace thimble {

// floor(a * b / 2^32) by four 16-bit products, for cores without a long multiply. No intermediate overflows: |ah * bl|
// < 2^31 - 2^16, and what is added to it is below 2^16.
inline int32_t multiply_high_by_halves(int32_t a, int32_t b) {
  const int32_t ah = a >> 16, bh = b >> 16;
  const uint32_t al = uint32_t(a) & 0xffff, bl = uint32_t(b) & 0xffff;
  const int32_t middle = ah * int32_t(bl) + int32_t((al * bl) >> 16);
  const int32_t other = int32_t(al) * bh + int32_t(uint32_t(middle) & 0xffff);
  return ah * bh + (middle >> 16) + (other >> 16);
}

// floor(a * b / 2^32).
inline int32_t multiply_high(int32_t a, int32_t b) {
#if defined(__ARM_ARCH_6M__) || (defined(__riscv) && !defined(__riscv_mul))
  return multiply_high_by_halves(a, b);
#else
  return int32_t((int64_t(a) * b) >> 32);
#endif
}

}  // namespace thimble
