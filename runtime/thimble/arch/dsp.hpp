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

// --- the product block ---
// The panel holds two pixels as halves, in quads of four values each: words {0,2} {1,3} of pixel 0, {0,2} {1,3} of
// pixel 1. The weights of a quad are two words, for two output channels a and b:
//   shared halves: {a0+256*b0, a2+256*b2} {a1+256*b1, a3+256*b3}. SXTB16 gives a alone; the word as it is gives the sum
//     of both, so that channel b is (both - a) / 256. 12 instructions for 16 products. Exact modulo 2^32, hence exact
//     whenever |sum of b| < 2^23; a + 256*b must fit 16 bits: b > -128 where a < 0.
//   plain: the bytes a0..a3, then b0..b3. 14 instructions for 16 products.
struct Sums {
  int32_t a0, a1;  // channel a of pixels 0 and 1
  int32_t b0, b1;  // shared halves: 256 times channel b, plus channel a. Plain: channel b
};

#define THIMBLE_MAC_SHARED                                                                  \
  "ldmia r0!,{r4-r7}\n\t ldrd r8,r9,[r1],#8\n\t sxtb16 r12,r8\n\t smlad r10,r8,r4,r10\n\t"  \
  "smlad r11,r8,r6,r11\n\t smlad r2,r12,r4,r2\n\t smlad r3,r12,r6,r3\n\t sxtb16 r12,r9\n\t" \
  "smlad r10,r9,r5,r10\n\t smlad r11,r9,r7,r11\n\t smlad r2,r12,r5,r2\n\t smlad r3,r12,r7,r3\n\t"
#define THIMBLE_MAC_PLAIN                                                                       \
  "ldmia r0!,{r4-r7}\n\t ldrd r8,r9,[r1],#8\n\t sxtb16 r12,r8\n\t smlad r2,r12,r4,r2\n\t"       \
  "smlad r3,r12,r6,r3\n\t sxtb16 r8,r8,ror #8\n\t smlad r2,r8,r5,r2\n\t smlad r3,r8,r7,r3\n\t"  \
  "sxtb16 r12,r9\n\t smlad r10,r12,r4,r10\n\t smlad r11,r12,r6,r11\n\t sxtb16 r9,r9,ror #8\n\t" \
  "smlad r10,r9,r5,r10\n\t smlad r11,r9,r7,r11\n\t"
#define THIMBLE_TWICE(x) x x
#define THIMBLE_EIGHT_TIMES(x) THIMBLE_TWICE(THIMBLE_TWICE(THIMBLE_TWICE(x)))

// Quads done per turn of the unrolled loop; a run that is no multiple of it enters the first turn late.
constexpr int32_t quads_per_turn = 8;

// Where a run of `quads` quads enters the block: bytes of code to skip.
template <bool shared_halves>
constexpr int32_t entry_of(int32_t quads) {
  constexpr int32_t quad_code_bytes = shared_halves ? 46 : 54;  // LDM is 2 bytes long, the others 4
  return int32_t(uint32_t(-quads) % quads_per_turn) * quad_code_bytes;
}

