// The blocks of the depthwise 3x3 convolution from planes: one output row of all channels, or, at stride 1, two, which
// share two of the three input rows under each. Columns go in pairs, which share their loads.
// Cost on a Cortex-M4, loop included, where the layer's sizes are known at compile time: 30.5 instructions for two
// outputs of one row, 36.5 at stride 2, 58 for two by two outputs; 26 a channel. With sizes at run time 5, 5 and 8
// more.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_depthwise.pack.hpp"

namespace thimble::dsp {

// An input row under a kernel row, at the first output's first column.
struct KernelRow {
  const int8_t* at;
  int32_t step;  // bytes from a channel's plane to the next: 0 in padding
};

// What the blocks take from a layer.
struct PlaneStage {
  const int32_t* weights;  // pack_depthwise_dsp
  int32_t channels;
  int32_t offset, shift;
  int32_t pairs;  // of output columns
  bool odd;       // one column more
};

// The three taps of one kernel row, for `weights` as bytes w0 w1 w2.
THIMBLE_INLINE int32_t three_taps(const int8_t* from, int32_t weights, int32_t sum) {
  return from[2] * (int32_t(uint32_t(weights) << 8) >> 24) +
         (from[1] * (int32_t(uint32_t(weights) << 16) >> 24) +
          (from[0] * (int32_t(uint32_t(weights) << 24) >> 24) + sum));
}
// The sum of the output in column x; `rows` are the three under it.
THIMBLE_INLINE int32_t nine_taps(const KernelRow* rows, int32_t x, int32_t stride_x, const int32_t* weights) {
  const int32_t at = x * stride_x;
  const int32_t sum = three_taps(rows[1].at + at, weights[1], three_taps(rows[0].at + at, weights[0], weights[3]));
  return three_taps(rows[2].at + at, weights[2], sum);
}

#if THIMBLE_DSP_PRODUCT_LOOP
// clang-format off
// Registers of both blocks: r4 r5 r6 the weights {w0,w2} of the kernel rows, r7 the middle ones of the first and second
// row {w1,w1}, r2 that of the third; r3 the output row, r8 r9 temporaries, r10 lr the sums of the left and the right
// output.
// A channel after the other; bias and multiplier are parked.
#define THIMBLE_CHANNELS(channel) \
  THIMBLE_FETCH(r8, weights) \
  "5:\n\t ldmia r8!,{r4,r5,r6,r9,r10}\n\t" \
  THIMBLE_PARK(weights, r8) THIMBLE_PARK(bias, r9) THIMBLE_PARK(multiplier, r10) \
  "sxtb16 r7,r4,ror #8\n\t sxtb16 r4,r4\n\t sxtb16 r5,r5\n\t sxtb16 r2,r6,ror #8\n\t sxtb16 r6,r6\n\t" \
  channel \
  THIMBLE_FETCH(r8, weights) THIMBLE_FETCH(r9, weights_end) "cmp r8,r9\n\t bne.w 5b\n\t"
// Pixels p0..p3 in r9 become {p0,p2} in r8 and {p1,p3} in r9.
#define THIMBLE_PIXELS "sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t"
// Stride 1, `w1` in half `h` of its register. Left: p0*w0 + p2*w2, p1*w1. Right: p2*w1, p1*w0 + p3*w2. `start` holds
// what the left sum starts from.
#define THIMBLE_TAPS_FROM(left, right, w02, h, w1, start) \
  "smlad " left ",r8," w02 "," start "\n\t smlat" h " " right ",r8," w1 "," right "\n\t" \
  "smlab" h " " left ",r9," w1 "," left "\n\t smlad " right ",r9," w02 "," right "\n\t"
#define THIMBLE_TAPS(left, right, w02, h, w1) THIMBLE_TAPS_FROM(left, right, w02, h, w1, left)
// One column: the left outputs.
#define THIMBLE_LEFT(left, w02, h, w1) \
  "smlad " left ",r8," w02 "," left "\n\t smlab" h " " left ",r9," w1 "," left "\n\t"

// --- one row ---
// r0 r1 r11 the input rows, r12 the offset.
// At stride 2 p4 follows. Left: as at stride 1. Right: p2*w0, p3*w1, p4*w2.
#define THIMBLE_PAIR_ROW(p, w02, h, w1, start) \
  "ldr r9,[" p "],#2*%c[stride]\n\t" THIMBLE_PIXELS \
  ".if %c[stride] == 1\n\t" THIMBLE_TAPS_FROM("r10", "lr", w02, h, w1, start) \
  ".else\n\t smlad r10,r8," w02 "," start "\n\t smlatb lr,r8," w02 ",lr\n\t" \
  "smlab" h " r10,r9," w1 ",r10\n\t smlat" h " lr,r9," w1 ",lr\n\t" \
  "ldrsb r8,[" p "]\n\t smlabt lr,r8," w02 ",lr\n\t.endif\n\t"
#define THIMBLE_PAIR \
  THIMBLE_FETCH(lr, bias) \
  THIMBLE_PAIR_ROW("r0", "r4", "b", "r7", "lr") \
  THIMBLE_PAIR_ROW("r1", "r5", "t", "r7", "r10") \
  THIMBLE_PAIR_ROW("r11", "r6", "b", "r2", "r10") \
  THIMBLE_FETCH(r8, multiplier) "smmla r10,r10,r8,r12\n\t smmla lr,lr,r8,r12\n\t"
#define THIMBLE_SINGLE_ROW(p, w02, h, w1) "ldr r9,[" p "]\n\t" THIMBLE_PIXELS THIMBLE_LEFT("r10", w02, h, w1)
#define THIMBLE_SINGLE \
  THIMBLE_FETCH(r10, bias) \
  THIMBLE_SINGLE_ROW("r0", "r4", "b", "r7") \
  THIMBLE_SINGLE_ROW("r1", "r5", "t", "r7") \
  THIMBLE_SINGLE_ROW("r11", "r6", "b", "r2") \
  THIMBLE_FETCH(r8, multiplier) "smmla r10,r10,r8,r12\n\t"
// The loop over columns: a turn of two pairs, entered in the middle or passed by as `entry` says.
#define THIMBLE_ONE_ROW(pair, single) \
  THIMBLE_CHANNELS( \
    THIMBLE_FETCH(r8, span) "add r8,r8,r0\n\t" THIMBLE_PARK(end, r8) \
    THIMBLE_FETCH(r8, entry) "add pc,r8\n\t nop\n" \
    "1:\n\t.rept 2\n\t" pair ".endr\n\t" \
    THIMBLE_FETCH(r8, end) "cmp r0,r8\n\t bne.w 1b\n\t" \
    single \
    THIMBLE_FETCH(r8, skip0) "add r0,r0,r8\n\t" \
    THIMBLE_FETCH(r8, skip1) "add r1,r1,r8\n\t" \
    THIMBLE_FETCH(r8, skip2) "add r11,r11,r8\n\t" \
    THIMBLE_FETCH(r8, out_skip) "add r3,r3,r8\n\t")
#define THIMBLE_ONE_ROW_ASM(pair, single, ...) \
  __asm volatile(THIMBLE_KEEPING_R7(THIMBLE_ONE_ROW(pair, single)) \
                 : "+r"(r0), "+r"(r1), "+r"(r11), "+r"(r3), [weights] "+" THIMBLE_PARKED(weights), \
                   [end] "=&" THIMBLE_PARKED(end), [bias] "=&" THIMBLE_PARKED(bias), \
                   [multiplier] "=&" THIMBLE_PARKED(multiplier) \
                 : "r"(r12), [weights_end] THIMBLE_PARKED(weights_end), [span] THIMBLE_PARKED(span), \
                   [entry] THIMBLE_PARKED(entry), [skip0] THIMBLE_PARKED(skip0), [skip1] THIMBLE_PARKED(skip1), \
                   [skip2] THIMBLE_PARKED(skip2), [out_skip] THIMBLE_PARKED(out_skip), [stride] "i"(stride), \
                   __VA_ARGS__ \
                 : "r2", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "lr", "cc", "memory")
#define THIMBLE_ONE_ROW_OPERANDS(pair_instructions) \
  constexpr int32_t pair_bytes = 4 * (pair_instructions), loop_end_bytes = 10; \
  const int32_t bytes = s.pairs * 2 * stride; \
  register const int8_t* r0 __asm("r0") = rows[0].at; \
  register const int8_t* r1 __asm("r1") = rows[1].at; \
  register const int8_t* r11 __asm("r11") = rows[2].at; \
  register int8_t* r3 __asm("r3") = out; \
  register const int32_t r12 __asm("r12") = s.offset; \
  Parked weights = parked(s.weights), end, bias, multiplier; \
  const Parked weights_end = parked(s.weights + s.channels * depthwise_dsp_words), span = parked(bytes); \
  const Parked entry = parked(s.pairs == 0 ? 2 * pair_bytes + loop_end_bytes : s.pairs % 2 * pair_bytes); \
  const Parked skip0 = parked(rows[0].step - bytes), skip1 = parked(rows[1].step - bytes); \
  const Parked skip2 = parked(rows[2].step - bytes), out_skip = parked(1 - s.pairs * 2 * s.channels)

// All sizes at run time.
template <int stride>
THIMBLE_INLINE void depthwise_row(const KernelRow* rows, int8_t* out, const PlaneStage& s) {
  THIMBLE_ONE_ROW_OPERANDS((stride == 1 ? 21 : 27) + 4 + 5 + 4);
  const Parked shift = parked(s.shift), pixel = parked(s.channels), odd = parked(int32_t(s.odd));
  THIMBLE_ONE_ROW_ASM(
    THIMBLE_PAIR
    THIMBLE_FETCH(r8, shift) "asr r10,r10,r8\n\t asr lr,lr,r8\n\t ssat r10,#8,r10\n\t ssat lr,#8,lr\n\t"
    THIMBLE_FETCH(r8, pixel) "strb r10,[r3]\n\t strb lr,[r3,r8]\n\t add r3,r3,r8,lsl #1\n\t",
    THIMBLE_FETCH(r8, odd) "cmp r8,#0\n\t beq.w 4f\n\t"
    THIMBLE_SINGLE
    THIMBLE_FETCH(r8, shift) "asr r10,r10,r8\n\t ssat r10,#8,r10\n\t strb r10,[r3]\n4:\n\t",
    [shift] THIMBLE_PARKED(shift), [pixel] THIMBLE_PARKED(pixel), [odd] THIMBLE_PARKED(odd));
}

// Shift, parity of the width and channels known at compile time; fewer than 2048 channels, which ADDW can skip.
#define THIMBLE_IF_FAR ".if %c[pixel] > 127\n\t"
template <int stride, int fixed_shift, bool odd, int channels>
THIMBLE_INLINE void depthwise_row(const KernelRow* rows, int8_t* out, const PlaneStage& s) {
  THIMBLE_ONE_ROW_OPERANDS((stride == 1 ? 21 : 27) + 4 + 2 + (channels > 127 ? 3 : 2));
  THIMBLE_ONE_ROW_ASM(
    THIMBLE_PAIR
    "ssat r10,#8,r10,asr %[shift]\n\t ssat lr,#8,lr,asr %[shift]\n\t strb lr,[r3,%[pixel]]\n\t"
    THIMBLE_IF_FAR "strb r10,[r3]\n\t addw r3,r3,%[pixels]\n\t.else\n\t strb r10,[r3],%[pixels]\n\t.endif\n\t",
    ".if %c[odd]\n\t"
    THIMBLE_SINGLE
    "ssat r10,#8,r10,asr %[shift]\n\t strb r10,[r3]\n\t.endif\n\t",
    [shift] "i"(fixed_shift), [pixel] "i"(channels), [pixels] "i"(2 * channels), [odd] "i"(int(odd)));
}

// --- two rows ---
// r0 the second input row, which like the third is never padding; r1 the second output row, r11 r12 its sums. Where the
// first or the fourth is padding, its distance from r0 slips by a plane with each channel.
#define THIMBLE_LOAD(row) THIMBLE_FETCH(r8, row) "ldr r9,[r0,r8]\n\t" THIMBLE_PIXELS
#define THIMBLE_FOUR \
  THIMBLE_LOAD(to_row3) \
  THIMBLE_FETCH(r12, bias) THIMBLE_TAPS_FROM("r11", "r12", "r6", "b", "r2", "r12") \
  THIMBLE_LOAD(to_row2) \
  THIMBLE_FETCH(lr, bias) THIMBLE_TAPS_FROM("r10", "lr", "r6", "b", "r2", "lr") \
  THIMBLE_TAPS("r11", "r12", "r5", "t", "r7") \
  THIMBLE_LOAD(to_row0) \
  THIMBLE_TAPS("r10", "lr", "r4", "b", "r7") \
  "ldr r9,[r0],#2\n\t" THIMBLE_PIXELS \
  THIMBLE_TAPS("r10", "lr", "r5", "t", "r7") \
  THIMBLE_TAPS("r11", "r12", "r4", "b", "r7") \
  THIMBLE_FETCH(r8, multiplier) THIMBLE_FETCH(r9, offset) \
  "smmla r10,r10,r8,r9\n\t smmla lr,lr,r8,r9\n\t smmla r11,r11,r8,r9\n\t smmla r12,r12,r8,r9\n\t"
#define THIMBLE_TWO \
  THIMBLE_FETCH(r10, bias) "mov r11,r10\n\t" \
  THIMBLE_LOAD(to_row3) \
  THIMBLE_LEFT("r11", "r6", "b", "r2") \
  THIMBLE_LOAD(to_row2) \
  THIMBLE_LEFT("r10", "r6", "b", "r2") THIMBLE_LEFT("r11", "r5", "t", "r7") \
  THIMBLE_LOAD(to_row0) \
  THIMBLE_LEFT("r10", "r4", "b", "r7") \
  "ldr r9,[r0]\n\t" THIMBLE_PIXELS \
  THIMBLE_LEFT("r10", "r5", "t", "r7") THIMBLE_LEFT("r11", "r4", "b", "r7") \
  THIMBLE_FETCH(r8, multiplier) THIMBLE_FETCH(r9, offset) "smmla r10,r10,r8,r9\n\t smmla r11,r11,r8,r9\n\t"
#define THIMBLE_SLIP(to_row, slip) \
  THIMBLE_FETCH(r8, to_row) THIMBLE_FETCH(r9, slip) "add r8,r8,r9\n\t" THIMBLE_PARK(to_row, r8)
#define THIMBLE_TWO_ROWS(four, two) \
  THIMBLE_CHANNELS( \
    THIMBLE_FETCH(r8, span) "add r8,r8,r0\n\t" THIMBLE_PARK(end, r8) \
    "cmp r0,r8\n\t beq.w 2f\n" \
    "1:\n\t" four \
    THIMBLE_FETCH(r8, end) "cmp r0,r8\n\t bne.w 1b\n" \
    "2:\n\t" two \
    THIMBLE_FETCH(r8, skip) "add r0,r0,r8\n\t" \
    THIMBLE_FETCH(r8, out_skip) "add r3,r3,r8\n\t add r1,r1,r8\n\t" \
    THIMBLE_FETCH(r8, padded) "cmp r8,#0\n\t beq.w 3f\n\t" \
    THIMBLE_SLIP(to_row0, slip0) THIMBLE_SLIP(to_row3, slip3) \
    "3:\n\t")
#define THIMBLE_TWO_ROWS_ASM(four, two, ...) \
  __asm volatile(THIMBLE_KEEPING_R7(THIMBLE_TWO_ROWS(four, two)) \
                 : "+r"(r0), "+r"(r1), "+r"(r3), [weights] "+" THIMBLE_PARKED(weights), \
                   [to_row0] "+" THIMBLE_PARKED(to_row0), [to_row3] "+" THIMBLE_PARKED(to_row3), \
                   [end] "=&" THIMBLE_PARKED(end), [bias] "=&" THIMBLE_PARKED(bias), \
                   [multiplier] "=&" THIMBLE_PARKED(multiplier) \
                 : [offset] THIMBLE_PARKED(offset), [weights_end] THIMBLE_PARKED(weights_end), \
                   [to_row2] THIMBLE_PARKED(to_row2), [span] THIMBLE_PARKED(span), [skip] THIMBLE_PARKED(skip), \
                   [out_skip] THIMBLE_PARKED(out_skip), [padded] THIMBLE_PARKED(padded), \
                   [slip0] THIMBLE_PARKED(slip0), [slip3] THIMBLE_PARKED(slip3), __VA_ARGS__ \
                 : "r2", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")
#define THIMBLE_TWO_ROWS_OPERANDS \
  const int32_t bytes = s.pairs * 2, step = rows[1].step, slips[2] = {rows[0].step - step, rows[3].step - step}; \
  register const int8_t* r0 __asm("r0") = rows[1].at; \
  register int8_t* r1 __asm("r1") = second; \
  register int8_t* r3 __asm("r3") = first; \
  Parked weights = parked(s.weights), end, bias, multiplier; \
  Parked to_row0 = parked(distance(rows[1].at, rows[0].at)), to_row3 = parked(distance(rows[1].at, rows[3].at)); \
  const Parked to_row2 = parked(distance(rows[1].at, rows[2].at)), offset = parked(s.offset), span = parked(bytes); \
  const Parked weights_end = parked(s.weights + s.channels * depthwise_dsp_words), skip = parked(step - bytes); \
  const Parked out_skip = parked(1 - bytes * s.channels), padded = parked(slips[0] | slips[1]); \
  const Parked slip0 = parked(slips[0]), slip3 = parked(slips[1])

// Bytes from one row to another, of the input or the padding.
THIMBLE_INLINE int32_t distance(const int8_t* from, const int8_t* to) {
  return int32_t(reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from));
}

// All sizes at run time.
THIMBLE_INLINE void depthwise_two_rows(const KernelRow* rows, int8_t* first, int8_t* second, const PlaneStage& s) {
  THIMBLE_TWO_ROWS_OPERANDS;
  const Parked shift = parked(s.shift), pixel = parked(s.channels), odd = parked(int32_t(s.odd));
  THIMBLE_TWO_ROWS_ASM(
    THIMBLE_FOUR
    THIMBLE_FETCH(r8, shift) "asr r10,r10,r8\n\t asr lr,lr,r8\n\t asr r11,r11,r8\n\t asr r12,r12,r8\n\t"
    "ssat r10,#8,r10\n\t ssat lr,#8,lr\n\t ssat r11,#8,r11\n\t ssat r12,#8,r12\n\t"
    THIMBLE_FETCH(r9, pixel) "strb r10,[r3]\n\t strb lr,[r3,r9]\n\t strb r11,[r1]\n\t strb r12,[r1,r9]\n\t"
    "add r3,r3,r9,lsl #1\n\t add r1,r1,r9,lsl #1\n\t",
    THIMBLE_FETCH(r8, odd) "cmp r8,#0\n\t beq.w 4f\n\t"
    THIMBLE_TWO
    THIMBLE_FETCH(r8, shift) "asr r10,r10,r8\n\t asr r11,r11,r8\n\t ssat r10,#8,r10\n\t ssat r11,#8,r11\n\t"
    "strb r10,[r3]\n\t strb r11,[r1]\n4:\n\t",
    [shift] THIMBLE_PARKED(shift), [pixel] THIMBLE_PARKED(pixel), [odd] THIMBLE_PARKED(odd));
}

// Shift, parity of the width and channels known at compile time; fewer than 2048 channels.
template <int fixed_shift, bool odd, int channels>
THIMBLE_INLINE void depthwise_two_rows(const KernelRow* rows, int8_t* first, int8_t* second, const PlaneStage& s) {
  THIMBLE_TWO_ROWS_OPERANDS;
  THIMBLE_TWO_ROWS_ASM(
    THIMBLE_FOUR
    "ssat r10,#8,r10,asr %[shift]\n\t ssat lr,#8,lr,asr %[shift]\n\t"
    "ssat r11,#8,r11,asr %[shift]\n\t ssat r12,#8,r12,asr %[shift]\n\t"
    "strb lr,[r3,%[pixel]]\n\t strb r12,[r1,%[pixel]]\n\t"
    THIMBLE_IF_FAR "strb r10,[r3]\n\t strb r11,[r1]\n\t addw r3,r3,%[pixels]\n\t addw r1,r1,%[pixels]\n\t"
    ".else\n\t strb r10,[r3],%[pixels]\n\t strb r11,[r1],%[pixels]\n\t.endif\n\t",
    ".if %c[odd]\n\t"
    THIMBLE_TWO
    "ssat r10,#8,r10,asr %[shift]\n\t ssat r11,#8,r11,asr %[shift]\n\t strb r10,[r3]\n\t strb r11,[r1]\n\t.endif\n\t",
    [shift] "i"(fixed_shift), [pixel] "i"(channels), [pixels] "i"(2 * channels), [odd] "i"(int(odd)));
}
#undef THIMBLE_TWO_ROWS_OPERANDS
#undef THIMBLE_TWO_ROWS_ASM
#undef THIMBLE_TWO_ROWS
#undef THIMBLE_SLIP
#undef THIMBLE_TWO
#undef THIMBLE_FOUR
#undef THIMBLE_LOAD
#undef THIMBLE_IF_FAR
#undef THIMBLE_ONE_ROW_OPERANDS
#undef THIMBLE_ONE_ROW_ASM
#undef THIMBLE_ONE_ROW
#undef THIMBLE_SINGLE
#undef THIMBLE_SINGLE_ROW
#undef THIMBLE_PAIR
#undef THIMBLE_PAIR_ROW
#undef THIMBLE_LEFT
#undef THIMBLE_TAPS
#undef THIMBLE_TAPS_FROM
#undef THIMBLE_PIXELS
#undef THIMBLE_CHANNELS
// clang-format on
#else
template <int stride>
void depthwise_row(const KernelRow* rows, int8_t* out, const PlaneStage& s) {
  KernelRow at[3] = {rows[0], rows[1], rows[2]};
  for (int32_t c = 0; c < s.channels; ++c, ++out) {
    const int32_t* const weights = s.weights + c * depthwise_dsp_words;
    for (int32_t x = 0; x < s.pairs * 2 + s.odd; ++x)
      out[x * s.channels] =
          int8_t(saturate8<0>(smmla(nine_taps(at, x, stride, weights), weights[4], s.offset) >> s.shift));
    for (KernelRow& row : at) row.at += row.step;
  }
}
template <int stride, int, bool, int>
void depthwise_row(const KernelRow* rows, int8_t* out, const PlaneStage& s) {
  depthwise_row<stride>(rows, out, s);
}
inline void depthwise_two_rows(const KernelRow* rows, int8_t* first, int8_t* second, const PlaneStage& s) {
  depthwise_row<1>(rows, first, s);
  depthwise_row<1>(rows + 1, second, s);
}
template <int, bool, int>
void depthwise_two_rows(const KernelRow* rows, int8_t* first, int8_t* second, const PlaneStage& s) {
  depthwise_two_rows(rows, first, second, s);
}
#endif

}  // namespace thimble::dsp
