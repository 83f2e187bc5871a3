// The block of the depthwise 3x3 convolution from planes that makes two output rows at stride 1: they share two of the
// three input rows under each. Cost on a Cortex-M4 for two by two outputs: 60 instructions where the layer's sizes are
// known at compile time, 67 otherwise.
#pragma once
#include "thimble/arch/dsp.hpp"

namespace thimble::dsp {

// Rows of one channel that follow each other at equal distances.
struct PlaneRows {
  const int8_t *row0, *row1, *row2;  // under the kernel's rows
  int8_t* out;
  int32_t rows;
  int32_t in_step, out_step;  // bytes from one row's start to the next's
  int32_t out_pixel;          // bytes from one output pixel to the next
};

// What the blocks take from a layer.
struct PlaneStage {
  int32_t offset, shift;
  int32_t pairs;  // of output pixels
  bool odd;       // one output more
};

// The three taps of one kernel row, for `weights` as bytes w0 w1 w2 0.
THIMBLE_INLINE int32_t three_taps(const int8_t* from, int32_t weights, int32_t sum) {
  return from[2] * (int32_t(uint32_t(weights) << 8) >> 24) +
         (from[1] * (int32_t(uint32_t(weights) << 16) >> 24) +
          (from[0] * (int32_t(uint32_t(weights) << 24) >> 24) + sum));
}
THIMBLE_INLINE int32_t nine_taps(const PlaneRows& p, int32_t x, const int32_t* weights) {
  const int32_t sum = three_taps(p.row0 + x, weights[0], weights[3]);
  return three_taps(p.row2 + x, weights[2], three_taps(p.row1 + x, weights[1], sum));
}

// Pairs of output rows of one channel that follow each other at equal distances.
struct TwoRows {
  const int8_t* row0;                 // the first input row under the pair
  int32_t to_row1, to_row2, to_row3;  // bytes from there to the others, which may be padding
  int8_t* out;
  int32_t to_second;  // from there to the pair's second row
  int32_t pairs;
  int32_t in_step, out_step;  // from one pair to the next
  int32_t out_pixel;
};

// Bytes from one row to another, of the input or the padding.
THIMBLE_INLINE int32_t distance(const int8_t* from, const int8_t* to) {
  return int32_t(reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from));
}

// How many pairs of output rows from y on have all their input rows inside the image and at equal distances in both
// rings; at least 1.
template <class Layer>
THIMBLE_INLINE int32_t pairs_at_equal_distances(const Layer& layer, const RowView& in, const RowRing& out, int32_t y,
                                                int32_t y1) {
  const int32_t first = y - layer.pad_top;
  if (first < 0) return 1;
  const int32_t rows_left = min(min(layer.in_height - first, in.ring_rows - first % in.ring_rows) - 2,
                                min(out.ring_rows - y % out.ring_rows, y1 - y));
  return rows_left < 2 ? 1 : rows_left / 2;
}

#if THIMBLE_DSP_PRODUCT_LOOP
// Registers: r0 the first row, r3 the output; r1 r2, r4 r5, r6 r7 the weights {w0,w2} {w1,0} of a kernel row each, r8
// r9 pixels {p0,p2} {p1,p3}, r10 lr the sums of the first row's left and right output, r11 r12 of the second row's.
#define THIMBLE_PIXELS "sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t"
#define THIMBLE_LOAD(row) THIMBLE_FETCH(r8, row) "ldr r9,[r0,r8]\n\t" THIMBLE_PIXELS
// Left: p0*w0 + p2*w2, p1*w1. Right: p2*w1, p1*w0 + p3*w2. `start` holds what the sums start from.
#define THIMBLE_TAPS_FROM(left, right, w02, w1, start)                                                               \
  "smlad " left ",r8," w02 "," start "\n\t smlatb " right ",r8," w1 "," right "\n\t smlabb " left ",r9," w1 "," left \
  "\n\t smlad " right ",r9," w02 "," right "\n\t"
