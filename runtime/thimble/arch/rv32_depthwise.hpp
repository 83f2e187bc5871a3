// The walk of depthwise_walk for RV32IMC, and its C++ twin for all others.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32.hpp"
#include "thimble/arch/v6m.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// Output rows whose input rows follow each other at equal distances, all channels. The assembly knows the members by
// their places.
struct Walk {
  const int8_t* row[3];  // input rows under the kernel at the first output row; a row outside the image: any other
  int8_t* out;
  const int8_t* weights;    // [channel][3][3]
  const int32_t* channels;  // [channel][2]: bias and multiplier
  const int32_t* channels_end;
  int32_t pixel;                     // bytes from one pixel to the next, of input and output: the channels
  int32_t offset, shift, low, high;  // OutputStage
  int32_t pad;                       // value of the padding
  int32_t above, below;              // 1: the first or the last row under the kernel is padding
  int32_t left, right;               // 1: a column of padding before or behind the input
  int32_t inner_bytes;               // of a row's outputs that read no padding on the right
  int32_t in_skip, out_skip;         // from the end of a row's walk to the start of the next
  int32_t rows;
  int32_t bias_left, of_right, rows_left, kept;
};

#if THIMBLE_RV32_ASSEMBLY
static_assert(__builtin_offsetof(Walk, kept) == 96, "the assembly counts on it");

// Registers: a0 Walk, a1 a2 a3 the input rows, a4 the output, a5 the bytes of a pixel, a6 the end of the inner outputs,
// s1 to s9 the weights, a7 bias, t0 multiplier, t1 offset, t2 shift, t3 low, t4 high, t5 t6 ra a column of pixels, s0
// temporary. s10 is the sum of the result that has seen one column, s11 of the one that has seen two.
#define THIMBLE_COLUMN \
  "lb t5,0(a1)\n\t lb t6,0(a2)\n\t lb ra,0(a3)\n\t add a1,a1,a5\n\t add a2,a2,a5\n\t add a3,a3,a5\n\t"
#define THIMBLE_TIMES(sum, start, top, middle, bottom)                                           \
  "mul s0," top ",t5\n\t add " sum "," start ",s0\n\t mul s0," middle ",t6\n\t add " sum "," sum \
  ",s0\n\t mul s0," bottom ",ra\n\t add " sum "," sum ",s0\n\t"
#define THIMBLE_FIRST(sum, start) THIMBLE_TIMES(sum, start, "s1", "s4", "s7")
#define THIMBLE_SECOND(sum, start) THIMBLE_TIMES(sum, start, "s2", "s5", "s8")
#define THIMBLE_THIRD(sum, start) THIMBLE_TIMES(sum, start, "s3", "s6", "s9")
#define THIMBLE_STORE(sum)                                                                                          \
  "mulh " sum "," sum ",t0\n\t add " sum "," sum ",t1\n\t sra " sum "," sum ",t2\n\t bge " sum ",t3,8f\n\t mv " sum \
  ",t3\n8:\t bge t4," sum ",9f\n\t mv " sum ",t4\n9:\t sb " sum ",0(a4)\n\t add a4,a4,a5\n\t"
// A row of the kernel outside the image: the bias has it, the weights are 0.
#define THIMBLE_OUTSIDE(flag, left, middle, right)                                        \
  "lw t5," flag "(a0)\n\t beqz t5,1f\n\t add t6," left "," middle "\n\t add t6,t6," right \
  "\n\t mul t6,t6,s0\n\t add a7,a7,t6\n\t li " left ",0\n\t li " middle ",0\n\t li " right ",0\n1:\t"
#define THIMBLE_NEXT(place) "lw t5," place "(a0)\n\t addi t5,t5,1\n\t sw t5," place "(a0)\n\t"
// About 60 instructions a channel and 20 a row around `row`, which makes one row.
#define THIMBLE_WALK(row) \
  "sw s0,96(a0)\n"                                                                                              \
  "0:\t lw t5,16(a0)\n\t lb s1,0(t5)\n\t lb s2,1(t5)\n\t lb s3,2(t5)\n\t lb s4,3(t5)\n\t lb s5,4(t5)\n\t"      \
  "lb s6,5(t5)\n\t lb s7,6(t5)\n\t lb s8,7(t5)\n\t lb s9,8(t5)\n\t addi t5,t5,9\n\t sw t5,16(a0)\n\t"          \
  "lw t5,20(a0)\n\t lw a7,0(t5)\n\t lw t0,4(t5)\n\t addi t5,t5,8\n\t sw t5,20(a0)\n\t"                          \
  "lw a5,28(a0)\n\t lw t1,32(a0)\n\t lw t2,36(a0)\n\t lw t3,40(a0)\n\t lw t4,44(a0)\n\t lw s0,48(a0)\n\t"      \
  THIMBLE_OUTSIDE("52", "s1", "s2", "s3") THIMBLE_OUTSIDE("56", "s7", "s8", "s9")                               \
  "add t5,s1,s4\n\t add t5,t5,s7\n\t mul t5,t5,s0\n\t add t5,t5,a7\n\t sw t5,84(a0)\n\t"                        \
  "add t5,s3,s6\n\t add t5,t5,s9\n\t mul t5,t5,s0\n\t sw t5,88(a0)\n\t"                                         \
  "lw a1,0(a0)\n\t lw a2,4(a0)\n\t lw a3,8(a0)\n\t lw a4,12(a0)\n\t lw t5,80(a0)\n\t sw t5,92(a0)\n"           \
  "2:\t lw s10,84(a0)\n\t lw t5,60(a0)\n\t bnez t5,3f\n\t" THIMBLE_COLUMN THIMBLE_FIRST("s10", "a7")            \
  "\n3:\t lw a6,68(a0)\n\t add a6,a6,a4\n\t" row                                                                \
  "lw t5,72(a0)\n\t add a1,a1,t5\n\t add a2,a2,t5\n\t add a3,a3,t5\n\t lw t5,76(a0)\n\t add a4,a4,t5\n\t"      \
  "lw t5,92(a0)\n\t addi t5,t5,-1\n\t sw t5,92(a0)\n\t bnez t5,2b\n\t"                                          \
  THIMBLE_NEXT("0") THIMBLE_NEXT("4") THIMBLE_NEXT("8") THIMBLE_NEXT("12")                                      \
  "lw t5,20(a0)\n\t lw t6,24(a0)\n\t bne t5,t6,0b\n\t lw s0,96(a0)"

