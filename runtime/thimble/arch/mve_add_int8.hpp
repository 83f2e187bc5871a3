// Addition of stored int8 numbers on cores with Helium.
#pragma once
#include "thimble/arch/mve_rows.hpp"
#include "thimble/binary_int8.pack.hpp"
#include "thimble/runs.hpp"

namespace thimble {
namespace mve {

// `count` sums, none or more. The sum is shifted left until its result is the upper byte: saturating that shift is
// clamping the result to int8, and what it leaves below is the fraction that rounding down drops. Two instructions an
// element on a Cortex-M55.
THIMBLE_INLINE void add_bytes(const Int8Sum& s, const int8_t* a, const int8_t* b, int8_t* out, int32_t count) {
#if THIMBLE_MVE_ASSEMBLY
  const int32x4_t a_multiplier = vdupq_n_s32(s.a_multiplier);
  __asm volatile(
      "wlstp.32 lr,%[count],2f\n1:\n\t vldrb.s32 q0,[%[a]],#4\n\t vldrb.s32 q1,[%[b]],#4\n\t"
      "vmlas.s32 q0,%q[a_multiplier],%[offset]\n\t vmla.s32 q0,q1,%[b_multiplier]\n\t vqshl.s32 q0,%[shift]\n\t"
      "vshr.s32 q0,q0,#24\n\t vstrb.32 q0,[%[out]],#4\n\t letp lr,1b\n2:\n\t"
      : [a] "+l"(a), [b] "+l"(b), [out] "+l"(out)
      : [count] "r"(count), [a_multiplier] "w"(a_multiplier), [offset] "r"(s.offset),
        [b_multiplier] "r"(s.b_multiplier), [shift] "r"(24 - s.shift)
      : "lr", "q0", "q1", "memory");
#else
  for (int32_t i = 0; i < count; ++i) {
    const int32_t q = (a[i] * s.a_multiplier + b[i] * s.b_multiplier + s.offset) >> s.shift;
    out[i] = int8_t(q < -128 ? -128 : q > 127 ? 127 : q);
  }
#endif
}

// The same with ties to even: the sum, its step's least bit and half a step less one added; then the shift, the zero
// point and the clamp. Four instructions an element.
THIMBLE_INLINE void add_bytes_to_even(const Int8Sum& s, const int8_t* a, const int8_t* b, int8_t* out, int32_t count) {
#if THIMBLE_MVE_ASSEMBLY
  const int32x4_t a_multiplier = vdupq_n_s32(s.a_multiplier), one = vdupq_n_s32(1);
  const int32x4_t low = vdupq_n_s32(s.low), high = vdupq_n_s32(s.high);
  __asm volatile(
      "wlstp.32 lr,%[count],2f\n1:\n\t vldrb.s32 q0,[%[a]],#4\n\t vldrb.s32 q1,[%[b]],#4\n\t"
      "vmlas.s32 q0,%q[a_multiplier],%[offset]\n\t vmla.s32 q0,q1,%[b_multiplier]\n\t vmov q1,q0\n\t"
      "vshl.s32 q1,%[shift]\n\t vand q1,q1,%q[one]\n\t vadd.i32 q0,q0,q1\n\t vadd.i32 q0,q0,%[half]\n\t"
      "vshl.s32 q0,%[shift]\n\t vadd.i32 q0,q0,%[zero]\n\t vmax.s32 q0,q0,%q[low]\n\t vmin.s32 q0,q0,%q[high]\n\t"
      "vstrb.32 q0,[%[out]],#4\n\t letp lr,1b\n2:\n\t"
      : [a] "+l"(a), [b] "+l"(b), [out] "+l"(out)
      : [count] "r"(count), [a_multiplier] "w"(a_multiplier), [offset] "r"(s.offset),
        [b_multiplier] "r"(s.b_multiplier), [shift] "r"(-s.shift), [one] "w"(one),
        [half] "r"((int32_t(1) << (s.shift - 1)) - 1), [zero] "r"(s.zero_point), [low] "w"(low), [high] "w"(high)
      : "lr", "q0", "q1", "memory");
#else
  for (int32_t i = 0; i < count; ++i) out[i] = apply_ties_to_even(s, a[i], b[i]);
#endif
}

}  // namespace mve

inline void add_int8_mve(const AddInt8& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                         int32_t y1) {
  const Int8Sum& sum = layer.sum;
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* result, const uint8_t* left, const uint8_t* right) {
        const int32_t count = rows * layer.row_elements;
        int8_t* const to = reinterpret_cast<int8_t*>(result);
        mve::add_bytes(sum, reinterpret_cast<const int8_t*>(left), reinterpret_cast<const int8_t*>(right), to, count);
        if (sum.low > -128 || sum.high < 127) mve::clamp_bytes(to, count, sum.low, sum.high);
      },
      out, a, b);
}

inline void add_int8_ties_to_even_mve(const AddInt8& layer, const RowView& a, const RowView& b, const RowRing& out,
                                      int32_t y0, int32_t y1) {
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* result, const uint8_t* left, const uint8_t* right) {
        mve::add_bytes_to_even(layer.sum, reinterpret_cast<const int8_t*>(left), reinterpret_cast<const int8_t*>(right),
                               reinterpret_cast<int8_t*>(result), rows * layer.row_elements);
      },
      out, a, b);
}

}  // namespace thimble
