// Depthwise 3x3 convolution from planes of int8 for cores with the DSP extension. A block works on one channel: its
// weights stay in registers for as many rows as lie at equal distances. Two outputs at a time share their loads; at
// stride 1 two rows of them do (dsp_depthwise_rows.hpp).
// Cost on a Cortex-M4 for two outputs: 31 instructions at stride 1, 37 at stride 2 (5 to 7 more when sizes come at run
// time), and about 50 a channel and call.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_depthwise.pack.hpp"
#include "thimble/arch/dsp_depthwise_rows.hpp"
#include "thimble/planes.hpp"
#include "thimble/rows.hpp"

namespace thimble {
namespace dsp {

#if THIMBLE_DSP_PRODUCT_LOOP
// Registers: r0 r1 r2 the rows, r3 the output, r4 r5, r6 r7, r11 r12 the weights {w0,w2} {w1,0} of a kernel row each,
// r8 r9 temporaries, r10 lr the sums of the left and the right output.
// Stride 1: the pixels p0..p3 as {p0,p2} {p1,p3}. Left: p0*w0 + p2*w2, p1*w1. Right: p2*w1, p1*w0 + p3*w2.
#define THIMBLE_PAIR_ROW_1(p, w02, w1, start)                                                  \
  "ldr r9,[" p "],#2\n\t sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t smlad r10,r8," w02 "," start \
  "\n\t"                                                                                       \
  "smlatb lr,r8," w1 ",lr\n\t smlabb r10,r9," w1 ",r10\n\t smlad lr,r9," w02 ",lr\n\t"
// Stride 2: p0..p3 and p4. Left as above. Right: p2*w0, p3*w1, p4*w2.
#define THIMBLE_PAIR_ROW_2(p, w02, w1, start)                                                        \
  "ldr r9,[" p "],#4\n\t sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t smlad r10,r8," w02 "," start       \
  "\n\t"                                                                                             \
  "smlatb lr,r8," w02 ",lr\n\t smlabb r10,r9," w1 ",r10\n\t smlatb lr,r9," w1 ",lr\n\t ldrsb r8,[" p \
  "]\n\t"                                                                                            \
  "smlabt lr,r8," w02 ",lr\n\t"
#define THIMBLE_PAIR(row)                                                                 \
  THIMBLE_FETCH(lr, bias)                                                                 \
  row("r0", "r4", "r5", "lr") row("r1", "r6", "r7", "r10") row("r2", "r11", "r12", "r10") \
      THIMBLE_FETCH(r8, multiplier) THIMBLE_FETCH(r9, offset) "smmla r10,r10,r8,r9\n\t smmla lr,lr,r8,r9\n\t"
// One output.
#define THIMBLE_SINGLE_ROW(p, w02, w1)                                            \
  "ldr r9,[" p "]\n\t sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t smlad r10,r8," w02 \
  ",r10\n\t"                                                                      \
  "smlabb r10,r9," w1 ",r10\n\t"
#define THIMBLE_SINGLE                   \
  THIMBLE_FETCH(r10, bias)               \
  THIMBLE_SINGLE_ROW("r0", "r4", "r5")   \
  THIMBLE_SINGLE_ROW("r1", "r6", "r7")   \
  THIMBLE_SINGLE_ROW("r2", "r11", "r12") \
  THIMBLE_FETCH(r8, multiplier) THIMBLE_FETCH(r9, offset) "smmla r10,r10,r8,r9\n\t"
#define THIMBLE_SATURATE \
  THIMBLE_FETCH(r8, shift) "asr r10,r10,r8\n\t asr lr,lr,r8\n\t ssat r10,#8,r10\n\t ssat lr,#8,lr\n\t"
#define THIMBLE_SATURATE_FIXED "ssat r10,#8,r10,asr %[shift]\n\t ssat lr,#8,lr,asr %[shift]\n\t"
#define THIMBLE_STORE_PAIR THIMBLE_FETCH(r8, pixel) "strb r10,[r3]\n\t strb lr,[r3,r8]\n\t add r3,r3,r8,lsl #1\n\t"
#define THIMBLE_STORE_PAIR_FIXED "strb lr,[r3,%[pixel]]\n\t strb r10,[r3],%[pixels]\n\t"
// The loop over rows: a turn of one pair, or of two at stride 2, entered in the middle or passed by as `entry` says.
// (At stride 1 only single rows come here.)
#define THIMBLE_ROWS(pair, single)                                                                              \
  "ldmia r4,{r4,r6,r11}\n\t sxtb16 r5,r4,ror #8\n\t sxtb16 r4,r4\n\t sxtb16 r7,r6,ror #8\n\t sxtb16 r6,r6\n\t"  \
  "sxtb16 r12,r11,ror #8\n\t sxtb16 r11,r11\n2:\n\t" THIMBLE_FETCH(                                             \
      r8, entry) "add pc,r8\n\t nop\n1:\n\t.rept %c[turn]\n\t" pair                                             \
                 ".endr\n\t" THIMBLE_FETCH(r8, end) "cmp r0,r8\n\t bne.w 1b\n\t" single                         \
                 THIMBLE_FETCH(r8, rows) "subs r8,r8,#1\n\t beq.w 3f\n\t" THIMBLE_PARK(rows, r8) THIMBLE_FETCH( \
                     r9, in_skip) "add r0,r0,r9\n\t add r1,r1,r9\n\t add r2,r2,r9\n\t" THIMBLE_FETCH(r8, end)   \
                     THIMBLE_FETCH(r9, in_step) "add r8,r8,r9\n\t" THIMBLE_PARK(end, r8)                        \
                         THIMBLE_FETCH(r9, out_skip) "add r3,r3,r9\n\t b.w 2b\n3:\n\t"
#define THIMBLE_SINGLE_IF_ODD                                \
  THIMBLE_FETCH(r8, odd)                                     \
  "cmp r8,#0\n\t beq.w 4f\n\t" THIMBLE_SINGLE THIMBLE_FETCH( \
      r8, shift) "asr r10,r10,r8\n\t ssat r10,#8,r10\n\t strb r10,[r3]\n4:\n\t"
#define THIMBLE_SINGLE_FIXED THIMBLE_SINGLE "ssat r10,#8,r10,asr %[shift]\n\t strb r10,[r3]\n\t"
#define THIMBLE_ROWS_ASM(pair, single, ...)                                                                           \
  __asm volatile(THIMBLE_KEEPING_R7(THIMBLE_ROWS(pair, single))                                                       \
                 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3),                                                            \
                   "+r"(r4), [end] "+" THIMBLE_PARKED(end), [rows] "+" THIMBLE_PARKED(rows)                           \
                 : [bias] THIMBLE_PARKED(bias), [multiplier] THIMBLE_PARKED(multiplier),                              \
                   [offset] THIMBLE_PARKED(offset), [entry] THIMBLE_PARKED(entry), [in_skip] THIMBLE_PARKED(in_skip), \
                   [in_step] THIMBLE_PARKED(in_step), [out_skip] THIMBLE_PARKED(out_skip), [turn] "i"(turn),          \
                   __VA_ARGS__                                                                                        \
                 : "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")
#define THIMBLE_ROWS_OPERANDS(pair_instructions)                                                      \
  constexpr int32_t pair_bytes = 4 * (pair_instructions), loop_end_bytes = 10, turn = stride;         \
  const int32_t pairs = s.pairs, span = pairs * 2 * stride;                                           \
  register const int8_t* r0 __asm("r0") = p.row0;                                                     \
  register const int8_t* r1 __asm("r1") = p.row1;                                                     \
  register const int8_t* r2 __asm("r2") = p.row2;                                                     \
  register int8_t* r3 __asm("r3") = p.out;                                                            \
  register const int32_t* r4 __asm("r4") = weights;                                                   \
  Parked end = parked(p.row0 + span), rows = parked(p.rows);                                          \
  const Parked bias = parked(weights[3]), multiplier = parked(weights[4]), offset = parked(s.offset); \
  const Parked entry = parked(pairs == 0          ? turn * pair_bytes + loop_end_bytes                \
                              : pairs % turn != 0 ? pair_bytes                                        \
                                                  : int32_t(0));                                      \
  const Parked in_skip = parked(p.in_step - span), in_step = parked(p.in_step);                       \
  const Parked out_skip = parked(p.out_step - pairs * 2 * p.out_pixel)

// All sizes at run time.
template <int stride>
THIMBLE_INLINE void depthwise_rows(const PlaneRows& p, const PlaneStage& s, const int32_t* weights) {
  THIMBLE_ROWS_OPERANDS((stride == 1 ? 22 : 28) + 4 + 5 + 4);
  const Parked shift = parked(s.shift), pixel = parked(p.out_pixel), odd = parked(int32_t(s.odd));
  if constexpr (stride == 1)
    THIMBLE_ROWS_ASM(
        THIMBLE_PAIR(THIMBLE_PAIR_ROW_1) THIMBLE_SATURATE THIMBLE_STORE_PAIR,
        THIMBLE_SINGLE_IF_ODD, [shift] THIMBLE_PARKED(shift), [pixel] THIMBLE_PARKED(pixel), [odd] THIMBLE_PARKED(odd));
  else
    THIMBLE_ROWS_ASM(
        THIMBLE_PAIR(THIMBLE_PAIR_ROW_2) THIMBLE_SATURATE THIMBLE_STORE_PAIR,
        THIMBLE_SINGLE_IF_ODD, [shift] THIMBLE_PARKED(shift), [pixel] THIMBLE_PARKED(pixel), [odd] THIMBLE_PARKED(odd));
}

// Shift, parity and the distance of output pixels known at compile time; a distance of 128 or more at run time.
template <int stride, int fixed_shift, bool odd, int fixed_pixel>
THIMBLE_INLINE void depthwise_rows(const PlaneRows& p, const PlaneStage& s, const int32_t* weights) {
  constexpr bool near = fixed_pixel < 128;
  THIMBLE_ROWS_OPERANDS((stride == 1 ? 22 : 28) + 4 + 2 + (near ? 2 : 4));
  const Parked pixel = near ? offset : parked(p.out_pixel);
#define THIMBLE_ROWS_FIXED(row, single)                                                                          \
  if constexpr (near)                                                                                            \
    THIMBLE_ROWS_ASM(THIMBLE_PAIR(row) THIMBLE_SATURATE_FIXED THIMBLE_STORE_PAIR_FIXED,                          \
                     single, [shift] "i"(fixed_shift), [pixel] "i"(fixed_pixel), [pixels] "i"(2 * fixed_pixel)); \
  else                                                                                                           \
    THIMBLE_ROWS_ASM(THIMBLE_PAIR(row) THIMBLE_SATURATE_FIXED THIMBLE_STORE_PAIR,                                \
                     single, [shift] "i"(fixed_shift), [pixel] THIMBLE_PARKED(pixel))
  if constexpr (stride == 1 && odd) {
    THIMBLE_ROWS_FIXED(THIMBLE_PAIR_ROW_1, THIMBLE_SINGLE_FIXED);
  } else if constexpr (stride == 1) {
    THIMBLE_ROWS_FIXED(THIMBLE_PAIR_ROW_1, "");
  } else if constexpr (odd) {
    THIMBLE_ROWS_FIXED(THIMBLE_PAIR_ROW_2, THIMBLE_SINGLE_FIXED);
  } else {
    THIMBLE_ROWS_FIXED(THIMBLE_PAIR_ROW_2, "");
  }
#undef THIMBLE_ROWS_FIXED
}
#undef THIMBLE_PAIR_ROW_1
#undef THIMBLE_PAIR_ROW_2
#undef THIMBLE_PAIR
#undef THIMBLE_SINGLE_ROW
#undef THIMBLE_SINGLE
#undef THIMBLE_SATURATE
#undef THIMBLE_SATURATE_FIXED
#undef THIMBLE_STORE_PAIR
#undef THIMBLE_STORE_PAIR_FIXED
#undef THIMBLE_ROWS
#undef THIMBLE_SINGLE_IF_ODD
#undef THIMBLE_SINGLE_FIXED
#undef THIMBLE_ROWS_ASM
#undef THIMBLE_ROWS_OPERANDS
#endif

// One channel. With stride 0 in any form: the whole of requantize().
template <int stride, class Layer>
THIMBLE_INLINE void depthwise_channel(const Layer& layer, PlaneRows p, const PlaneStage& s, const int32_t* weights) {
#if THIMBLE_DSP_PRODUCT_LOOP
  if constexpr (stride != 0) {
    if constexpr (Layer::fixed)
      depthwise_rows<stride, Layer::shift, Layer::out_width % 2 != 0, Layer::channels>(p, s, weights);
    else
      depthwise_rows<stride>(p, s, weights);
    return;
  }
#endif
  const OutputStage stage = output_stage(layer);
  for (; p.rows > 0; --p.rows) {
    for (int32_t x = 0; x < layer.out_width; ++x) {
      const int32_t sum = nine_taps(p, x * layer.stride_x, weights);
      int8_t& out = p.out[x * p.out_pixel];
      if constexpr (stride != 0)
        out = int8_t(saturate8<0>(smmla(sum, weights[4], s.offset) >> s.shift));
      else
        out = int8_t(requantize(sum, weights[4], stage));
    }
    p.row0 += p.in_step;
    p.row1 += p.in_step;
    p.row2 += p.in_step;
    p.out += p.out_step;
  }
}

// How many output rows from y on have all their input rows inside the image and at equal distances in both rings, so
// that one block can do them; at least 1.
template <class Layer>
THIMBLE_INLINE int32_t rows_at_equal_distances(const Layer& layer, const RowView& in, const RowRing& out, int32_t y,
                                               int32_t y1) {
  const int32_t first = y * layer.stride_y - layer.pad_top;
  if (first < 0 || y1 - y == 1) return 1;
  int32_t most = (layer.in_height - 3 - first) / layer.stride_y + 1;
  for (int32_t k = 0; k < 3; ++k) {
    const int32_t to_wrap = (in.ring_rows - 1 - (first + k) % in.ring_rows) / layer.stride_y + 1;
    most = to_wrap < most ? to_wrap : most;
  }
  const int32_t to_wrap = out.ring_rows - y % out.ring_rows;
  most = to_wrap < most ? to_wrap : most;
  most = y1 - y < most ? y1 - y : most;
  return most < 1 ? 1 : most;
}

// The start of the input row under the first column of kernel row k, and the step from a channel's plane to the next's.
struct KernelRow {
  const int8_t* at;
  int32_t step;
};
template <class Layer>
THIMBLE_INLINE KernelRow kernel_row(const Layer& layer, const RowView& in, int32_t y, int32_t k) {
  const int32_t iy = y * layer.stride_y - layer.pad_top + k;
  const bool inside = iy >= 0 && iy < layer.in_height;
  return {reinterpret_cast<const int8_t*>(inside ? in.row(iy) : layer.pad_plane) + 1 - layer.pad_left,
          inside ? layer.in_width + 1 : 0};
}

// Output rows from y on, in pairs that lie at equal distances: as many as one block can do. Gives their number.
template <class Layer>
[[gnu::noinline]] int32_t depthwise_row_pairs(const Layer& layer, const PlaneStage& stage, const RowView& in,
                                              const RowRing& out, int32_t y, int32_t y1) {
  KernelRow rows[4];
  for (int32_t k = 0; k < 4; ++k) rows[k] = kernel_row(layer, in, y, k);
  TwoRows p{rows[0].at,
            distance(rows[0].at, rows[1].at),
            distance(rows[0].at, rows[2].at),
            distance(rows[0].at, rows[3].at),
            reinterpret_cast<int8_t*>(out.row(y)),
            int32_t(out.row(y + 1) - out.row(y)),
            pairs_at_equal_distances(layer, in, out, y, y1),
            2 * in.row_bytes,
            2 * out.row_bytes,
            layer.channels};
  const int32_t* weights = layer.weights;
  const int32_t* const weights_end = weights + layer.channels * depthwise_dsp_words;
  for (; weights != weights_end; weights += depthwise_dsp_words) {
    if constexpr (Layer::fixed)
      depthwise_two_rows<Layer::shift, Layer::out_width % 2 != 0, Layer::channels>(p, stage, weights);
    else
      depthwise_two_rows(p, stage, weights);
    p.row0 += rows[0].step;
    p.to_row1 += rows[1].step - rows[0].step;
    p.to_row2 += rows[2].step - rows[0].step;
    p.to_row3 += rows[3].step - rows[0].step;
    ++p.out;
  }
  return 2 * p.pairs;
}

template <int stride, class Layer>
THIMBLE_INLINE void depthwise_planes(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0,
                                     int32_t y1) {
  const PlaneStage stage{layer.offset, layer.shift, layer.out_width / 2, layer.out_width % 2 != 0};
  for (int32_t y = y0; y < y1;) {
    if constexpr (stride == 1) {
      if (layer.stride_y == 1 && y1 - y >= 2) {
        y += depthwise_row_pairs(layer, stage, in, out, y, y1);
        continue;
      }
    }
    // At stride 1 only a row without a partner is left.
    const int32_t rows = stride == 1 ? 1 : rows_at_equal_distances(layer, in, out, y, y1);
    const KernelRow row0 = kernel_row(layer, in, y, 0), row1 = kernel_row(layer, in, y, 1),
                    row2 = kernel_row(layer, in, y, 2);
    PlaneRows p{row0.at,       row1.at,
                row2.at,       reinterpret_cast<int8_t*>(out.row(y)),
                rows,          layer.stride_y * in.row_bytes,
                out.row_bytes, layer.channels};
    const int32_t* weights = layer.weights;
    const int32_t* const weights_end = weights + layer.channels * depthwise_dsp_words;
    for (; weights != weights_end; weights += depthwise_dsp_words) {
      depthwise_channel<stride>(layer, p, stage, weights);
      p.row0 += row0.step;
      p.row1 += row1.step;
      p.row2 += row2.step;
      ++p.out;
    }
    y += rows;
  }
}

}  // namespace dsp

// Output rows [y0, y1), NHWC, from planes.
template <class Shape>
void depthwise_planes_dsp(const DepthwiseDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                          int32_t y1) {
  dsp::depthwise_planes<1>(layer, in, out, y0, y1);
}
template <class Shape>
void depthwise_planes_stride2_dsp(const DepthwiseDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                                  int32_t y1) {
  dsp::depthwise_planes<2>(layer, in, out, y0, y1);
}
template <class Shape>
void depthwise_planes_plain_dsp(const DepthwiseDsp<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                                int32_t y1) {
  dsp::depthwise_planes<0>(layer, in, out, y0, y1);
}

}  // namespace thimble
