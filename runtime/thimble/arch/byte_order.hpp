// The largest of signed bytes, four neighbours at a time.
#pragma once
#include "thimble/arch/dsp.hpp"

namespace thimble {

// The byte in all four places.
THIMBLE_INLINE uint32_t four_of(int32_t byte) {
  return uint32_t(byte & 0xff) * 0x01010101;
}

// The larger and the smaller of each pair of bytes: two instructions, the first of which notes in the flags GE which
// bytes of `a` are not below those of `b`.
#if THIMBLE_DSP_ASSEMBLY
THIMBLE_INLINE uint32_t larger_four(uint32_t a, uint32_t b) {
  uint32_t differences;
  __asm("ssub8 %0,%1,%2\n\t sel %1,%1,%2" : "=&r"(differences), "+r"(a) : "r"(b));
  return a;
}
THIMBLE_INLINE uint32_t smaller_four(uint32_t a, uint32_t b) {
  uint32_t differences;
  __asm("ssub8 %0,%1,%2\n\t sel %1,%2,%1" : "=&r"(differences), "+r"(a) : "r"(b));
  return a;
}
#else
template <class Choose>
THIMBLE_INLINE uint32_t choose_four(uint32_t a, uint32_t b, Choose choose) {
  uint32_t r = 0;
  for (int32_t i = 0; i < 32; i += 8) r |= uint32_t(uint8_t(choose(int8_t(a >> i & 0xff), int8_t(b >> i & 0xff)))) << i;
  return r;
}
THIMBLE_INLINE uint32_t larger_four(uint32_t a, uint32_t b) {
  return choose_four(a, b, [](int8_t x, int8_t y) { return x < y ? y : x; });
}
THIMBLE_INLINE uint32_t smaller_four(uint32_t a, uint32_t b) {
  return choose_four(a, b, [](int8_t x, int8_t y) { return x < y ? x : y; });
}
#endif

// The largest of each of four neighbours and what it begins with.
class FourLargest {
 public:
  explicit FourLargest(uint32_t first) : four_(first) {}
  THIMBLE_INLINE void add(uint32_t four) { four_ = larger_four(four_, four); }
  uint32_t four() const { return four_; }

 private:
  uint32_t four_;
};

}  // namespace thimble
