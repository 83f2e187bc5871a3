// The walk of depthwise_walk for RV32IMC.
#pragma once
#include <stdint.h>

#include "thimble/arch/walk.hpp"

namespace thimble {

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

#endif

}  // namespace thimble
