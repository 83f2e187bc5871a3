// The product of conv_six for RV32IMC, and its C++ twin for all others.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32.hpp"
#include "thimble/conv_six.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// All output channels of six pixels. The assembly knows the members by their places.
struct SixPixels {
  static constexpr int32_t unit = 65536;
  const int32_t* panel;     // for each value of the window three words: of the pixels 0 and 1, 2 and 3, 4 and 5
  const int8_t* weights;    // pack_conv_six()
  const int32_t* channels;  // pack_six_channels(); the product moves it to channels_end
  const int32_t* channels_end;
  int32_t offset, shift, low, high;  // OutputStage
  int8_t* to[6];                     // results of the pixels; the same place twice where there are less than six
  int32_t kept;
};

#if THIMBLE_RV32_ASSEMBLY
static_assert(__builtin_offsetof(SixPixels, kept) == 56, "the assembly counts on it");

// Registers: a0 SixPixels, a1 the weights, a2 the panel, a3 where the code of a group of no values would start, a4 six,
// t0 t1 t2 the words of a value, a5 a weight, a6 temporary. For channel and word, first channel first: t3 t4 t5 t6 a7
// ra the group's sum t, s0 to s5 the sum of all t, s6 to s11 that of their upper halves.
#define THIMBLE_ACCUMULATE(t, word) "mul a6,a5," word "\n\t add " t "," t ",a6\n\t"
#define THIMBLE_ACCUMULATE_SHORT(t, word) "mul a6,a5," word "\n\t .option rvc\n\t c.add " t ",a6\n\t .option norvc\n\t"
// The value that lies `back` from the group's end: 17 instructions in 64 bytes, for 12 products.
#define THIMBLE_VALUE(back)                                                                               \
  "lb a5,-2*" #back "(a1)\n\t lw t0,-12*" #back "(a2)\n\t lw t1,-12*" #back "+4(a2)\n\t lw t2,-12*" #back \
  "+8(a2)\n\t" THIMBLE_ACCUMULATE("t3", "t0") THIMBLE_ACCUMULATE("t4", "t1")                              \
      THIMBLE_ACCUMULATE("t5", "t2") "lb a5,1-2*" #back "(a1)\n\t" THIMBLE_ACCUMULATE("t6", "t0")         \
          THIMBLE_ACCUMULATE_SHORT("a7", "t1") THIMBLE_ACCUMULATE_SHORT("ra", "t2")
#define THIMBLE_END_OF_GROUP(t, all, upper) \
  "add " all "," all "," t "\n\t add " t "," t ",a5\n\t srai " t "," t ",16\n\t add " upper "," upper "," t "\n\t"
// Both channels of two pixels: sums to stored numbers. t3 t4 t5 t6 are the stage, a7 ra the multipliers, a5 the
// channel.
#define THIMBLE_STORED(sum, multiplier)                                                                    \
  "mulh " sum "," sum "," multiplier "\n\t add " sum "," sum ",t3\n\t sra " sum "," sum ",t4\n\t bge " sum \
  ",t5,6f\n\t mv " sum ",t5\n6:\t bge t6," sum ",7f\n\t mv " sum ",t6\n7:\t"
#define THIMBLE_STORE_PIXEL(first, second, place)                              \
  THIMBLE_STORED(first, "a7")                                                  \
  THIMBLE_STORED(second, "ra")                                                 \
  "lw a6," place "(a0)\n\t add a6,a6,a5\n\t sb " first ",0(a6)\n\t sb " second \
  ",1(a6)"                                                                     \
  "\n\t"
#define THIMBLE_STORE_TWO(all0, upper0, all1, upper1, place0, place1)                                   \
  "slli t0," upper0 ",16\n\t sub " all0 "," all0 ",t0\n\t slli t0," upper1 ",16\n\t sub " all1 "," all1 \
  ",t0\n\t" THIMBLE_STORE_PIXEL(all0, all1, place0) THIMBLE_STORE_PIXEL(upper0, upper1, place1)