#define THIMBLE_TAPS(left, right, w02, w1) THIMBLE_TAPS_FROM(left, right, w02, w1, left)
#define THIMBLE_FOUR                                                                                               \
  THIMBLE_LOAD(to_row3)                                                                                            \
  THIMBLE_FETCH(r12, bias) THIMBLE_TAPS_FROM("r11", "r12", "r6", "r7", "r12") THIMBLE_LOAD(to_row2) THIMBLE_FETCH( \
      lr, bias) THIMBLE_TAPS_FROM("r10", "lr", "r6", "r7", "lr") THIMBLE_TAPS("r11", "r12", "r4", "r5")            \
      THIMBLE_LOAD(to_row1) THIMBLE_TAPS("r10", "lr", "r4", "r5") THIMBLE_TAPS(                                    \
          "r11", "r12", "r1", "r2") "ldr r9,[r0],#2\n\t" THIMBLE_PIXELS THIMBLE_TAPS("r10", "lr", "r1", "r2")      \
          THIMBLE_FETCH(r8, multiplier) THIMBLE_FETCH(                                                             \
              r9,                                                                                                  \
              offset) "smmla r10,r10,r8,r9\n\t smmla lr,lr,r8,r9\n\t smmla r11,r11,r8,r9\n\t smmla r12,r12,r8,r9\n\t"
// One column: the left outputs.
#define THIMBLE_LEFT(left, w02, w1) "smlad " left ",r8," w02 "," left "\n\t smlabb " left ",r9," w1 "," left "\n\t"
#define THIMBLE_TWO                                                                                            \
  THIMBLE_FETCH(r10, bias)                                                                                     \
  "mov r11,r10\n\t" THIMBLE_LOAD(to_row3) THIMBLE_LEFT("r11", "r6", "r7") THIMBLE_LOAD(to_row2) THIMBLE_LEFT(  \
      "r10", "r6", "r7") THIMBLE_LEFT("r11", "r4", "r5") THIMBLE_LOAD(to_row1) THIMBLE_LEFT("r10", "r4", "r5") \
      THIMBLE_LEFT("r11", "r1", "r2") "ldr r9,[r0]\n\t" THIMBLE_PIXELS THIMBLE_LEFT("r10", "r1", "r2")         \
          THIMBLE_FETCH(r8, multiplier) THIMBLE_FETCH(r9, offset) "smmla r10,r10,r8,r9\n\t smmla r11,r11,r8,r9\n\t"
#define THIMBLE_STORE_TWO THIMBLE_FETCH(r8, to_second) "strb r11,[r3,r8]\n\t strb r10,[r3]\n\t"
#define THIMBLE_TWO_ROWS(four, two)                                                                           \
  "ldmia r4,{r1,r4,r6}\n\t sxtb16 r2,r1,ror #8\n\t sxtb16 r1,r1\n\t sxtb16 r5,r4,ror #8\n\t sxtb16 r4,r4\n\t" \
  "sxtb16 r7,r6,ror #8\n\t sxtb16 r6,r6\n2:\n\t" THIMBLE_FETCH(r8, end) "cmp r0,r8\n\t beq.w 5f\n1:\n\t" four \
  THIMBLE_FETCH(r8, end) "cmp r0,r8\n\t bne.w 1b\n5:\n\t" two                                                 \
  THIMBLE_FETCH(r8, pairs) "subs r8,r8,#1\n\t beq.w 3f\n\t" THIMBLE_PARK(pairs, r8)                           \
      THIMBLE_FETCH(r9, in_skip) "add r0,r0,r9\n\t" THIMBLE_FETCH(r8, end)                                    \
          THIMBLE_FETCH(r9, in_step) "add r8,r8,r9\n\t" THIMBLE_PARK(end, r8)                                 \
              THIMBLE_FETCH(r9, out_skip) "add r3,r3,r9\n\t b.w 2b\n3:\n\t"
