// Multiplication of stored int8 numbers on cores with Helium, eight at a time, in the common form of
// requantize().
#pragma once
#include "thimble/arch/mve.hpp"
#include "thimble/binary_int8.pack.hpp"
#include "thimble/broadcast.hpp"
#include "thimble/runs.hpp"

namespace thimble {
namespace mve {

// `count` products, none or more, of numbers `a_step` and `b_step` apart: 0 or 1; in the common form of requantize().
// Loads that widen, subtractions, products of 16 bits that give those of even and of odd places; then the high halves
// of the products, the rounding shifts, the zero point in 16 bits, where saturation takes nothing from the clamp: 2.9
// instructions an element on a Cortex-M55.
inline void multiply_bytes(const Int8Product& p, const int8_t* a, int32_t a_step, const int8_t* b, int32_t b_step,
                           int8_t* out, int32_t count) {
#if THIMBLE_MVE_ASSEMBLY
  const int32x4_t multiplier = vdupq_n_s32(p.multiplier);
  const int16x8_t zero = vdupq_n_s16(int16_t(p.out.zero_point));
  const int16x8_t low = vdupq_n_s16(int16_t(p.out.low)), high = vdupq_n_s16(int16_t(p.out.high));
  int8_t same_a[8], same_b[8];
  if (a_step == 0) a = (fill_bytes(same_a, *a, 8), same_a);
  if (b_step == 0) b = (fill_bytes(same_b, *b, 8), same_b);
  // Only loads and stores stop at the end: under a predicate of 16 bits the wide products would lose their upper
  // halves.
  __asm volatile(
      "add lr,%[count],#7\n\t lsr lr,lr,#3\n\t wls lr,lr,2f\n1:\n\t vctp.16 %[count]\n\t vpstt\n\t vldrbt.s16 "
      "q0,[%[a]]\n\t vldrbt.s16 q1,[%[b]]\n\t"
      "add %[a],%[a],%[a_bytes]\n\t add %[b],%[b],%[b_bytes]\n\t sub %[count],%[count],#8\n\t"
      "vsub.i16 q0,q0,%[a_zero]\n\t vsub.i16 q1,q1,%[b_zero]\n\t vmullb.s16 q2,q0,q1\n\t"
      "vmullt.s16 q3,q0,q1\n\t vmulh.s32 q2,q2,%q[multiplier]\n\t vmulh.s32 q3,q3,%q[multiplier]\n\t"
      "vrshl.s32 q2,%[shift]\n\t vrshl.s32 q3,%[shift]\n\t vqmovnb.s32 q2,q2\n\t vqmovnt.s32 q2,q3\n\t"
      "vqadd.s16 q2,q2,%q[zero]\n\t vmax.s16 q2,q2,%q[low]\n\t vmin.s16 q2,q2,%q[high]\n\t vpst\n\t"
      "vstrbt.16 q2,[%[out]],#8\n\t le lr,1b\n2:\n\t"
      : [a] "+&l"(a), [b] "+&l"(b), [out] "+&l"(out), [count] "+&r"(count)
      : [a_bytes] "r"(8 * a_step), [b_bytes] "r"(8 * b_step), [a_zero] "r"(p.a_zero_point),
        [b_zero] "r"(p.b_zero_point), [multiplier] "w"(multiplier), [shift] "r"(-p.out.shift), [zero] "w"(zero),
        [low] "w"(low), [high] "w"(high)
      : "lr", "q0", "q1", "q2", "q3", "memory");
#else
  for (; count > 0; --count, a += a_step, b += b_step) *out++ = apply(p, *a, *b);
#endif
}

// The function that a broadcast kernel takes for its element, and its run.
struct Multiplication {
  Int8Product product;
};
inline int8_t* broadcast_run(const int8_t* a, int32_t a_step, const int8_t* b, int32_t b_step, int8_t* out,
                             int32_t count, const Multiplication& m) {
  if (a_step <= 1 && b_step <= 1) {
    multiply_bytes(m.product, a, a_step, b, b_step, out, count);
    return out + count;
  }
  for (; count > 0; --count, a += a_step, b += b_step) *out++ = apply(m.product, *a, *b);
  return out;
}

}  // namespace mve

inline void multiply_int8_mve(const MultiplyInt8& layer, const RowView& a, const RowView& b, const RowRing& out,
                              int32_t y0, int32_t y1) {
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* result, const uint8_t* left, const uint8_t* right) {
        mve::multiply_bytes(layer.product, reinterpret_cast<const int8_t*>(left), 1,
                            reinterpret_cast<const int8_t*>(right), 1, reinterpret_cast<int8_t*>(result),
                            rows * layer.row_elements);
      },
      out, a, b);
}
template <class... Operands>
void multiply_int8_mve_broadcast(const MultiplyInt8Broadcast& layer, const Operands&... operands) {
  broadcast_rows<int8_t>(layer.axes, mve::Multiplication{layer.product}, operands...);
}

}  // namespace thimble
