// Building blocks for cores with the ARM DSP extension: SIMD products of 16-bit halves, and the blocks that keep their
// operands in registers by hand. Each block has a C++ twin that computes the same, for the host and for builds without
// optimisation (the assembly names nearly every core register, which leaves none for a debugger's frame pointer).
#pragma once
#include <stdint.h>

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__OPTIMIZE__)
#define THIMBLE_DSP_ASSEMBLY 1
#else
#define THIMBLE_DSP_ASSEMBLY 0
#endif
#define THIMBLE_INLINE [[gnu::always_inline]] inline
// Clang keeps R7 for the frame pointer by default, so there the blocks save it themselves.
#if defined(__clang__)
#define THIMBLE_KEEPING_R7(code) "push {r7}\n\t" code "pop {r7}"
#define THIMBLE_CLOBBERS_R7
#else
#define THIMBLE_KEEPING_R7(code) code
#define THIMBLE_CLOBBERS_R7 "r7",
#endif

namespace thimble::dsp {

// Words at any address.
THIMBLE_INLINE int32_t load32(const void* p) {
  int32_t v;
  __builtin_memcpy(&v, p, 4);
  return v;
}
// `count` bytes, 0 to 3, as the lower bytes of a word; the others are 0.
inline int32_t load_bytes(const int8_t* p, int32_t count) {
  uint32_t v = 0;
  for (int32_t i = 0; i < count; ++i) v |= uint32_t(uint8_t(p[i])) << (8 * i);
  return int32_t(v);
}
THIMBLE_INLINE void store32(void* p, int32_t v) {
  __builtin_memcpy(p, &v, 4);
}
THIMBLE_INLINE void store16(void* p, int32_t v) {
  const int16_t half = int16_t(v);
  __builtin_memcpy(p, &half, 2);
}

// The lower and upper half of a word, sign-extended.
THIMBLE_INLINE int32_t bottom(int32_t v) {
  return int16_t(uint32_t(v) & 0xffff);
}
THIMBLE_INLINE int32_t top(int32_t v) {
  return v >> 16;
}
THIMBLE_INLINE int32_t halves(int32_t bottom, int32_t top) {
  return int32_t((uint32_t(bottom) & 0xffff) | uint32_t(top) << 16);
}
// a * b + c and a + b, wrapping as the instructions do.
THIMBLE_INLINE int32_t wrapping_mla(int32_t a, int32_t b, int32_t c) {
  return int32_t(uint32_t(c) + uint32_t(a) * uint32_t(b));
}
THIMBLE_INLINE int32_t wrapping_sub(int32_t a, int32_t b) {
  return int32_t(uint32_t(a) - uint32_t(b));
}

#if THIMBLE_DSP_ASSEMBLY
#define THIMBLE_DSP_3(name, instruction, twin)                            \
  THIMBLE_INLINE int32_t name(int32_t a, int32_t b, int32_t c) {          \
    int32_t r;                                                            \
    __asm(instruction " %0,%1,%2,%3" : "=r"(r) : "r"(a), "r"(b), "r"(c)); \
    return r;                                                             \
  }
#else
#define THIMBLE_DSP_3(name, instruction, twin)                   \
  THIMBLE_INLINE int32_t name(int32_t a, int32_t b, int32_t c) { \
    return twin;                                                 \
  }
#endif
// Both products of halves, and the four single ones; c + (a * b >> 32).
THIMBLE_DSP_3(smlad, "smlad", wrapping_mla(top(a), top(b), wrapping_mla(bottom(a), bottom(b), c)))
THIMBLE_DSP_3(smlabb, "smlabb", wrapping_mla(bottom(a), bottom(b), c))
THIMBLE_DSP_3(smlabt, "smlabt", wrapping_mla(bottom(a), top(b), c))
THIMBLE_DSP_3(smlatb, "smlatb", wrapping_mla(top(a), bottom(b), c))
THIMBLE_DSP_3(smlatt, "smlatt", wrapping_mla(top(a), top(b), c))
THIMBLE_DSP_3(smmla, "smmla", wrapping_mla(1, int32_t((int64_t(a) * b) >> 32), c))
#undef THIMBLE_DSP_3

// Bytes 0 and 2 of a word, sign-extended to halves; bytes 1 and 3.
THIMBLE_INLINE int32_t even_bytes(int32_t a) {
#if THIMBLE_DSP_ASSEMBLY
  int32_t r;
  __asm("sxtb16 %0,%1" : "=r"(r) : "r"(a));
  return r;
#else
  return halves(int8_t(uint32_t(a) & 0xff), int8_t(uint32_t(a) >> 16 & 0xff));
#endif
}
THIMBLE_INLINE int32_t odd_bytes(int32_t a) {
#if THIMBLE_DSP_ASSEMBLY
  int32_t r;
  __asm("sxtb16 %0,%1,ror #8" : "=r"(r) : "r"(a));
  return r;
#else
  return even_bytes(int32_t(uint32_t(a) >> 8));
#endif
}

// clamp(a >> shift, -128, 127), shift a constant of 0 to 31.
template <int shift>
THIMBLE_INLINE int32_t saturate8(int32_t a) {
#if THIMBLE_DSP_ASSEMBLY
  int32_t r;
  if constexpr (shift > 0)
    __asm("ssat %0,#8,%1,asr %2" : "=r"(r) : "r"(a), "I"(shift));
  else
    __asm("ssat %0,#8,%1" : "=r"(r) : "r"(a));
  return r;
#else
  const int32_t q = a >> shift;
  return q < -128 ? -128 : q > 127 ? 127 : q;
#endif
}

// Quads of values per turn of the blocks' unrolled loops; a run that is no multiple of it enters the first turn late.
constexpr int32_t quads_per_turn = 8;

// --- parked values ---
// What the block needs beside the sums waits where it costs one instruction to fetch one value, or two that were parked
// together: in FPU registers, or in memory.
#if defined(__ARM_FP)
#define THIMBLE_FETCH_TWO(to, to_second, name) "vmov " #to "," #to_second ",%P[" #name "]\n\t"
#define THIMBLE_PARK_TWO(name, from, from_second) "vmov %P[" #name "]," #from "," #from_second "\n\t"
#define THIMBLE_PARKED_TWO "w"
using ParkedTwo = double;
#define THIMBLE_FETCH(to, name) "vmov " #to ",%[" #name "]\n\t"
#define THIMBLE_PARK(name, from) "vmov %[" #name "]," #from "\n\t"
#define THIMBLE_PARKED "t"
using Parked = float;
#else
#define THIMBLE_FETCH_TWO(to, to_second, name) "ldrd " #to "," #to_second ",%[" #name "]\n\t"
#define THIMBLE_PARK_TWO(name, from, from_second) "strd " #from "," #from_second ",%[" #name "]\n\t"
#define THIMBLE_PARKED_TWO "m"
using ParkedTwo = int64_t;
#define THIMBLE_FETCH(to, name) "ldr " #to ",%[" #name "]\n\t"
#define THIMBLE_PARK(name, from) "str " #from ",%[" #name "]\n\t"
#define THIMBLE_PARKED "m"
using Parked = int32_t;
#endif
// Clang's blocks move the stack pointer, so that they cannot name memory.
#if THIMBLE_DSP_ASSEMBLY && (defined(__ARM_FP) || !defined(__clang__))
#define THIMBLE_DSP_PRODUCT_LOOP 1
#else
#define THIMBLE_DSP_PRODUCT_LOOP 0
#endif

#if THIMBLE_DSP_PRODUCT_LOOP
template <class Value>
THIMBLE_INLINE Parked parked(Value v) {
  static_assert(sizeof v == sizeof(Parked), "a word");
  Parked p;
  __builtin_memcpy(&p, &v, sizeof p);
  return p;
}
template <class First, class Second>
THIMBLE_INLINE ParkedTwo parked_two(First first, Second second) {
  ParkedTwo p;
#if defined(__ARM_FP)
  __asm("vmov %P0,%1,%2" : "=w"(p) : "r"(first), "r"(second));
#else
  __builtin_memcpy(&p, &first, 4);
  __builtin_memcpy(reinterpret_cast<char*>(&p) + 4, &second, 4);
#endif
  return p;
}
#endif

}  // namespace thimble::dsp