// Each column of the image is read once: it ends one result, is the middle of the next and the start of a third. A
// result costs three loads, nine multiplies, nine additions, and 11 to 13 instructions more.
#define THIMBLE_ROW_1 \
  THIMBLE_COLUMN THIMBLE_SECOND("s11", "s10") THIMBLE_FIRST("s10", "a7") "beq a4,a6,5f\n4:\t"                     \
  THIMBLE_COLUMN THIMBLE_THIRD("s11", "s11") THIMBLE_STORE("s11") THIMBLE_SECOND("s11", "s10")                    \
  THIMBLE_FIRST("s10", "a7") "bne a4,a6,4b\n5:\t"                                                                 \
  "lw t5,64(a0)\n\t beqz t5,6f\n\t lw s0,88(a0)\n\t add s11,s11,s0\n\t" THIMBLE_STORE("s11") "\n6:\t"
// Every other column ends one result and starts the next: three loads and three instructions more a result.
#define THIMBLE_ROW_2 \
  "beq a4,a6,5f\n4:\t" THIMBLE_COLUMN THIMBLE_SECOND("s10", "s10") THIMBLE_COLUMN THIMBLE_THIRD("s11", "s10")     \
  THIMBLE_STORE("s11") THIMBLE_FIRST("s10", "a7") "bne a4,a6,4b\n5:\t"                                            \
  "lw t5,64(a0)\n\t beqz t5,6f\n\t" THIMBLE_COLUMN THIMBLE_SECOND("s10", "s10")                                   \
  "lw s0,88(a0)\n\t add s10,s10,s0\n\t" THIMBLE_STORE("s10") "\n6:\t"

template <int32_t stride>
__attribute__((noinline)) void walk_rows(Walk& walk) {
  register Walk* a0 __asm("a0") = &walk;
#define THIMBLE_WALK_ASM(row)                                                                                      \
  __asm volatile(THIMBLE_WALK(row)                                                                                 \
                 : "+r"(a0)                                                                                        \
                 :                                                                                                 \
                 : "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s1", "s2", \
                   "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "ra", "memory")
  if constexpr (stride == 1) {
    THIMBLE_WALK_ASM(THIMBLE_ROW_1);
  } else {
    THIMBLE_WALK_ASM(THIMBLE_ROW_2);
  }
#undef THIMBLE_WALK_ASM
}
#undef THIMBLE_COLUMN
#undef THIMBLE_TIMES
#undef THIMBLE_FIRST
#undef THIMBLE_SECOND
#undef THIMBLE_THIRD
#undef THIMBLE_STORE
#undef THIMBLE_OUTSIDE
#undef THIMBLE_NEXT
#undef THIMBLE_WALK
#undef THIMBLE_ROW_1
#undef THIMBLE_ROW_2

#elif !THIMBLE_V6M_ASSEMBLY

// The column of the kernel at kx, times the pixels at `column` bytes from the rows' start, or times the padding.
inline int32_t walk_column(const Walk& walk, int32_t kx, int32_t column, bool inside) {
  int32_t sum = 0;
  for (int32_t ky = 0; ky < 3; ++ky) {
    const bool padding = !inside || (ky == 0 && walk.above != 0) || (ky == 2 && walk.below != 0);
    sum += walk.weights[3 * ky + kx] * (padding ? walk.pad : walk.row[ky][column]);
  }
  return sum;
}

template <int32_t stride>
void walk_rows(Walk& walk) {
  const OutputStage stage{walk.offset, walk.shift, 0, 0, walk.low, walk.high, 0};
  const int32_t inner = walk.inner_bytes / walk.pixel, width = inner + walk.right;
  const int32_t columns = 1 - walk.left + (stride == 1 ? 1 + inner : 2 * inner + walk.right);
  const int32_t in_step = columns * walk.pixel + walk.in_skip, out_step = width * walk.pixel + walk.out_skip;
  for (; walk.channels != walk.channels_end; walk.channels += 2, walk.weights += 9) {
    for (int32_t y = 0; y < walk.rows; ++y)
      for (int32_t x = 0; x < width; ++x) {
        int32_t sum = walk.channels[0];
        for (int32_t kx = 0; kx < 3; ++kx) {
          const int32_t column = x * stride + kx - walk.left;
          sum += walk_column(walk, kx, y * in_step + column * walk.pixel, column >= 0 && column < columns);
        }
        walk.out[y * out_step + x * walk.pixel] = int8_t(requantize(sum, walk.channels[1], stage));
      }
    for (const int8_t*& row : walk.row) ++row;
    ++walk.out;
  }
}

#endif

}  // namespace thimble
