// Sums of signed bytes, four neighbours at a time in the halves of two words: on every core, with SIMD or without.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/v7m.hpp"

namespace thimble {

// Four neighbours. `aligned`: at a multiple of four, which cores without unaligned loads take at once.
THIMBLE_INLINE uint32_t load_four(const int8_t* p, [[maybe_unused]] bool aligned) {
  uint32_t v;
#if defined(__ARM_ARCH_6M__) || defined(__riscv)
  if (aligned)
    __builtin_memcpy(&v, __builtin_assume_aligned(p, 4), 4);
  else
#endif
    __builtin_memcpy(&v, p, 4);
  return v;
}

THIMBLE_INLINE void store_four(int8_t* p, uint32_t four) {
  __builtin_memcpy(p, &four, 4);
}

// Exact for up to 256 additions.
class FourSums {
 public:
#if THIMBLE_DSP_ASSEMBLY
  // Signed halves: two instructions for four bytes.
  static constexpr int32_t bias = 0;
  THIMBLE_INLINE void add(uint32_t four) {
    __asm("sxtab16 %0,%0,%1" : "+r"(first_) : "r"(four));
    __asm("sxtab16 %0,%0,%1,ror #8" : "+r"(odd_) : "r"(four));
  }
  uint32_t even() const {
    return first_;
  }
  static int32_t half(uint32_t word) {
    return int16_t(word & 0xffff);
  }
#else
  // Each byte as unsigned, 128 more than it is. The words are added whole, and once more what lies at odd places:
  // five instructions for four bytes. What is left of the whole sum is that of even places, modulo 2^32.
  static constexpr int32_t bias = 128;
  THIMBLE_INLINE void add(uint32_t four) {
    four ^= 0x80808080;
    first_ += four;
    odd_ += (four >> 8) & odd_mask();
  }
  uint32_t even() const {
    return first_ - (odd_ << 8);
  }
  static int32_t half(uint32_t word) {
    return int32_t(word & 0xffff);
  }
#endif
  // Calls store(sum) for the four sums in order, each `bias` too large for each addition.
  template <class Store>
  THIMBLE_INLINE void each(Store store) const {
    uint32_t even_halves = even(), odd_halves = odd_;
    for (int32_t i = 0; i < 2; ++i) {
      store(half(even_halves));
      store(half(odd_halves));
      even_halves >>= 16;
      odd_halves >>= 16;
    }
  }

 private:
  // In a register, where ARMv7-M shifts the other operand for nothing.
  THIMBLE_INLINE static uint32_t odd_mask() {
    uint32_t mask = 0x00ff00ff;
#if THIMBLE_V7M_ASSEMBLY
    __asm("" : "+r"(mask));
#endif
    return mask;
  }
  uint32_t first_ = 0, odd_ = 0;
};

}  // namespace thimble
