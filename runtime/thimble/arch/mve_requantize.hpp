// requantize() of vectors: all its forms, but for the zero point and the clamp, which follow in 16 bits.
#pragma once
#include "thimble/arch/mve.hpp"
#include "thimble/requantize.hpp"

namespace thimble::mve {

#if THIMBLE_MVE_ASSEMBLY
// Four sums: the high half of the product and the rounding shift. With ties to even, half a step less the least bit
// where the product is exact in the high half and the step below is even.
THIMBLE_INLINE int32x4_t scaled(int32x4_t sums, int32_t multiplier, const OutputStage& stage) {
  const int32x4_t multipliers = vdupq_n_s32(multiplier);
  if (stage.left_shift != 0) {
    const int32x4_t limit = vdupq_n_s32((int32_t(1) << (30 - stage.left_shift)) - 1);
    sums = vshlq_r_s32(vmaxq_s32(vminq_s32(sums, limit), vnegq_s32(limit)), stage.left_shift);
  }
  int32x4_t high = vmulhq_s32(sums, multipliers);
  if (stage.ties_to_even != 0) {
    int32x4_t odd = vdupq_n_s32(int32_t(1) << stage.shift), low = vmulq_s32(sums, multipliers);
    __asm(
        "vand %q[odd],%q[odd],%q[high]\n\t vorr %q[low],%q[low],%q[odd]\n\t vpt.i32 eq,%q[low],zr\n\t"
        "vsubt.i32 %q[high],%q[high],%[one]\n\t"
        : [high] "+w"(high), [low] "+w"(low), [odd] "+w"(odd)
        : [one] "r"(1));
  }
  return vrshlq_n_s32(high, -stage.shift);
}

// Eight results as halves from those of even and odd places. Saturation at 16 bits takes nothing from the clamp.
THIMBLE_INLINE int16x8_t narrowed(int32x4_t even, int32x4_t odd, const OutputStage& stage) {
  int16x8_t q = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd);
  q = vqaddq_n_s16(q, int16_t(stage.zero_point));
  return vminq_s16(vmaxq_s16(q, vdupq_n_s16(int16_t(stage.low))), vdupq_n_s16(int16_t(stage.high)));
}
#endif

// Stores the results of 16 sums that fit 16 bits, each `start` too small.
inline void store_sums(const int16_t* sums, int32_t start, int32_t multiplier, const OutputStage& stage, int8_t* to) {
#if THIMBLE_MVE_ASSEMBLY
  for (int32_t i = 0; i < 16; i += 8) {
    const int16x8_t eight = vldrhq_s16(sums + i);
    const int32x4_t even = scaled(vaddq_n_s32(vmovlbq_s16(eight), start), multiplier, stage);
    const int32x4_t odd = scaled(vaddq_n_s32(vmovltq_s16(eight), start), multiplier, stage);
    vstrbq_s16(to + i, narrowed(even, odd, stage));
  }
#else
  for (int32_t i = 0; i < 16; ++i) to[i] = int8_t(requantize(start + sums[i], multiplier, stage));
#endif
}

}  // namespace thimble::mve
