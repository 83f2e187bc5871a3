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

// --- the product loop ---
// What the block needs beside the sums waits where it costs one instruction to fetch: in FPU registers, or in memory.
#if defined(__ARM_FP)
#define THIMBLE_FETCH(to, name) "vmov " #to ",%[" #name "]\n\t"
#define THIMBLE_PARK(name, from) "vmov %[" #name "]," #from "\n\t"
#define THIMBLE_PARKED "t"
using Parked = float;
#else
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

// A panel times the pairs of channels, as the product loop wants it.
struct Product {
  const int32_t* panel;
  const int32_t* panel_end;
  const int32_t* weights;
  const int32_t* channels;      // four words a pair: bias of a, bias of a + 256*b, multipliers of a and b
  const int32_t* channels_end;  // of whole pairs
  int32_t entry;                // entry_of the quads, without the first for the product loop
  int32_t offset, shift;        // OutputStage
  int32_t second;               // from a pair's first result to its second
};

// Where the product loop enters the block behind its first quad.
constexpr int32_t entry_behind_first(int32_t quads) {
  return quads == 1 ? quads_per_turn * 46 : entry_of<true>(quads - 1);
}

#if THIMBLE_DSP_PRODUCT_LOOP
template <class Value>
THIMBLE_INLINE Parked parked(Value v) {
  static_assert(sizeof v == sizeof(Parked), "a word");
  Parked p;
  __builtin_memcpy(&p, &v, sizeof p);
  return p;
}

// The product loop over pairs of channels with shared halves and the saturated output stage: results of channel a at
// out[0], of b at out[second]; the next pair is 2 * second further. A result is ssat8((C + (sum * M >> 32)) >> shift),
// for channel b with 256 times the sum and C, and 8 more shift: SMMLA and SSAT. The first quad starts pixel 1's sums
// from pixel 0's biases, which saves copying them.
// 27 instructions a pair and 12 for each quad; shift and geometry at run time: about 40.
#define THIMBLE_FIRST_QUAD \
  "ldrd r2,r10,[lr],#8\n\t" THIMBLE_FETCH(r0, panel) "ldmia r0!,{r4-r7}\n\t ldrd r8,r9,[r1],#8\n\t sxtb16 r12,r8\n\t" \
  "smlad r11,r8,r6,r10\n\t smlad r10,r8,r4,r10\n\t smlad r3,r12,r6,r2\n\t smlad r2,r12,r4,r2\n\t sxtb16 r12,r9\n\t"   \
  "smlad r10,r9,r5,r10\n\t smlad r11,r9,r7,r11\n\t smlad r2,r12,r5,r2\n\t smlad r3,r12,r7,r3\n\t"
// The quads behind the first: 0 to 8, entering the block late, then turns of 8.
#define THIMBLE_MORE_QUADS  \
  THIMBLE_FETCH(r12, entry) \
  "add pc,r12\n\t nop\n1:\n\t" THIMBLE_EIGHT_TIMES(THIMBLE_MAC_SHARED) THIMBLE_FETCH(r4, end) "cmp r0,r4\n\t bne " \
                                                                                              "1b\n\t"
#define THIMBLE_SCALE \
  "ldrd r4,r5,[lr],#8\n\t sub r10,r10,r2\n\t sub r11,r11,r3\n\t" THIMBLE_FETCH(r6, offset) "lsl r7,r6,#8\n\t" \
  "smmla r2,r2,r4,r6\n\t smmla r3,r3,r4,r6\n\t smmla r10,r10,r5,r7\n\t smmla r11,r11,r5,r7\n\t"
#define THIMBLE_SHIFT_FIXED                                                                          \
  "ssat r2,#8,r2,asr %[shift]\n\t ssat r3,#8,r3,asr %[shift]\n\t ssat r10,#8,r10,asr %[shift_b]\n\t" \
  "ssat r11,#8,r11,asr %[shift_b]\n\t"
#define THIMBLE_SHIFT                                                                        \
  THIMBLE_FETCH(r6, shift)                                                                   \
  "add r7,r6,#8\n\t asr r2,r2,r6\n\t asr r3,r3,r6\n\t asr r10,r10,r7\n\t asr r11,r11,r7\n\t" \
  "ssat r2,#8,r2\n\t ssat r3,#8,r3\n\t ssat r10,#8,r10\n\t ssat r11,#8,r11\n\t"
// The second channel before the first, the second pixel before the first: one that does not exist has the place of the
// one that does, and is overwritten.
#define THIMBLE_STORE \
  THIMBLE_FETCH(r8, out0) THIMBLE_FETCH(r9, out1) THIMBLE_FETCH(r7, second)                                  \
  "strb r11,[r9,r7]\n\t strb r3,[r9]\n\t strb r10,[r8,r7]\n\t strb r2,[r8]\n\t add r8,r8,r7,lsl #1\n\t"      \
  "add r9,r9,r7,lsl #1\n\t" THIMBLE_PARK(out0, r8) THIMBLE_PARK(out1, r9)
#define THIMBLE_STORE_NEAR \
  THIMBLE_FETCH(r8, out0) THIMBLE_FETCH(r9, out1)                                                            \
  "strb r11,[r9,%[second]]\n\t strb r3,[r9],%[advance]\n\t strb r10,[r8,%[second]]\n\t strb r2,[r8],%[advance]\n\t" \
  THIMBLE_PARK(out0, r8) THIMBLE_PARK(out1, r9)
