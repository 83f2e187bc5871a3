// The inner products of the float kernels. Where the core has an FPU with fused multiply-add, blocks of sums stay in
// its registers and operands are loaded several at once, in one instruction; the C++ forms compute the same but for
// rounding.
#pragma once
#include <stdint.h>

#if defined(__ARM_FEATURE_FMA) && defined(__thumb2__)
#define THIMBLE_FLOAT_ASSEMBLY 1
#else
#define THIMBLE_FLOAT_ASSEMBLY 0
#endif
#if THIMBLE_FLOAT_ASSEMBLY
#define THIMBLE_FMA(sum, weight, value) "vfma.f32 s" #sum ", s" #weight ", s" #value "\n\t"
// A value times four weights.
#define THIMBLE_4_PRODUCTS(v, w0, w1, w2, w3, a, b, c, d) \
  THIMBLE_FMA(a, w0, v) THIMBLE_FMA(b, w1, v) THIMBLE_FMA(c, w2, v) THIMBLE_FMA(d, w3, v)
// The values in s16 to s19, each times its four weights in s0 to s15.
#define THIMBLE_16_PRODUCTS(a, b, c, d)                                                           \
  THIMBLE_4_PRODUCTS(16, 0, 1, 2, 3, a, b, c, d)                                                  \
  THIMBLE_4_PRODUCTS(17, 4, 5, 6, 7, a, b, c, d) THIMBLE_4_PRODUCTS(18, 8, 9, 10, 11, a, b, c, d) \
      THIMBLE_4_PRODUCTS(19, 12, 13, 14, 15, a, b, c, d)
// Eight values times a weight each, into s16 to s23.
#define THIMBLE_8_TAPS                                                                                              \
  "vldmia %[v], {s0-s7}\n\t"                                                                                        \
  "vldmia %[w]!, {s8-s15}\n\t"                                                                                      \
  "add %[v], %[step]\n\t" THIMBLE_FMA(16, 0, 8) THIMBLE_FMA(17, 1, 9) THIMBLE_FMA(18, 2, 10) THIMBLE_FMA(19, 3, 11) \
      THIMBLE_FMA(20, 4, 12) THIMBLE_FMA(21, 5, 13) THIMBLE_FMA(22, 6, 14) THIMBLE_FMA(23, 7, 15)
#define THIMBLE_LOW_FLOATS                                                                                            \
  "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "s16", "s17", \
      "s18", "s19"
#endif