#define THIMBLE_TWO_ROWS_ASM(four, two, ...)                                                                         \
  __asm volatile(                                                                                                    \
      THIMBLE_KEEPING_R7(THIMBLE_TWO_ROWS(four, two))                                                                \
      : "+r"(r0), "+r"(r3), "+r"(r4), [end] "+" THIMBLE_PARKED(end), [pairs] "+" THIMBLE_PARKED(pairs)               \
      : [bias] THIMBLE_PARKED(bias), [multiplier] THIMBLE_PARKED(multiplier), [offset] THIMBLE_PARKED(offset),       \
        [to_row1] THIMBLE_PARKED(to_row1), [to_row2] THIMBLE_PARKED(to_row2), [to_row3] THIMBLE_PARKED(to_row3),     \
        [to_second] THIMBLE_PARKED(to_second), [in_skip] THIMBLE_PARKED(in_skip), [in_step] THIMBLE_PARKED(in_step), \
        [out_skip] THIMBLE_PARKED(out_skip), __VA_ARGS__                                                             \
      : "r1", "r2", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")
#define THIMBLE_TWO_ROWS_OPERANDS                                                                     \
  const int32_t span = s.pairs * 2;                                                                   \
  register const int8_t* r0 __asm("r0") = p.row0;                                                     \
  register int8_t* r3 __asm("r3") = p.out;                                                            \
  register const int32_t* r4 __asm("r4") = weights;                                                   \
  Parked end = parked(p.row0 + span), pairs = parked(p.pairs);                                        \
  const Parked bias = parked(weights[3]), multiplier = parked(weights[4]), offset = parked(s.offset); \
  const Parked to_row1 = parked(p.to_row1), to_row2 = parked(p.to_row2), to_row3 = parked(p.to_row3); \
  const Parked to_second = parked(p.to_second), in_skip = parked(p.in_step - span);                   \
  const Parked in_step = parked(p.in_step), out_skip = parked(p.out_step - span * p.out_pixel)

// All sizes at run time.
THIMBLE_INLINE void depthwise_two_rows(const TwoRows& p, const PlaneStage& s, const int32_t* weights) {
  THIMBLE_TWO_ROWS_OPERANDS;
  const Parked shift = parked(s.shift), pixel = parked(p.out_pixel), odd = parked(int32_t(s.odd));
  THIMBLE_TWO_ROWS_ASM(
      THIMBLE_FOUR THIMBLE_FETCH(
          r8, shift) "asr r10,r10,r8\n\t asr lr,lr,r8\n\t asr r11,r11,r8\n\t asr r12,r12,r8\n\t"
                     "ssat r10,#8,r10\n\t ssat lr,#8,lr\n\t ssat r11,#8,r11\n\t ssat r12,#8,r12\n\t"
      THIMBLE_FETCH(r8, to_second) THIMBLE_FETCH(r9, pixel) "add r8,r3,r8\n\t strb r11,[r8]\n\t strb r12,[r8,r9]\n\t"
                                   "strb r10,[r3]\n\t strb lr,[r3,r9]\n\t add r3,r3,r9,lsl #1\n\t",
      THIMBLE_FETCH(r8, odd) "cmp r8,#0\n\t beq.w 4f\n\t" THIMBLE_TWO THIMBLE_FETCH(r8, shift)
          "asr r10,r10,r8\n\t asr r11,r11,r8\n\t ssat r10,#8,r10\n\t ssat r11,#8,r11\n\t" THIMBLE_STORE_TWO "4:\n\t",
      [shift] THIMBLE_PARKED(shift), [pixel] THIMBLE_PARKED(pixel), [odd] THIMBLE_PARKED(odd));
}

// Shift, parity and the distance of output pixels known at compile time; a distance of 128 or more at run time.
template <int fixed_shift, bool odd, int fixed_pixel>
THIMBLE_INLINE void depthwise_two_rows(const TwoRows& p, const PlaneStage& s, const int32_t* weights) {
  THIMBLE_TWO_ROWS_OPERANDS;
  constexpr bool near = fixed_pixel < 128;
  const Parked pixel = near ? offset : parked(p.out_pixel);
#define THIMBLE_SATURATE_FOUR                                                                        \
  "ssat r10,#8,r10,asr %[shift]\n\t ssat lr,#8,lr,asr %[shift]\n\t ssat r11,#8,r11,asr %[shift]\n\t" \
  "ssat r12,#8,r12,asr %[shift]\n\t" THIMBLE_FETCH(r8, to_second)
#define THIMBLE_FIXED_FOUR_NEAR                                                                       \
  THIMBLE_FOUR THIMBLE_SATURATE_FOUR                                                                  \
      "add r8,r3,r8\n\t strb r11,[r8]\n\t strb r12,[r8,%[pixel]]\n\t strb lr,[r3,%[pixel]]\n\t strb " \
      "r10,[r3],%[pixels]\n\t"
#define THIMBLE_FIXED_FOUR \
  THIMBLE_FOUR THIMBLE_SATURATE_FOUR THIMBLE_FETCH(r9, pixel)                                              \
  "add r8,r3,r8\n\t strb r11,[r8]\n\t strb r12,[r8,r9]\n\t strb r10,[r3]\n\t strb lr,[r3,r9]\n\t add r3,r3,r9,lsl #1\n\t"
#define THIMBLE_FIXED_TWO \
  THIMBLE_TWO "ssat r10,#8,r10,asr %[shift]\n\t ssat r11,#8,r11,asr %[shift]\n\t" THIMBLE_STORE_TWO
  if constexpr (near && odd)
    THIMBLE_TWO_ROWS_ASM(
        THIMBLE_FIXED_FOUR_NEAR,
        THIMBLE_FIXED_TWO, [shift] "i"(fixed_shift), [pixel] "i"(fixed_pixel), [pixels] "i"(2 * fixed_pixel));
  else if constexpr (near)
    THIMBLE_TWO_ROWS_ASM(THIMBLE_FIXED_FOUR_NEAR,
                         "", [shift] "i"(fixed_shift), [pixel] "i"(fixed_pixel), [pixels] "i"(2 * fixed_pixel));
  else if constexpr (odd)
    THIMBLE_TWO_ROWS_ASM(THIMBLE_FIXED_FOUR,
                         THIMBLE_FIXED_TWO, [shift] "i"(fixed_shift), [pixel] THIMBLE_PARKED(pixel));
  else
    THIMBLE_TWO_ROWS_ASM(THIMBLE_FIXED_FOUR, "", [shift] "i"(fixed_shift), [pixel] THIMBLE_PARKED(pixel));
#undef THIMBLE_FIXED_TWO
#undef THIMBLE_FIXED_FOUR
#undef THIMBLE_FIXED_FOUR_NEAR
#undef THIMBLE_SATURATE_FOUR
}
#undef THIMBLE_TWO_ROWS_OPERANDS
#undef THIMBLE_TWO_ROWS_ASM
#undef THIMBLE_TWO_ROWS
#undef THIMBLE_STORE_TWO
#undef THIMBLE_TWO
#undef THIMBLE_LEFT
#undef THIMBLE_FOUR
#undef THIMBLE_TAPS
#undef THIMBLE_TAPS_FROM
#undef THIMBLE_LOAD
#undef THIMBLE_PIXELS
#else
inline void depthwise_two_rows(TwoRows p, const PlaneStage& s, const int32_t* weights) {
  for (; p.pairs > 0; --p.pairs) {
    const PlaneRows rows[2] = {
        {p.row0, p.row0 + p.to_row1, p.row0 + p.to_row2, p.out, 1, 0, 0, p.out_pixel},
        {p.row0 + p.to_row1, p.row0 + p.to_row2, p.row0 + p.to_row3, p.out + p.to_second, 1, 0, 0, p.out_pixel}};
    for (const PlaneRows& row : rows)
      for (int32_t x = 0; x < s.pairs * 2 + s.odd; ++x)
        row.out[x * p.out_pixel] =
            int8_t(saturate8<0>(smmla(nine_taps(row, x, weights), weights[4], s.offset) >> s.shift));
    p.row0 += p.in_step;
    p.out += p.out_step;
  }
}
template <int, bool, int>
void depthwise_two_rows(const TwoRows& p, const PlaneStage& s, const int32_t* weights) {
  depthwise_two_rows(p, s, weights);
}
#endif

}  // namespace thimble::dsp
