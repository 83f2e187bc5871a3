// The average of all pixels of an image on cores with Helium, 16 channels at a time.
#pragma once
#include "thimble/arch/mve.hpp"
#include "thimble/global_average.pack.hpp"
#include "thimble/requantize.hpp"
#include "thimble/rows.hpp"

namespace thimble {
namespace mve {

// Sums of 16 channels, which fit 16 bits, over `pixels` of `channels` bytes; at least one. Two loads that widen, two
// additions and two for the loop: 0.38 instructions a byte.
THIMBLE_INLINE void sum_pixels(const int8_t* pixel, int32_t pixels, int32_t channels, int16_t* sums) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "vmov.i32 q0,#0\n\t vmov.i32 q1,#0\n\t dls lr,%[pixels]\n1:\n\t vldrb.s16 q2,[%[pixel]]\n\t vadd.i16 q0,q0,q2\n\t"
      "vldrb.s16 q3,[%[pixel],#8]\n\t vadd.i16 q1,q1,q3\n\t add %[pixel],%[pixel],%[channels]\n\t le lr,1b\n\t"
      "vstrh.16 q0,[%[sums]]\n\t vstrh.16 q1,[%[sums],#16]\n\t"
      : [pixel] "+l"(pixel)
      : [pixels] "r"(pixels), [channels] "r"(channels), [sums] "r"(sums)
      : "lr", "q0", "q1", "q2", "q3", "memory");
#else
  for (int32_t i = 0; i < 16; ++i) sums[i] = 0;
  for (; pixels > 0; --pixels, pixel += channels)
    for (int32_t i = 0; i < 16; ++i) sums[i] = int16_t(sums[i] + pixel[i]);
#endif
}

// Stores the results of 16 sums in the common form of requantize(): the rounding shift and the zero point, saturated at
// 16 bits, are its sum with the offset, shifted, wherever that lies within int8.
inline void store_sums(const int16_t* sums, int32_t start, int32_t multiplier, const OutputStage& stage, int8_t* to) {
#if THIMBLE_MVE_ASSEMBLY
  const int32x4_t multipliers = vdupq_n_s32(multiplier);
  const int16x8_t low = vdupq_n_s16(int16_t(stage.low)), high = vdupq_n_s16(int16_t(stage.high));
  const auto scaled = [&](int32x4_t sum) {
    return vrshlq_n_s32(vmulhq_s32(vaddq_n_s32(sum, start), multipliers), -stage.shift);
  };
  for (int32_t half = 0; half < 2; ++half) {
    const int16x8_t eight = vldrhq_s16(sums + half * 8);
    int16x8_t q = vqmovnbq_s32(eight, scaled(vmovlbq_s16(eight)));
    q = vqaddq_n_s16(vqmovntq_s32(q, scaled(vmovltq_s16(eight))), int16_t(stage.zero_point));
    vstrbq_s16(to + half * 8, vminq_s16(vmaxq_s16(q, low), high));
  }
#else
  for (int32_t i = 0; i < 16; ++i) to[i] = int8_t(requantize(start + sums[i], multiplier, stage));
#endif
}

}  // namespace mve

// What global_average() computes, for 16 channels or more.
template <class Shape>
void global_average_mve(const GlobalAverage<Shape>& c, const RowView& in, const RowRing& out, int32_t, int32_t) {
  const OutputStage stage = output_stage(c);
  const bool rare = (c.left_shift | c.ties_to_even) != 0;
  const int32_t pixels = c.kernel_height * c.kernel_width;
  for (int32_t channel = 0; channel < c.channels; channel += global_average_block_mve) {
    channel = min(channel, c.channels - global_average_block_mve);
    int16_t sums[16];
    mve::sum_pixels(reinterpret_cast<const int8_t*>(in.base) + channel, pixels, c.channels, sums);
    int8_t* const to = reinterpret_cast<int8_t*>(out.base) + channel;
    if (!rare)
      mve::store_sums(sums, c.start, c.multiplier, stage, to);
    else
      for (int32_t i = 0; i < 16; ++i) to[i] = int8_t(requantize(c.start + sums[i], c.multiplier, stage));
  }
}

}  // namespace thimble