namespace thimble {

// sums[k] = start[k] + sum over i in [0, n) of values[i] * weights[i][k], for k in [0, 4).
// Assembly: 20 instructions for 16 products, 8 for each 4 of the n % 4 at the end.
__attribute__((always_inline)) inline void four_sums(const float* start, const float* values, const float* weights,
                                                     int32_t n, float* sums) {
#if THIMBLE_FLOAT_ASSEMBLY
  __asm__ volatile(
      "vldmia %[start], {s20-s23}\n\t"
      "subs %[n], #4\n\t"
      "blt 2f\n"
      "1:\n\t"
      "vldmia %[w]!, {s0-s15}\n\t"
      "vldmia %[v]!, {s16-s19}\n\t"
      THIMBLE_16_PRODUCTS(20, 21, 22, 23)
      "subs %[n], #4\n\t"
      "bge 1b\n"
      "2:\n\t"
      "adds %[n], #4\n\t"
      "beq 4f\n"
      "3:\n\t"
      "vldmia %[w]!, {s0-s3}\n\t"
      "vldmia %[v]!, {s16}\n\t"
      THIMBLE_4_PRODUCTS(16, 0, 1, 2, 3, 20, 21, 22, 23)
      "subs %[n], #1\n\t"
      "bne 3b\n"
      "4:\n\t"
      "vstmia %[sums], {s20-s23}"
      : [v] "+r"(values), [w] "+r"(weights), [n] "+r"(n)
      : [start] "r"(start), [sums] "r"(sums)
      : THIMBLE_LOW_FLOATS, "s20", "s21", "s22", "s23", "cc", "memory");
#else
  float a = start[0], b = start[1], c = start[2], d = start[3];
  for (const float* const end = values + n; values != end; ++values, weights += 4) {
    a += *values * weights[0];
    b += *values * weights[1];
    c += *values * weights[2];
    d += *values * weights[3];
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
#endif
}

// Four sums of one pixel: where they start, the pixel's values, and where the sums go.
struct FloatPixel {
  const float *start, *values;
  float* sums;
};

// four_sums() for two pixels, which share the weights. Assembly: 37 instructions for 32 products, 13 for each 8 of the
// n % 4 at the end.
__attribute__((always_inline)) inline void four_sums_of_2(const FloatPixel& one, const FloatPixel& two,
                                                          const float* weights, int32_t n) {
#if THIMBLE_FLOAT_ASSEMBLY
  const float *v = one.values, *u = two.values;
  __asm__ volatile(
      "vldmia %[start], {s20-s23}\n\t"
      "vldmia %[start_2], {s24-s27}\n\t"
      "subs %[n], #4\n\t"
      "blt 2f\n"
      "1:\n\t"
      "vldmia %[w]!, {s0-s15}\n\t"
      "vldmia %[v]!, {s16-s19}\n\t"
      THIMBLE_16_PRODUCTS(20, 21, 22, 23)
      "vldmia %[u]!, {s16-s19}\n\t"
      THIMBLE_16_PRODUCTS(24, 25, 26, 27)
      "subs %[n], #4\n\t"
      "bge 1b\n"
      "2:\n\t"
      "adds %[n], #4\n\t"
      "beq 4f\n"
      "3:\n\t"
      "vldmia %[w]!, {s0-s3}\n\t"
      "vldmia %[v]!, {s16}\n\t"
      "vldmia %[u]!, {s17}\n\t"
      THIMBLE_4_PRODUCTS(16, 0, 1, 2, 3, 20, 21, 22, 23)
      THIMBLE_4_PRODUCTS(17, 0, 1, 2, 3, 24, 25, 26, 27)
      "subs %[n], #1\n\t"
      "bne 3b\n"
      "4:\n\t"
      "vstmia %[sums], {s20-s23}\n\t"
      "vstmia %[sums_2], {s24-s27}"
      : [v] "+r"(v), [u] "+r"(u), [w] "+r"(weights), [n] "+r"(n)
      : [start] "r"(one.start), [start_2] "r"(two.start), [sums] "r"(one.sums), [sums_2] "r"(two.sums)
      : THIMBLE_LOW_FLOATS, "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", "cc", "memory");
#else
  four_sums(one.start, one.values, weights, n, one.sums);
  four_sums(two.start, two.values, weights, n, two.sums);
#endif
}

// sums[k] = start[k] + sum over i in [0, n) of values[i * step + k] * weights[i][k], for k in [0, 8); n >= 1: taps of
// eight channels. Assembly: 13 instructions for 8 products, 11 where n is 3.
__attribute__((always_inline)) inline void eight_taps(const float* start, const float* values, int32_t step,
                                                      const float* weights, int32_t n, float* sums) {
#if THIMBLE_FLOAT_ASSEMBLY
  __asm__ volatile(
      "vldmia %[start], {s16-s23}\n\t"
      "cmp %[n], #3\n\t"
      "bne 1f\n\t" THIMBLE_8_TAPS THIMBLE_8_TAPS
      "movs %[n], #1\n"
      "1:\n\t" THIMBLE_8_TAPS
      "subs %[n], #1\n\t"
      "bne 1b\n\t"
      "vstmia %[sums], {s16-s23}"
      : [v] "+r"(values), [w] "+r"(weights), [n] "+r"(n)
      : [step] "r"(4 * step), [start] "r"(start), [sums] "r"(sums)
      : THIMBLE_LOW_FLOATS, "s20", "s21", "s22", "s23", "cc", "memory");
#else
  float s[8];
  for (int32_t k = 0; k < 8; ++k) s[k] = start[k];
  for (; n > 0; --n, values += step, weights += 8)
    for (int32_t k = 0; k < 8; ++k) s[k] += values[k] * weights[k];
  for (int32_t k = 0; k < 8; ++k) sums[k] = s[k];
#endif
}

}  // namespace thimble

#if THIMBLE_FLOAT_ASSEMBLY
#undef THIMBLE_FMA
#undef THIMBLE_4_PRODUCTS
#undef THIMBLE_16_PRODUCTS
#undef THIMBLE_8_TAPS
#undef THIMBLE_LOW_FLOATS
#endif