#define THIMBLE_PAIR_END THIMBLE_FETCH(r4, channels_end) "cmp lr,r4\n\t bne 2b\n\t"
#define THIMBLE_LOOP(body, ...)                                                                                   \
  __asm volatile(THIMBLE_KEEPING_R7("2:\n\t" THIMBLE_FIRST_QUAD body THIMBLE_PAIR_END)                            \
                 : "+r"(r1), "+r"(lr), [out0] "+" THIMBLE_PARKED(out0), [out1] "+" THIMBLE_PARKED(out1)           \
                 : [panel] THIMBLE_PARKED(panel), [end] THIMBLE_PARKED(end), [entry] THIMBLE_PARKED(entry),       \
                   [channels_end] THIMBLE_PARKED(channels_end), [offset] THIMBLE_PARKED(offset), __VA_ARGS__      \
                 : "r0", "r2", "r3", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "cc", \
                   "memory")

// All sizes at run time. Gives the place behind the weights.
THIMBLE_INLINE const int32_t* product_loop(const Product& p, int8_t* to0, int8_t* to1) {
  register const int32_t* r1 __asm("r1") = p.weights;
  register const int32_t* lr __asm("lr") = p.channels;
  Parked out0 = parked(to0), out1 = parked(to1);
  const Parked panel = parked(p.panel), channels_end = parked(p.channels_end), offset = parked(p.offset);
  const Parked entry = parked(p.entry), end = parked(p.panel_end);
  const Parked shift = parked(p.shift), second = parked(p.second);
  THIMBLE_LOOP(THIMBLE_MORE_QUADS THIMBLE_SCALE THIMBLE_SHIFT THIMBLE_STORE, [shift] THIMBLE_PARKED(shift),
               [second] THIMBLE_PARKED(second));
  return r1;
}

// Quads and shift known at compile time; the distance between a pair's results too when `near` is not 0. Up to nine
// quads are straight code.
template <int quads, int shift, int near>
THIMBLE_INLINE const int32_t* product_loop(const Product& p, int8_t* to0, int8_t* to1) {
  register const int32_t* r1 __asm("r1") = p.weights;
  register const int32_t* lr __asm("lr") = p.channels;
  Parked out0 = parked(to0), out1 = parked(to1);
  const Parked panel = parked(p.panel), channels_end = parked(p.channels_end), offset = parked(p.offset);
  constexpr bool straight = quads <= quads_per_turn + 1;  // then these two go unused
  const Parked entry = straight ? panel : parked(p.entry), end = straight ? panel : parked(p.panel_end);
  const Parked second = near != 0 ? panel : parked(p.second);
#define THIMBLE_FIXED_LOOP(more)                                                                        \
  if constexpr (near == 0)                                                                              \
    THIMBLE_LOOP(more THIMBLE_SCALE THIMBLE_SHIFT_FIXED THIMBLE_STORE, [second] THIMBLE_PARKED(second), \
                 [shift] "i"(shift), [shift_b] "i"(shift + 8));                                         \
  else                                                                                                  \
    THIMBLE_LOOP(more THIMBLE_SCALE THIMBLE_SHIFT_FIXED THIMBLE_STORE_NEAR, [second] "i"(near),         \
                 [advance] "i"(2 * near), [shift] "i"(shift), [shift_b] "i"(shift + 8))
#define THIMBLE_4_QUADS THIMBLE_TWICE(THIMBLE_TWICE(THIMBLE_MAC_SHARED))
  if constexpr (quads == 1) {
    THIMBLE_FIXED_LOOP("");
  } else if constexpr (quads == 2) {
    THIMBLE_FIXED_LOOP(THIMBLE_MAC_SHARED);
  } else if constexpr (quads == 3) {
    THIMBLE_FIXED_LOOP(THIMBLE_TWICE(THIMBLE_MAC_SHARED));
  } else if constexpr (quads == 4) {
    THIMBLE_FIXED_LOOP(THIMBLE_TWICE(THIMBLE_MAC_SHARED) THIMBLE_MAC_SHARED);
  } else if constexpr (quads == 5) {
    THIMBLE_FIXED_LOOP(THIMBLE_4_QUADS);
  } else if constexpr (quads == 6) {
    THIMBLE_FIXED_LOOP(THIMBLE_4_QUADS THIMBLE_MAC_SHARED);
  } else if constexpr (quads == 7) {
    THIMBLE_FIXED_LOOP(THIMBLE_4_QUADS THIMBLE_TWICE(THIMBLE_MAC_SHARED));
  } else if constexpr (quads == 8) {
    THIMBLE_FIXED_LOOP(THIMBLE_4_QUADS THIMBLE_TWICE(THIMBLE_MAC_SHARED) THIMBLE_MAC_SHARED);
  } else if constexpr (quads == 9) {
    THIMBLE_FIXED_LOOP(THIMBLE_EIGHT_TIMES(THIMBLE_MAC_SHARED));
  } else {
    THIMBLE_FIXED_LOOP(THIMBLE_MORE_QUADS);
  }
#undef THIMBLE_4_QUADS
#undef THIMBLE_FIXED_LOOP
  return r1;
}
#undef THIMBLE_FIRST_QUAD
#undef THIMBLE_MORE_QUADS
#undef THIMBLE_SCALE
#undef THIMBLE_SHIFT_FIXED
#undef THIMBLE_SHIFT
#undef THIMBLE_STORE
#undef THIMBLE_STORE_NEAR
#undef THIMBLE_PAIR_END
#undef THIMBLE_LOOP
#endif
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
