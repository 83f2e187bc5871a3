// The depthwise convolution of dsp_depthwise.hpp in as little code as it can do with: one kernel for both strides, a
// row of one channel at a time. Constants and results are the same. Cost on a Cortex-M4: 39 instructions for two
// outputs at stride 1, 29 for one at stride 2, about 60 a channel and row.
#pragma once
#include "thimble/arch/dsp_depthwise.hpp"

namespace thimble {
namespace dsp {

// One output row of one channel: `pairs` of outputs whose windows are neighbours, then `singles` whose windows lie two
// columns apart.
struct SmallRow {
  const int8_t *row0, *row1, *row2;
  int8_t* out;
  int32_t pairs, singles;
  int32_t pixel;  // from an output to the next
  int32_t offset, shift;
};

#if THIMBLE_DSP_PRODUCT_LOOP
// Registers: r0 r1 r2 the rows, r3 the output, r4 r5, r6 r7, r11 r12 the weights {w0,w2} {w1,0} of a kernel row each,
// r8 r9 temporaries, r10 lr the sums. The pixels p0..p3 of a row are widened as {p0,p2} {p1,p3}. An output is
// p0*w0 + p2*w2 and p1*w1; its neighbour p2*w1 and p1*w0 + p3*w2.
THIMBLE_INLINE void depthwise_row_small(const SmallRow& s, const int32_t* weights) {
#define THIMBLE_OUTPUT(p, w02, w1)                                                                                \
  "ldr r9,[" p "],#2\n\t sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t smlad r10,r8," w02 ",r10\n\t smlabb r10,r9," w1 \
  ",r10\n\t"
#define THIMBLE_TWO(p, w02, w1) THIMBLE_OUTPUT(p, w02, w1) "smlatb lr,r8," w1 ",lr\n\t smlad lr,r9," w02 ",lr\n\t"
#define THIMBLE_ROWS(row) row("r0", "r4", "r5") row("r1", "r6", "r7") row("r2", "r11", "r12")
#define THIMBLE_MULTIPLIER THIMBLE_FETCH(r8, multiplier) THIMBLE_FETCH(r9, offset)
  register const int8_t* r0 __asm("r0") = s.row0;
  register const int8_t* r1 __asm("r1") = s.row1;
  register const int8_t* r2 __asm("r2") = s.row2;
  register int8_t* r3 __asm("r3") = s.out;
  register const int32_t* r4 __asm("r4") = weights;
  Parked singles = parked(s.singles);
  const Parked pairs_end = parked(s.row0 + 2 * s.pairs), pixel = parked(s.pixel);
  const Parked bias = parked(weights[3]), multiplier = parked(weights[4]);
  const Parked offset = parked(s.offset), shift = parked(s.shift);
  __asm volatile(
      THIMBLE_KEEPING_R7(
          "ldmia r4,{r4,r6,r11}\n\t sxtb16 r5,r4,ror #8\n\t sxtb16 r4,r4\n\t sxtb16 r7,r6,ror #8\n\t"
          "sxtb16 r6,r6\n\t sxtb16 r12,r11,ror #8\n\t sxtb16 r11,r11\n\t b.n 2f\n1:\n\t" THIMBLE_FETCH(
              r10, bias) "mov lr,r10\n\t" THIMBLE_ROWS(THIMBLE_TWO) THIMBLE_MULTIPLIER
          "smmla r10,r10,r8,r9\n\t smmla lr,lr,r8,r9\n\t" THIMBLE_FETCH(r8, shift) "asr r10,r10,r8\n\t asr "
                                                                                   "lr,lr,r8\n\t ssat r10,#8,r10\n\t "
                                                                                   "ssat lr,#8,lr\n\t" THIMBLE_FETCH(r8, pixel) "strb r10,[r3]\n\t strb lr,[r3,r8]\n\t add r3,r3,r8,lsl #1\n2:\n\t" THIMBLE_FETCH(
                                                                                       r8,
                                                                                       pairs_end) "cmp r0,r8\n\t bne.n "
                                                                                                  "1b\n\t b.n "
                                                                                                  "4f\n3:"
                                                                                                  "\n\t" THIMBLE_PARK(singles,
                                                                                                                      r9)
                                                                                                      THIMBLE_FETCH(
                                                                                                          r10, bias)
                                                                                                          THIMBLE_ROWS(
                                                                                                              THIMBLE_OUTPUT)
                                                                                                              THIMBLE_MULTIPLIER
          "smmla r10,r10,r8,r9\n\t" THIMBLE_FETCH(r8, shift) "asr r10,r10,r8\n\t ssat r10,#8,r10\n\t strb "
                                                             "r10,[r3]\n\t" THIMBLE_FETCH(r8, pixel) "add "
                                                                                                     "r3,r3,r8\n4:"
                                                                                                     "\n"
                                                                                                     "\t" THIMBLE_FETCH(
                                                                                                         r9,
                                                                                                         singles) "subs"
                                                                                                                  " r9,"
                                                                                                                  "r9,#"
                                                                                                                  "1\n"
                                                                                                                  "\t "
                                                                                                                  "bge."
                                                                                                                  "n "
                                                                                                                  "3b\n"
                                                                                                                  "\t")
      : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4), [singles] "+" THIMBLE_PARKED(singles)
      : [pairs_end] THIMBLE_PARKED(pairs_end), [pixel] THIMBLE_PARKED(pixel), [bias] THIMBLE_PARKED(bias),
        [multiplier] THIMBLE_PARKED(multiplier), [offset] THIMBLE_PARKED(offset), [shift] THIMBLE_PARKED(shift)
      : "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
#undef THIMBLE_MULTIPLIER
#undef THIMBLE_ROWS
#undef THIMBLE_TWO
#undef THIMBLE_OUTPUT
}
#else
THIMBLE_INLINE void depthwise_row_small(const SmallRow& s, const int32_t* weights) {
  const PlaneRows rows{s.row0, s.row1, s.row2, s.out, 1, 0, 0, s.pixel};
  for (int32_t i = 0; i < 2 * s.pairs + s.singles; ++i) {
    const int32_t x = i < 2 * s.pairs ? i : 2 * (i - s.pairs);
    s.out[i * s.pixel] = int8_t(saturate8<0>(smmla(nine_taps(rows, x, weights), weights[4], s.offset) >> s.shift));
  }
}
#endif

}  // namespace dsp

// Output rows [y0, y1), NHWC, from planes.
template <class Shape>
void depthwise_planes_small_dsp(const DepthwiseDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                                int32_t y1) {
  const int32_t pairs = layer.stride_x == 1 ? layer.out_width / 2 : 0;
  for (int32_t y = y0; y < y1; ++y) {
    dsp::KernelRow rows[3];
    for (int32_t k = 0; k < 3; ++k) rows[k] = dsp::kernel_row(layer, in, y, k);
    dsp::SmallRow row{rows[0].at,     rows[1].at,
                      rows[2].at,     reinterpret_cast<int8_t*>(out.row(y)),
                      pairs,          layer.out_width - 2 * pairs,
                      layer.channels, layer.offset,
                      layer.shift};
    const int32_t* weights = layer.weights;
    for (int32_t left = layer.channels; left > 0; --left, weights += depthwise_dsp_words) {
      dsp::depthwise_row_small(row, weights);
      row.row0 += rows[0].step;
      row.row1 += rows[1].step;
      row.row2 += rows[2].step;
      ++row.out;
    }
  }
}

}  // namespace thimble
