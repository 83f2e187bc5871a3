// The depthwise convolution of dsp_depthwise.hpp in as little code as it can do with: one block for both strides, a row
// at a time. Constants and results are the same.
// Cost on a Cortex-M4: 39 instructions for two outputs at stride 1, 29 for one at stride 2, 33 a channel and row.
#pragma once
#include "thimble/arch/dsp_depthwise.hpp"

namespace thimble {
namespace dsp {

// One output row of all channels; `rows` are the three under it. Outputs go in pairs whose windows are neighbours, then
// alone with windows two columns apart: at stride 2 all of them, at stride 1 an odd last one.
#if THIMBLE_DSP_PRODUCT_LOOP
// Registers: r0 r1 r2 the rows, r3 the output, r4 r5 r6 the weights {w0,w2} of a kernel row each, r7 and r11 the middle
// ones {w1,w1} {w1,0}, r8 r9 temporaries, r10 lr the sums, r12 the offset. The pixels p0..p3 of a row are widened as
// {p0,p2} {p1,p3}. An output is p0*w0 + p2*w2 and p1*w1; its neighbour p2*w1 and p1*w0 + p3*w2.
THIMBLE_INLINE void depthwise_row_small(const KernelRow* rows, int8_t* out, const PlaneStage& s, int32_t stride) {
#define THIMBLE_OUTPUT(p, w02, h, w1)                                                                                 \
  "ldr r9,[" p "],#2\n\t sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t smlad r10,r8," w02 ",r10\n\t smlab" h " r10,r9," w1 \
  ",r10\n\t"
#define THIMBLE_TWO(p, w02, h, w1) \
  THIMBLE_OUTPUT(p, w02, h, w1) "smlat" h " lr,r8," w1 ",lr\n\t smlad lr,r9," w02 ",lr\n\t"
#define THIMBLE_ROWS(row) row("r0", "r4", "b", "r7") row("r1", "r5", "t", "r7") row("r2", "r6", "b", "r11")
// Takes a channel's weights, and says where its pairs end and how many stand alone.
#define THIMBLE_BEGIN \
  "ldmia r8!,{r4,r5,r6,r9,r10}\n\t" THIMBLE_PARK(weights, r8) THIMBLE_PARK(bias, r9) THIMBLE_PARK(multiplier, r10) \
  "sxtb16 r7,r4,ror #8\n\t sxtb16 r4,r4\n\t sxtb16 r5,r5\n\t sxtb16 r11,r6,ror #8\n\t sxtb16 r6,r6\n\t"           \
  THIMBLE_FETCH(r8, span) "add r8,r8,r0\n\t" THIMBLE_PARK(pairs_end, r8)
#define THIMBLE_PAIR       \
  THIMBLE_FETCH(r10, bias) \
  "mov lr,r10\n\t" THIMBLE_ROWS(THIMBLE_TWO)                                                                  \
  THIMBLE_FETCH(r8, multiplier) "smmla r10,r10,r8,r12\n\t smmla lr,lr,r8,r12\n\t"                             \
  THIMBLE_FETCH(r8, shift) "asr r10,r10,r8\n\t asr lr,lr,r8\n\t ssat r10,#8,r10\n\t ssat lr,#8,lr\n\t"        \
  THIMBLE_FETCH(r8, pixel) "strb r10,[r3]\n\t strb lr,[r3,r8]\n\t add r3,r3,r8,lsl #1\n\t"
#define THIMBLE_ALONE                                                                         \
  THIMBLE_FETCH(r10, bias)                                                                    \
  THIMBLE_ROWS(THIMBLE_OUTPUT)                                                                \
  THIMBLE_FETCH(r8, multiplier)                                                               \
  "smmla r10,r10,r8,r12\n\t" THIMBLE_FETCH(                                                   \
      r8, shift) "asr r10,r10,r8\n\t ssat r10,#8,r10\n\t strb r10,[r3]\n\t" THIMBLE_FETCH(r8, \
                                                                                          pixel) "add r3,r3,r8\n\t"
#define THIMBLE_END                                                             \
  THIMBLE_FETCH(r8, skip0)                                                      \
  "add r0,r0,r8\n\t" THIMBLE_FETCH(r8, skip1) "add r1,r1,r8\n\t" THIMBLE_FETCH( \
      r8, skip2) "add r2,r2,r8\n\t" THIMBLE_FETCH(r8, out_skip) "add r3,r3,r8\n\t"
  register const int8_t* r0 __asm("r0") = rows[0].at;
  register const int8_t* r1 __asm("r1") = rows[1].at;
  register const int8_t* r2 __asm("r2") = rows[2].at;
  register int8_t* r3 __asm("r3") = out;
  register const int32_t r12 __asm("r12") = s.offset;
  const int32_t outputs = 2 * s.pairs + int32_t(s.odd), pairs = stride == 1 ? s.pairs : 0, alone = outputs - 2 * pairs;
  const int32_t bytes = 2 * (pairs + alone);
  Parked weights = parked(s.weights), pairs_end, left, bias, multiplier;
  const Parked weights_end = parked(s.weights + s.channels * depthwise_dsp_words);
  const Parked span = parked(2 * pairs), singles = parked(alone), pixel = parked(s.channels);
  const Parked skip0 = parked(rows[0].step - bytes), skip1 = parked(rows[1].step - bytes);
  const Parked skip2 = parked(rows[2].step - bytes), shift = parked(s.shift);
  const Parked out_skip = parked(1 - outputs * s.channels);
#define THIMBLE_ROW                                                                                                  \
  THIMBLE_FETCH(r8, weights)                                                                                         \
  "5:\n\t" THIMBLE_BEGIN "b.n 2f\n1:\n\t" THIMBLE_PAIR "2:\n\t" THIMBLE_FETCH(                                       \
      r8, pairs_end) "cmp r0,r8\n\t bne.n 1b\n\t" THIMBLE_FETCH(r9, singles) "b.n 4f\n3:\n\t" THIMBLE_PARK(left, r9) \
      THIMBLE_ALONE                                                                                                  \
      THIMBLE_FETCH(r9, left) "4:\n\t subs r9,r9,#1\n\t bge.n 3b\n\t" THIMBLE_END                                    \
      THIMBLE_FETCH(r8, weights) THIMBLE_FETCH(r9, weights_end) "cmp r8,r9\n\t bne.w 5b\n\t"
  __asm volatile(
      THIMBLE_KEEPING_R7(THIMBLE_ROW)
      : "+r"(r0), "+r"(r1), "+r"(r2),
        "+r"(r3), [weights] "+" THIMBLE_PARKED(weights), [pairs_end] "=&" THIMBLE_PARKED(pairs_end),
        [left] "=&" THIMBLE_PARKED(left), [bias] "=&" THIMBLE_PARKED(bias), [multiplier] "=&" THIMBLE_PARKED(multiplier)
      : "r"(r12), [weights_end] THIMBLE_PARKED(weights_end), [span] THIMBLE_PARKED(span),
        [singles] THIMBLE_PARKED(singles), [pixel] THIMBLE_PARKED(pixel), [skip0] THIMBLE_PARKED(skip0),
        [skip1] THIMBLE_PARKED(skip1), [skip2] THIMBLE_PARKED(skip2), [shift] THIMBLE_PARKED(shift),
        [out_skip] THIMBLE_PARKED(out_skip)
      : "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "lr", "cc", "memory");
#undef THIMBLE_ROW
#undef THIMBLE_END
#undef THIMBLE_ALONE
#undef THIMBLE_PAIR
#undef THIMBLE_BEGIN
#undef THIMBLE_ROWS
#undef THIMBLE_TWO
#undef THIMBLE_OUTPUT
}
#else
inline void depthwise_row_small(const KernelRow* rows, int8_t* out, const PlaneStage& s, int32_t stride) {
  if (stride == 1)
    depthwise_row<1>(rows, out, s);
  else
    depthwise_row<2>(rows, out, s);
}
#endif

}  // namespace dsp

// Output rows [y0, y1), NHWC, from planes.
template <class Shape>
void depthwise_planes_small_dsp(const DepthwiseDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                                int32_t y1) {
  const dsp::PlaneStage stage{layer.weights, layer.channels,      layer.offset,
                              layer.shift,   layer.out_width / 2, layer.out_width % 2 != 0};
  for (int32_t y = y0; y < y1; ++y) {
    dsp::KernelRow rows[3];
    for (int32_t k = 0; k < 3; ++k) rows[k] = dsp::kernel_row(layer, in, y, k);
    dsp::depthwise_row_small(rows, reinterpret_cast<int8_t*>(out.row(y)), stage, layer.stride_x);
  }
}

}  // namespace thimble