// A group of n values is its first without additions (11 instructions), the n - 1 others, and 34 more around: 17n + 28
// for 12n products. A pair of channels costs about 140 beside.
// The sums of all t start as bias*65537, those of the upper halves as bias: then both pixels have it.
__attribute__((noinline)) inline void six_pixels(SixPixels& pixels) {
  register SixPixels* a0 __asm("a0") = &pixels;
  __asm volatile(
      "sw s0,56(a0)\n\t lw a1,4(a0)\n\t lla a3,5f\n\t addi a3,a3,64\n\t li a4,6\n"
      "0:\t lw t0,8(a0)\n\t lw a2,0(a0)\n\t lw s6,4(t0)\n\t lw s9,12(t0)\n\t"
      "mv s7,s6\n\t mv s8,s6\n\t slli s0,s6,16\n\t add s0,s0,s6\n\t mv s1,s0\n\t mv s2,s0\n\t"
      "mv s10,s9\n\t mv s11,s9\n\t slli s3,s9,16\n\t add s3,s3,s9\n\t mv s4,s3\n\t mv s5,s3\n\t"
      "lbu a6,0(a1)\n"
      "1:\t lb a5,1(a1)\n\t lw t0,0(a2)\n\t lw t1,4(a2)\n\t lw t2,8(a2)\n\t mul t3,a5,t0\n\t mul t4,a5,t1\n\t"
      "mul t5,a5,t2\n\t lb a5,2(a1)\n\t mul t6,a5,t0\n\t mul a7,a5,t1\n\t mul ra,a5,t2\n\t"
      "mul a5,a6,a4\n\t add a2,a2,a5\n\t add a1,a1,a6\n\t addi a1,a1,1\n\t"
      "slli a6,a6,5\n\t sub a6,a3,a6\n\t jr a6\n\t"
      ".option push\n\t .option norvc\n\t"
      // clang-format off
      THIMBLE_VALUE(11) THIMBLE_VALUE(10) THIMBLE_VALUE(9) THIMBLE_VALUE(8) THIMBLE_VALUE(7) THIMBLE_VALUE(6)
      THIMBLE_VALUE(5) THIMBLE_VALUE(4) THIMBLE_VALUE(3) THIMBLE_VALUE(2) THIMBLE_VALUE(1)
      // clang-format on
      ".option pop\n"
      "5:\t lui a5,8\n\t"  // 32768
      THIMBLE_END_OF_GROUP("t3", "s0", "s6") THIMBLE_END_OF_GROUP("t4", "s1", "s7") THIMBLE_END_OF_GROUP(
          "t5", "s2", "s8") THIMBLE_END_OF_GROUP("t6", "s3", "s9") THIMBLE_END_OF_GROUP("a7", "s4", "s10")
          THIMBLE_END_OF_GROUP("ra", "s5", "s11") "lbu a6,0(a1)\n\t bnez a6,1b\n\t"
      "addi a1,a1,1\n\t lw a2,8(a0)\n\t lw t3,16(a0)\n\t lw t4,20(a0)\n\t lw t5,24(a0)\n\t lw t6,28(a0)\n\t"
      "lw a5,0(a2)\n\t lw a7,8(a2)\n\t lw ra,16(a2)\n\t addi a2,a2,20\n\t sw a2,8(a0)\n\t"
      THIMBLE_STORE_TWO("s0", "s6", "s3", "s9", "32", "36") THIMBLE_STORE_TWO("s1", "s7", "s4", "s10", "40", "44")
          THIMBLE_STORE_TWO("s2", "s8", "s5", "s11", "48", "52")
      "lw t0,12(a0)\n\t bltu a2,t0,0b\n\t lw s0,56(a0)"
      : "+r"(a0)
      :
      : "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s1", "s2", "s3", "s4",
        "s5", "s6", "s7", "s8", "s9", "s10", "s11", "ra", "memory");
}
#undef THIMBLE_ACCUMULATE
#undef THIMBLE_ACCUMULATE_SHORT
#undef THIMBLE_VALUE
#undef THIMBLE_END_OF_GROUP
#undef THIMBLE_STORED
#undef THIMBLE_STORE_PIXEL
#undef THIMBLE_STORE_TWO

#else

inline void six_pixels(SixPixels& pixels) {
  const OutputStage stage{pixels.offset, pixels.shift, 0, 0, pixels.low, pixels.high, 0};
  const int8_t* w = pixels.weights;
  for (; pixels.channels != pixels.channels_end; pixels.channels += six_channel_words, ++w) {
    uint32_t all[6] = {};
    int32_t upper[6] = {};
    for (const int32_t* value = pixels.panel; *w != 0;) {
      uint32_t sums[6] = {};
      const int8_t* const end = w + 1 + *w;
      for (++w; w != end; w += 2, value += 3)
        for (int32_t i = 0; i < 6; ++i) sums[i] += uint32_t(w[i / 3]) * uint32_t(value[i % 3]);
      for (int32_t i = 0; i < 6; ++i) {
        all[i] += sums[i];
        upper[i] += int32_t(sums[i] + 32768) >> 16;
      }
    }
    for (int32_t i = 0; i < 6; ++i) {
      const int32_t bias = pixels.channels[1 + i / 3 * 2], multiplier = pixels.channels[2 + i / 3 * 2];
      int8_t* const* const to = pixels.to + i % 3 * 2;
      const int32_t m = pixels.channels[0] + i / 3;
      to[0][m] = int8_t(requantize(int32_t(all[i] - (uint32_t(upper[i]) << 16)) + bias, multiplier, stage));
      to[1][m] = int8_t(requantize(upper[i] + bias, multiplier, stage));
    }
  }
}

#endif

}  // namespace thimble