// Adds the products of the panel [panel, end), one quad or more, to the sums. `entry` is entry_of(its quads).
template <bool shared_halves>
THIMBLE_INLINE void mac22(const int32_t* panel, const int32_t* end, int32_t entry, const int32_t*& weights,
                          Sums& sums) {
#if THIMBLE_DSP_ASSEMBLY
  register const int32_t* r0 __asm("r0") = panel;
  register const int32_t* r1 __asm("r1") = weights;
  register int32_t r2 __asm("r2") = sums.a0;
  register int32_t r3 __asm("r3") = sums.a1;
  register int32_t r10 __asm("r10") = sums.b0;
  register int32_t r11 __asm("r11") = sums.b1;
  register int32_t r12 __asm("r12") = entry;
  register const int32_t* lr __asm("lr") = end;
#define THIMBLE_MAC(quad)                                                                                              \
  __asm volatile(THIMBLE_KEEPING_R7("add pc,r12\n\t nop\n1:\n\t" THIMBLE_EIGHT_TIMES(quad) "cmp r0,lr\n\t bne 1b\n\t") \
                 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(lr)                   \
                 :                                                                                                     \
                 : "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "cc", "memory")
  if constexpr (shared_halves)
    THIMBLE_MAC(THIMBLE_MAC_SHARED);
  else
    THIMBLE_MAC(THIMBLE_MAC_PLAIN);
#undef THIMBLE_MAC
  weights = r1;
  sums = {r2, r3, r10, r11};
#else
  static_cast<void>(entry);
  for (; panel != end; panel += 4, weights += 2) {
    const int32_t p[4] = {load32(panel), load32(panel + 1), load32(panel + 2), load32(panel + 3)};
    const int32_t u = weights[0], v = weights[1];
    const auto add = [&](int32_t& pixel0, int32_t& pixel1, int32_t w02, int32_t w13) {
      pixel0 = smlad(w13, p[1], smlad(w02, p[0], pixel0));
      pixel1 = smlad(w13, p[3], smlad(w02, p[2], pixel1));
    };
    if (shared_halves) {
      add(sums.a0, sums.a1, even_bytes(u), even_bytes(v));
      add(sums.b0, sums.b1, u, v);
    } else {
      add(sums.a0, sums.a1, even_bytes(u), odd_bytes(u));
      add(sums.b0, sums.b1, even_bytes(v), odd_bytes(v));
    }
  }
#endif
}

// The same for a number of quads known at compile time, 1 to 8: straight code.
template <bool shared_halves, int quads>
THIMBLE_INLINE void mac22(const int32_t* panel, const int32_t*& weights, Sums& sums) {
  static_assert(quads >= 1 && quads <= quads_per_turn, "a longer run is a loop");
#if THIMBLE_DSP_ASSEMBLY
  register const int32_t* r0 __asm("r0") = panel;
  register const int32_t* r1 __asm("r1") = weights;
  register int32_t r2 __asm("r2") = sums.a0;
  register int32_t r3 __asm("r3") = sums.a1;
  register int32_t r10 __asm("r10") = sums.b0;
  register int32_t r11 __asm("r11") = sums.b1;
#define THIMBLE_MAC(n, quad)                                                    \
  if constexpr (quads == n)                                                     \
  __asm volatile(THIMBLE_KEEPING_R7(quad)                                       \
                 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r10), "+r"(r11) \
                 :                                                              \
                 : "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r12", "memory")
#define THIMBLE_MAC_UP_TO_8(quad)                     \
  THIMBLE_MAC(1, quad);                               \
  THIMBLE_MAC(2, quad quad);                          \
  THIMBLE_MAC(3, quad quad quad);                     \
  THIMBLE_MAC(4, quad quad quad quad);                \
  THIMBLE_MAC(5, quad quad quad quad quad);           \
  THIMBLE_MAC(6, quad quad quad quad quad quad);      \
  THIMBLE_MAC(7, quad quad quad quad quad quad quad); \
  THIMBLE_MAC(8, THIMBLE_EIGHT_TIMES(quad))
  if constexpr (shared_halves) {
    THIMBLE_MAC_UP_TO_8(THIMBLE_MAC_SHARED);
  } else {
    THIMBLE_MAC_UP_TO_8(THIMBLE_MAC_PLAIN);
  }
#undef THIMBLE_MAC_UP_TO_8
#undef THIMBLE_MAC
  weights = r1;
  sums = {r2, r3, r10, r11};
#else
  mac22<shared_halves>(panel, panel + 4 * quads, 0, weights, sums);
#endif
}
#undef THIMBLE_MAC_SHARED
#undef THIMBLE_MAC_PLAIN
#undef THIMBLE_EIGHT_TIMES
#undef THIMBLE_TWICE

// --- filling the panel ---
// Widens four values of one pixel; `panel` points at the pixel's half of the quad and moves on to the next quad.
THIMBLE_INLINE void widen1(const int8_t*& from, int32_t*& panel) {
#if THIMBLE_DSP_ASSEMBLY
  int32_t t, u;
  __asm volatile(
      "ldr %[t],[%[from]],#4\n\t sxtb16 %[u],%[t]\n\t sxtb16 %[t],%[t],ror #8\n\t strd %[u],%[t],[%[panel]],#16"
      : [from] "+r"(from), [panel] "+r"(panel), [t] "=&r"(t), [u] "=&r"(u)
      :
      : "memory");
#else
  const int32_t v = load32(from);
  store32(panel, even_bytes(v));
  store32(panel + 1, odd_bytes(v));
  from += 4;
  panel += 4;
#endif
}

// Widens four values of two pixels: 7 instructions for 8 values.
THIMBLE_INLINE void widen2(const int8_t*& pixel0, const int8_t*& pixel1, int32_t*& panel) {
#if THIMBLE_DSP_ASSEMBLY
  __asm volatile(
      "ldr r2,[%[p0]],#4\n\t ldr r3,[%[p1]],#4\n\t sxtb16 r4,r2\n\t sxtb16 r5,r2,ror #8\n\t sxtb16 r6,r3\n\t"
      "sxtb16 r8,r3,ror #8\n\t stmia %[panel]!,{r4-r6,r8}"
      : [p0] "+r"(pixel0), [p1] "+r"(pixel1), [panel] "+r"(panel)
      :
      : "r2", "r3", "r4", "r5", "r6", "r8", "memory");
#else
  int32_t* second = panel + 2;
  widen1(pixel0, panel);
  widen1(pixel1, second);
#endif
}

}  // namespace thimble::dsp
