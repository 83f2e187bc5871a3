// The product of dense_octets for RV32IMC, and its C++ twin for cores without one in assembly.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32.hpp"
#include "thimble/arch/v6m.hpp"
#include "thimble/dense_octets.pack.hpp"

namespace thimble {

#if THIMBLE_RV32_ASSEMBLY

// Registers: a0 sums, a1 the weights, a2 the inputs, a3 where the code of a group of no inputs would start, a4
// 00ff00ff, a5 00800080, a6 an input, a7 the sum of the group's inputs, t0 t1 temporaries. For the outputs 0 2, 1 3, 4
// 6, 5 7: t2 t3 t4 t5 the group's sum t, s1 to s4 the sum of all t, s5 to s8 that of their upper halves.
#define THIMBLE_FOUR_FIRST(place, even, odd)                                                                   \
  "lw t0," place "(a1)\n\t and t1,t0,a4\n\t mul " even ",a6,t1\n\t srli t0,t0,8\n\t and t0,t0,a4\n\t mul " odd \
  ",a6,t0\n\t"
#define THIMBLE_FOUR(place, even, odd)                                                                      \
  "lw t0," place "(a1)\n\t and t1,t0,a4\n\t mul t1,a6,t1\n\t .option rvc\n\t c.add " even                   \
  ",t1\n\t .option norvc\n\t srli t0,t0,8\n\t and t0,t0,a4\n\t mul t0,a6,t0\n\t .option rvc\n\t c.add " odd \
  ",t0\n\t .option norvc\n\t"
// The input that lies `back` from the group's end: 18 instructions in 64 bytes, for 8 products.
#define THIMBLE_INPUT(back)                                                         \
  "lb a6,-" #back "(a2)\n\t add a7,a7,a6\n\t" THIMBLE_FOUR("-8*" #back, "t2", "t3") \
      THIMBLE_FOUR("-8*" #back "+4", "t4", "t5")
#define THIMBLE_END_OF_GROUP(t, all, upper) \
  "add " t "," t ",t0\n\t add " all "," all "," t "\n\t srai " t "," t ",16\n\t add " upper "," upper "," t "\n\t"
#define THIMBLE_SUMS(all, upper, place0, place1) \
  "slli t0," upper ",16\n\t sub " all "," all ",t0\n\t sw " all "," place0 "(a0)\n\t sw " upper "," place1 "(a0)\n\t"

// sums[0..7] = products of an octet of outputs. Gives the place behind its weights. A group of n inputs costs 18n + 24
// for 8n products.
__attribute__((noinline)) inline const int32_t* octet_products(const int8_t* in, const int32_t* weights,
                                                               int32_t* sums) {
  register int32_t* a0 __asm("a0") = sums;
  register const int32_t* a1 __asm("a1") = weights;
  register const int8_t* a2 __asm("a2") = in;
  __asm volatile(
      "lla a3,2f\n\t addi a3,a3,64\n\t li a4,0x00ff00ff\n\t li a5,0x00800080\n\t"
      "lw s1,0(a1)\n\t mv s2,s1\n\t mv s3,s1\n\t mv s4,s1\n\t li s5,0\n\t li s6,0\n\t li s7,0\n\t li s8,0\n\t"
      "addi a1,a1,4\n\t lw t6,0(a1)\n"
      "1:\t addi a1,a1,4\n\t lb a7,0(a2)\n\t mv a6,a7\n\t" THIMBLE_FOUR_FIRST("0", "t2", "t3") THIMBLE_FOUR_FIRST(
          "4", "t4", "t5")
      "add a2,a2,t6\n\t slli t0,t6,3\n\t add a1,a1,t0\n\t slli t6,t6,6\n\t sub t6,a3,t6\n\t jr t6\n\t"
      ".option push\n\t .option norvc\n\t"
      // clang-format off
      THIMBLE_INPUT(15) THIMBLE_INPUT(14) THIMBLE_INPUT(13) THIMBLE_INPUT(12) THIMBLE_INPUT(11)
      THIMBLE_INPUT(10) THIMBLE_INPUT(9) THIMBLE_INPUT(8) THIMBLE_INPUT(7) THIMBLE_INPUT(6)
      THIMBLE_INPUT(5) THIMBLE_INPUT(4) THIMBLE_INPUT(3) THIMBLE_INPUT(2) THIMBLE_INPUT(1)
      // clang-format on
      ".option pop\n"
      "2:\t lui t0,8\n\t mul a7,a7,a5\n\t sub t0,t0,a7\n\t"  // 32768 - 128 * 65537 * sum of inputs
      THIMBLE_END_OF_GROUP("t2", "s1", "s5") THIMBLE_END_OF_GROUP("t3", "s2", "s6") THIMBLE_END_OF_GROUP(
          "t4", "s3", "s7") THIMBLE_END_OF_GROUP("t5", "s4", "s8") "lw t6,0(a1)\n\t bnez t6,1b\n\t addi a1,a1,4\n\t"
      THIMBLE_SUMS("s1", "s5", "0", "8") THIMBLE_SUMS("s2", "s6", "4", "12") THIMBLE_SUMS("s3", "s7", "16", "24")
          THIMBLE_SUMS("s4", "s8", "20", "28")
      : "+r"(a0), "+r"(a1), "+r"(a2)
      :
      : "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s1", "s2", "s3", "s4", "s5", "s6",
        "s7", "s8", "memory");
  return a1;
}
#undef THIMBLE_FOUR_FIRST
#undef THIMBLE_FOUR
#undef THIMBLE_INPUT
#undef THIMBLE_END_OF_GROUP
#undef THIMBLE_SUMS

#elif !THIMBLE_V6M_ASSEMBLY

inline const int32_t* octet_products(const int8_t* in, const int32_t* weights, int32_t* sums) {
  uint32_t all[4];
  int32_t upper[4] = {};
  for (uint32_t& sum : all) sum = uint32_t(*weights);
  for (++weights; *weights != 0;) {
    uint32_t t[4] = {}, inputs = 0;
    const int32_t* const end = weights + 1 + 2 * *weights;
    for (++weights; weights != end; weights += 2, ++in) {
      const uint32_t x = uint32_t(*in);
      for (int32_t i = 0; i < 4; ++i) t[i] += x * ((uint32_t(weights[i / 2]) >> (i % 2 * 8)) & uint32_t(octet_halves));
      inputs += x;
    }
    for (int32_t i = 0; i < 4; ++i) {
      t[i] += 32768 - inputs * uint32_t(octet_offsets);
      all[i] += t[i];
      upper[i] += int32_t(t[i]) >> 16;
    }
  }
  for (int32_t i = 0; i < 4; ++i) {
    int32_t* const to = sums + i / 2 * 4 + i % 2;
    to[0] = int32_t(all[i] - (uint32_t(upper[i]) << 16));
    to[2] = upper[i];
  }
  return weights + 1;
}

#endif

}  // namespace thimble
