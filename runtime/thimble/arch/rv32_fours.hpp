// The product of depthwise_fours for RV32IMC.
#pragma once
#include <stdint.h>

#include "thimble/arch/fours.hpp"

namespace thimble {

#if THIMBLE_RV32_ASSEMBLY
static_assert(__builtin_offsetof(Fours, base_end) == 68, "the assembly counts on it");

constexpr int32_t fours_skipped_code(int32_t) {
  return 0;
}

// Registers: a0 Fours, a1 the table, a6 its end, a2 a3 the weights of two channels, a4 the first of them in the first
// row, t0 t1 t2 temporaries, a5 a7 weights, s1 to s4 the first channel's sums, s5 to s8 the second's, s9 where their
// results are from the first ones, s10 how far apart, s11 bytes between the channels' weights, ra from one's to the
// next's, t3 offset, t4 shift, t5 low, t6 high.
#define THIMBLE_PIXEL(place, first, second)                                                     \
  "lw t0," place                                                                                \
  "(a1)\n\t add t0,t0,a4\n\t lb t1,0(t0)\n\t lb t2,1(t0)\n\t mul t1,t1,a5\n\t mul t2,t2,a7\n\t" \
  "add " first "," first ",t1\n\t add " second "," second ",t2\n\t"
#define THIMBLE_STORE(sum, multiplier)                                                                     \
  "mulh " sum "," sum "," multiplier "\n\t add " sum "," sum ",t3\n\t sra " sum "," sum ",t4\n\t bge " sum \
  ",t5,8f\n\t mv " sum ",t5\n8:\t bge t6," sum ",9f\n\t mv " sum ",t6\n9:\t sb " sum ",0(t0)\n\t"
#define THIMBLE_STORE_TWO(place, first, second)                                                                       \
  "lw t0," place "(a0)\n\t add t0,t0,s9\n\t" THIMBLE_STORE(first, "a5") "add t0,t0,s10\n\t" THIMBLE_STORE(second, "a" \
                                                                                                                  "7")

// The channels [first, last), two at a time. Two cost about 100 instructions and 38 for each position of the kernel,
// for eight results.
__attribute__((noinline)) inline void pairs_of_channels(Fours& fours, int32_t first, int32_t last) {
  const int32_t* const channels = fours.channels;
  fours.channels += first * (fours.channels_step / 4);
  const int32_t pitch = int32_t(fours.table_end - fours.table) / 4 + fours.weights_skip;
  register Fours* a0 __asm("a0") = &fours;
  register int32_t a1 __asm("a1") = first * fours.out_step;
  register const int8_t* a2 __asm("a2") = fours.weights + first * pitch;
  register int32_t a3 __asm("a3") = pitch;
  register const int8_t* a4 __asm("a4") = fours.base + first;
  register const int8_t* a5 __asm("a5") = fours.base + last;
  __asm volatile(
      "sw a5,76(a0)\n\t mv s9,a1\n\t mv ra,a3\n\t lw s10,64(a0)\n\t lw s11,20(a0)\n\t lw a6,8(a0)\n\t"
      "lw t3,32(a0)\n\t lw t4,36(a0)\n\t lw t5,40(a0)\n\t lw t6,44(a0)\n"
      "0:\t lw a1,0(a0)\n\t add a3,a2,ra\n\t lw t0,24(a0)\n\t lw t1,28(a0)\n\t add t1,t0,t1\n\t"
      "lw s1,0(t0)\n\t lw s5,0(t1)\n\t mv s2,s1\n\t mv s3,s1\n\t mv s4,s1\n\t mv s6,s5\n\t mv s7,s5\n\t mv s8,s5\n"
      "1:\t lb a5,0(a2)\n\t lb a7,0(a3)\n\t addi a2,a2,1\n\t addi a3,a3,1\n\t"
      THIMBLE_PIXEL("0", "s1", "s5") THIMBLE_PIXEL("4", "s2", "s6") THIMBLE_PIXEL("8", "s3", "s7")
      THIMBLE_PIXEL("12", "s4", "s8") "addi a1,a1,16\n\t bne a1,a6,1b\n\t"
      "lw t0,24(a0)\n\t lw t1,28(a0)\n\t lw a5,4(t0)\n\t add t0,t0,t1\n\t lw a7,4(t0)\n\t add t0,t0,t1\n\t"
      "sw t0,24(a0)\n\t"
      THIMBLE_STORE_TWO("48", "s1", "s5") THIMBLE_STORE_TWO("52", "s2", "s6") THIMBLE_STORE_TWO("56", "s3", "s7")
      THIMBLE_STORE_TWO("60", "s4", "s8")
      "add s9,s9,s10\n\t add s9,s9,s10\n\t add a2,a3,s11\n\t addi a4,a4,2\n\t lw t0,76(a0)\n\t bne a4,t0,0b"
      : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5)
      :
      : "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9",
        "s10", "s11", "ra", "memory");
  fours.channels = channels;
}
#undef THIMBLE_PIXEL
#undef THIMBLE_STORE
#undef THIMBLE_STORE_TWO

// Of an odd number of channels the last is computed with the one before, which comes twice.
inline void four_pixels(Fours& f) {
  const int32_t channels = int32_t(f.base_end - f.base), even = channels & ~int32_t(1);
  pairs_of_channels(f, 0, even);
  if (even != channels) pairs_of_channels(f, channels - 2, channels);
}

#endif

}  // namespace thimble
