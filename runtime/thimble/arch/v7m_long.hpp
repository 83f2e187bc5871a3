// The product of conv_long for ARMv7-M, and its C++ twin for all others.
#pragma once
#include <stdint.h>

#include "thimble/arch/v7m.hpp"
#include "thimble/conv_long.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// All output channels of six pixels. The assembly knows the members by their places.
struct LongPixels {
  static constexpr int32_t unit = long_unit;
  int32_t skipped_code;  // long_skipped_code()
  const int32_t* panel;  // for each value of the window three words: of the pixels 0 and 1, 2 and 3, 4 and 5
  const int32_t* panel_end;
  int32_t zeros[6];             // start of the sums
  int32_t channels_left;        // minus the channels to come; 0 afterwards
  const int32_t* channels_end;  // behind Conv2d::channels
  int32_t offset, shift;        // OutputStage
  int8_t* to[6];                // results of the pixels; the same place twice where there are less than six
  const int8_t* weights;        // [channels][values]
  int32_t kept;
};

// The loop has eight values. When their number is not a multiple, the first time starts in the middle.
constexpr int32_t long_value_code = 18;  // bytes
constexpr int32_t long_skipped_code(int32_t depth) {
  return (8 - depth % 8) % 8 * long_value_code;
}

#if THIMBLE_V7M_ASSEMBLY

// Registers: r0 LongPixels, r1 r2 r3 the words of a value, r4 a weight, r5 the weights, r6 the panel, r7 its end. Sums
// of 64 bits, lower half first: r8 r9, r10 r11, r12 lr.
// Five instructions for six products.
#define THIMBLE_VALUE                                                     \
  "ldmia r6!,{r1,r2,r3}\n\t ldrsb.w r4,[r5],#1\n\t smlal r8,r9,r4,r1\n\t" \
  "smlal r10,r11,r4,r2\n\t smlal r12,lr,r4,r3\n\t"
// Then: r1 bias, r2 multiplier, r3 offset, r4 shift, r6 minus the channels to come, r7 temporary.
#define THIMBLE_STORE(sum, place)                                                                                \
  "add.w " sum "," sum ",r1\n\t smull r7," sum "," sum ",r2\n\t add.w " sum "," sum ",r3\n\t asr.w " sum "," sum \
  ",r4\n\t ssat " sum ",#8," sum "\n\t ldr r7,[r0,#" place "]\n\t strb.w " sum ",[r7,r6]\n\t"
// Bit 22, the carry, is set when the first sum is negative: then it has taken one from the second.
#define THIMBLE_STORE_TWO(first, second, place0, place1)                                        \
  "lsrs.w r7," first ",#23\n\t adc.w " second ",r7," second ",lsl #9\n\t sbfx " first "," first \
  ",#0,#23\n\t" THIMBLE_STORE(first, place0) THIMBLE_STORE(second, place1)

// A channel costs 60 instructions and 5.25 for each value.
__attribute__((noinline)) inline void long_pixels(LongPixels& pixels, int32_t channels) {
  for (int8_t*& to : pixels.to) to += channels;
  register LongPixels* r0 __asm("r0") = &pixels;
  __asm volatile(
      "str r7,[r0,#80]\n\t ldr r5,[r0,#76]\n"
      "0:\t ldm.w r0,{r4,r6,r7,r8,r9,r10,r11,r12,lr}\n\t add pc,r4\n\t nop\n"
      "1:\t" THIMBLE_VALUE THIMBLE_VALUE THIMBLE_VALUE THIMBLE_VALUE THIMBLE_VALUE THIMBLE_VALUE THIMBLE_VALUE
          THIMBLE_VALUE "cmp r6,r7\n\t bne 1b\n\t"
      "ldrd r6,r3,[r0,#36]\n\t add.w r3,r3,r6,lsl #3\n\t ldrd r1,r2,[r3]\n\t ldrd r3,r4,[r0,#44]\n\t"
      THIMBLE_STORE_TWO("r8", "r9", "52", "56") THIMBLE_STORE_TWO("r10", "r11", "60", "64")
          THIMBLE_STORE_TWO("r12", "lr", "68", "72")
      "adds r6,#1\n\t str r6,[r0,#36]\n\t bne.w 0b\n\t"
      "ldr r7,[r0,#80]"
      : "+r"(r0)
      :
      : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
  for (int8_t*& to : pixels.to) to -= channels;
}
#undef THIMBLE_VALUE
#undef THIMBLE_STORE
#undef THIMBLE_STORE_TWO

#else

inline void long_pixels(LongPixels& pixels, int32_t channels) {
  const OutputStage stage{pixels.offset, pixels.shift, 0, 0, -128, 127, 0};
  const int8_t* w = pixels.weights;
  for (int32_t m = 0; m < channels; ++m) {
    int64_t sums[3] = {};
    for (const int32_t* value = pixels.panel; value != pixels.panel_end; value += 3, ++w)
      for (int32_t i = 0; i < 3; ++i) sums[i] += int64_t(*w) * value[i];
    const int32_t* const channel = pixels.channels_end - 2 * (channels - m);
    for (int32_t i = 0; i < 3; ++i) {
      // The lower 23 bits with their sign, and what is above once they are taken off.
      const int32_t first = int32_t((sums[i] + long_unit / 2) & (long_unit - 1)) - long_unit / 2;
      const int32_t second = int32_t((sums[i] - first) / long_unit);
      pixels.to[2 * i][m] = int8_t(requantize(first + channel[0], channel[1], stage));
      pixels.to[2 * i + 1][m] = int8_t(requantize(second + channel[0], channel[1], stage));
    }
  }
  pixels.channels_left = 0;
}

#endif

}  // namespace thimble
