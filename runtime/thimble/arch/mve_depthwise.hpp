// Depthwise convolutions for cores with Helium, of any kernel, stride and dilation. Sixteen channels at a time: their
// rows are copied with the padding around them, so that no pixel is a border's; a tap is then one load at a fixed
// place. Cost of 3x3 on a Cortex-M55: 117 instructions for 16 results, 0.8 for a product, and 5 for 16 values copied.
#pragma once
#include "thimble/arch/mve.hpp"
#include "thimble/arch/mve_depthwise.pack.hpp"
#include "thimble/arch/mve_rows.hpp"

namespace thimble {
namespace mve {

// The sums in q0 to q3, in the order of depthwise_mve_lane, to 16 bytes in q0: the high half of the product, the
// rounding shift and the saturated zero point. It equals requantize(): saturation to int16 first takes nothing from the
// saturation to int8. The
// arguments are the places of the multipliers; %[shift] is negative.
#define THIMBLE_MVE_SCALE(q, at) "vldrw.u32 q4,[" at "]\n\t vmulh.s32 " q "," q ",q4\n\t vrshl.s32 " q ",%[shift]\n\t"
#define THIMBLE_MVE_NARROW(first, second, third, fourth)                                    \
  THIMBLE_MVE_SCALE("q0", first)                                                            \
  THIMBLE_MVE_SCALE("q1", second)                                                           \
  THIMBLE_MVE_SCALE("q2", third)                                                            \
  THIMBLE_MVE_SCALE("q3", fourth)                                                           \
  "vqmovnb.s32 q0,q0\n\t vqmovnt.s32 q0,q1\n\t vqmovnb.s32 q2,q2\n\t vqmovnt.s32 q2,q3\n\t" \
  "vqadd.s16 q0,q0,%[zero]\n\t vqadd.s16 q2,q2,%[zero]\n\t vqmovnb.s16 q0,q0\n\t vqmovnt.s16 q0,q2\n\t"

// Products of a pair of taps, then their widened sums: |2 * 128 * 127| < 2^15, and the compiler's weights are above
// -128 where 2 * 128 * 128 could be reached. `again` is the second load of b, which leaves its register to the first
// half of the products.
#define THIMBLE_MVE_TAP(load) load "\n\t vldrb.u8 q7,[%[w]],#16\n\t vmullb.s8 q4,q6,q7\n\t vmullt.s8 q5,q6,q7\n\t"
#define THIMBLE_MVE_SECOND_TAP(load, again)                                                 \
  load "\n\t vldrb.u8 q7,[%[w]],#16\n\t vmullb.s8 q6,q6,q7\n\t vadd.i16 q4,q4,q6\n\t" again \
       "\n\t vmullt.s8 q6,q6,q7\n\t vadd.i16 q5,q5,q6\n\t"
#define THIMBLE_MVE_WIDEN                                                                 \
  "vmovlb.s16 q6,q4\n\t vadd.i32 q0,q0,q6\n\t vmovlt.s16 q7,q4\n\t vadd.i32 q1,q1,q7\n\t" \
  "vmovlb.s16 q6,q5\n\t vadd.i32 q2,q2,q6\n\t vmovlt.s16 q7,q5\n\t vadd.i32 q3,q3,q7\n\t"
// The biases, which lie 128 bytes before %[w].
#define THIMBLE_MVE_BIAS                                                                     \
  "vldrw.u32 q0,[%[w],#-128]\n\t vldrw.u32 q1,[%[w],#-112]\n\t vldrw.u32 q2,[%[w],#-96]\n\t" \
  "vldrw.u32 q3,[%[w],#-80]\n\t"

// What the lanes of a group share.
struct Group {
  const int32_t* constants;  // biases, multipliers, weights
  int32_t lanes;             // that exist
  const int8_t* weights() const { return reinterpret_cast<const int8_t*>(constants + depthwise_mve_constants); }
};

// One result, as the blocks make it.
THIMBLE_INLINE int8_t lane_result(const Group& g, int32_t i, int32_t sum, const OutputStage& stage) {
  const int32_t q = (multiply_high(sum, g.constants[16 + i]) + stage.offset) >> stage.shift;
  return int8_t(q < -128 ? -128 : q > 127 ? 127 : q);
}

// `count` vectors of a row's results, one or more, for 3x3 with columns `pitch` bytes apart: from rows p0, p1, p2 to
// `out`, `out_step` bytes from one to the next.
// A function of its own: the block takes nearly all registers.
template <int32_t pitch, int32_t stride>
[[gnu::noinline]] void row_3x3(const Group& g, const OutputStage& stage, const int8_t* p0, const int8_t* p1,
                               const int8_t* p2, int32_t count, int8_t* out, int32_t out_step) {
  constexpr int32_t step = 16 * stride;
#if THIMBLE_MVE_ASSEMBLY
  const int8_t* w = g.weights();
  const int32_t shift = -stage.shift, zero = stage.offset >> stage.shift;
  __asm volatile("vctp.8 %[lanes]" : : [lanes] "r"(g.lanes) : "memory");  // holds for the stores of all turns
  register int32_t n __asm("lr") = count;
  __asm volatile(
      "dls lr,%[n]\n1:\n\t" THIMBLE_MVE_BIAS
      THIMBLE_MVE_TAP("vldrb.u8 q6,[%[p0],%[column1]]") THIMBLE_MVE_WIDEN
      THIMBLE_MVE_TAP("vldrb.u8 q6,[%[p0],%[column2]]")
      THIMBLE_MVE_SECOND_TAP("vldrb.u8 q6,[%[p0]]", "vldrb.u8 q6,[%[p0]],%[step]") THIMBLE_MVE_WIDEN
      THIMBLE_MVE_TAP("vldrb.u8 q6,[%[p1],%[column1]]")
      THIMBLE_MVE_SECOND_TAP("vldrb.u8 q6,[%[p1],%[column2]]", "vldrb.u8 q6,[%[p1],%[column2]]") THIMBLE_MVE_WIDEN
      THIMBLE_MVE_TAP("vldrb.u8 q6,[%[p1]],%[step]")
      THIMBLE_MVE_SECOND_TAP("vldrb.u8 q6,[%[p2],%[column1]]", "vldrb.u8 q6,[%[p2],%[column1]]") THIMBLE_MVE_WIDEN
      THIMBLE_MVE_TAP("vldrb.u8 q6,[%[p2],%[column2]]")
      THIMBLE_MVE_SECOND_TAP("vldrb.u8 q6,[%[p2]]", "vldrb.u8 q6,[%[p2]],%[step]") THIMBLE_MVE_WIDEN
      // The weights' pointer is 144 bytes behind the first.
      THIMBLE_MVE_NARROW("%[w],#-208", "%[w],#-192", "%[w],#-176", "%[w],#-160")
      "vpst\n\t vstrbt.8 q0,[%[out]]\n\t add %[out],%[out],%[out_step]\n\t sub %[w],%[w],#144\n\t le lr,1b\n\t"
      : [n] "+r"(n), [p0] "+r"(p0), [p1] "+r"(p1), [p2] "+r"(p2), [w] "+r"(w), [out] "+r"(out)
      : [out_step] "r"(out_step), [shift] "r"(shift), [zero] "r"(zero), [column1] "i"(pitch),
        [column2] "i"(2 * pitch), [step] "i"(step)
      : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory");
#else
  const int8_t* const rows[3] = {p0, p1, p2};
  for (int32_t n = 0; n < count; ++n, out += out_step)
    for (int32_t i = 0; i < 16; ++i) {
      const int32_t lane = depthwise_mve_lane(i);
      if (lane >= g.lanes) continue;
      int32_t sum = g.constants[i];
      for (int32_t t = 0; t < 9; ++t)
        sum += rows[t / 3][n * step + (t + 1) % 3 * pitch + lane] * g.weights()[t * 16 + lane];
      out[lane] = lane_result(g, i, sum, stage);
    }
#endif
}

// The sums of one vector of results for any kernel: bias and `pairs` pairs of taps, at from + offsets[t].
THIMBLE_INLINE void sum_taps(const Group& g, const int8_t* from, const int32_t* offsets, int32_t pairs, int32_t* sums) {
#if THIMBLE_MVE_ASSEMBLY
  const int8_t* w = g.weights();
  int32_t a, b;
  __asm volatile(
      "dls lr,%[pairs]\n\t" THIMBLE_MVE_BIAS
      "1:\n\t ldrd %[a],%[b],[%[offsets]],#8\n\t add %[a],%[a],%[from]\n\t add %[b],%[b],%[from]\n\t" THIMBLE_MVE_TAP(
          "vldrb.u8 q6,[%[a]]") THIMBLE_MVE_SECOND_TAP("vldrb.u8 q6,[%[b]]", "vldrb.u8 q6,[%[b]]") THIMBLE_MVE_WIDEN
      "le lr,1b\n\t vstrw.32 q0,[%[sums]]\n\t vstrw.32 q1,[%[sums],#16]\n\t vstrw.32 q2,[%[sums],#32]\n\t"
      "vstrw.32 q3,[%[sums],#48]\n\t"
      : [a] "=&r"(a), [b] "=&r"(b), [offsets] "+r"(offsets), [w] "+r"(w)
      : [from] "r"(from), [pairs] "r"(pairs), [sums] "r"(sums)
      : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory");
#else
  for (int32_t i = 0; i < 16; ++i) {
    const int32_t lane = depthwise_mve_lane(i);
    sums[i] = g.constants[i];
    for (int32_t t = 0; t < 2 * pairs; ++t) sums[i] += from[offsets[t] + lane] * g.weights()[t * 16 + lane];
  }
#endif
}

// The results of sum_taps's sums.
THIMBLE_INLINE void store_results(const Group& g, const int32_t* sums, const OutputStage& stage, int8_t* out) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "vctp.8 %[lanes]\n\t vldrw.u32 q0,[%[sums]]\n\t vldrw.u32 q1,[%[sums],#16]\n\t vldrw.u32 q2,[%[sums],#32]\n\t"
      "vldrw.u32 q3,[%[sums],#48]\n\t" THIMBLE_MVE_NARROW("%[m]", "%[m],#16", "%[m],#32",
                                                          "%[m],#48") "vpst\n\t vstrbt.8 q0,[%[out]]\n\t"
      :
      : [m] "r"(g.constants + 16), [sums] "r"(sums), [out] "r"(out), [lanes] "r"(g.lanes), [shift] "r"(-stage.shift),
        [zero] "r"(stage.offset >> stage.shift)
      : "q0", "q1", "q2", "q3", "q4", "memory");
#else
  for (int32_t i = 0; i < 16; ++i) {
    const int32_t lane = depthwise_mve_lane(i);
    if (lane < g.lanes) out[lane] = lane_result(g, i, sums[i], stage);
  }
#endif
}

// Output columns [first, first + outputs) of one group of channels. Copied rows lie in a ring of as many rows as the
// kernel spans; each is `left` bytes of padding, `inside` columns of the image, `right` bytes of padding.
template <class Layer>
struct DepthwiseChunk {
  const Layer& layer;
  int8_t* copies;
  int32_t window, row_bytes;
  bool narrow;  // several pixels a vector
  int32_t first_channel, lanes;
  int32_t first, outputs;
  int32_t left, inside, right;
  int32_t from;  // of the columns inside, in an input row

  int8_t* copied_row(int32_t row) const {
    return copies + int32_t(uint32_t(row + layer.pad_top) % uint32_t(window)) * row_bytes;
  }
  int32_t out_offset() const { return first * layer.channels + first_channel; }

  THIMBLE_INLINE void copy_row(const RowView& in, int32_t row) const {
    int8_t* to = copied_row(row);
    const int32_t bytes = inside * (narrow ? layer.channels : 16);
    if (uint32_t(row) >= uint32_t(layer.in_height)) {
      fill_bytes(to, layer.in_zero_point, left + bytes + right);
      return;
    }
    to = fill_bytes(to, layer.in_zero_point, left);
    const int8_t* const source = reinterpret_cast<const int8_t*>(in.row(row)) + from;
    if (narrow)
      copy(to, source, bytes);
    else
      copy_pixels(source, layer.channels, to, 16, inside, lanes);
    fill_bytes(to + bytes, layer.in_zero_point, right);
  }

  // Calls rows(y, y * stride_y - pad_top) for each output row when its input rows are copied.
  template <class RowsOfResults>
  THIMBLE_INLINE void for_each_row(const RowView& in, int32_t y0, int32_t y1, RowsOfResults rows) const {
    int32_t start = y0 * layer.stride_y - layer.pad_top, copied = start;
    for (int32_t y = y0; y < y1; ++y, start += layer.stride_y) {
      for (copied = copied < start ? start : copied; copied < start + window; ++copied) copy_row(in, copied);
      rows(y, start);
    }
  }
};

// Calls chunk(DepthwiseChunk, Group) for all chunks and groups of channels.
template <class Layer, class Chunk>
THIMBLE_INLINE void for_each_chunk(const Layer& layer, void* scratch, bool is_3x3, Chunk chunk) {
  const int32_t step = depthwise_mve_chunk(layer), pitch = depthwise_mve_pitch(layer);
  const int32_t words = depthwise_mve_group_words(layer, is_3x3);
  DepthwiseChunk<Layer> c{layer,
                          static_cast<int8_t*>(scratch) + depthwise_mve_pairs(layer) * 8,
                          depthwise_mve_window(layer),
                          depthwise_mve_row_bytes(layer),
                          depthwise_mve_pixels(layer) > 1,
                          0,
                          16,
                          0,
                          0,
                          0,
                          0,
                          0,
                          0};
  for (; c.first < layer.out_width; c.first += step) {
    c.outputs = layer.out_width - c.first < step ? layer.out_width - c.first : step;
    const int32_t columns = depthwise_mve_columns(layer, c.outputs);
    const int32_t x = c.first * layer.stride_x - layer.pad_left;  // the first input column
    const int32_t begin = x >= 0 ? 0 : -x < columns ? -x : columns;
    const int32_t end = layer.in_width - x < columns ? layer.in_width - x : columns;
    c.left = begin * pitch;
    c.inside = end > begin ? end - begin : 0;
    c.right = (columns - begin - c.inside) * pitch;
    Group g{layer.groups, 16};
    for (c.first_channel = 0; c.first_channel < layer.channels; c.first_channel += 16, g.constants += words) {
      c.from = (x + begin) * layer.channels + c.first_channel;
      if (!c.narrow && layer.channels - c.first_channel < 16) g.lanes = layer.channels - c.first_channel;
      c.lanes = g.lanes;
      chunk(c, g);
    }
    c.lanes = 16;
  }
}

template <int32_t pitch, int32_t stride, class Layer>
THIMBLE_INLINE void depthwise_3x3(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                                  void* scratch) {
  const OutputStage stage = output_stage(layer);
  for_each_chunk(layer, scratch, true, [&](const auto& chunk, const Group& group) {
    chunk.for_each_row(in, y0, y1, [&](int32_t y, int32_t start) {
      const int8_t* const p0 = chunk.copied_row(start);
      const int8_t* const p1 = chunk.copied_row(start + layer.dilation_y);
      const int8_t* const p2 = chunk.copied_row(start + 2 * layer.dilation_y);
      int8_t* const to = reinterpret_cast<int8_t*>(out.row(y)) + chunk.out_offset();
      if constexpr (pitch == 16) {
        row_3x3<pitch, stride>(group, stage, p0, p1, p2, chunk.outputs, to, layer.channels);
      } else {
        const int32_t bytes = chunk.outputs * pitch, whole = bytes / 16, done = whole * 16;
        if (whole != 0) row_3x3<pitch, stride>(group, stage, p0, p1, p2, whole, to, 16);
        const Group rest{group.constants, bytes - done};
        if (bytes != done) row_3x3<pitch, stride>(rest, stage, p0 + done, p1 + done, p2 + done, 1, to + done, 16);
      }
    });
  });
  clamp_rows(layer, out, y0, y1, layer.out_width * layer.channels);
}

// Fills offsets with the places of the taps under the rows from `start` on, and tells how many pairs they are.
template <class Chunk>
inline void find_copied_taps(const Chunk& chunk, int32_t start, int32_t* offsets) {
  const auto& layer = chunk.layer;
  int32_t last = 0;
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) {
    last = int32_t(chunk.copied_row(start + ky * layer.dilation_y) - chunk.copies);
    for (int32_t kx = 0; kx < layer.kernel_width; ++kx, last += layer.dilation_x * depthwise_mve_pitch(layer))
      *offsets++ = last;
  }
  if (layer.kernel_height * layer.kernel_width % 2 != 0) *offsets = offsets[-1];
}

template <bool saturates, class Layer>
THIMBLE_INLINE void depthwise_any(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                                  void* scratch) {
  const OutputStage stage = output_stage(layer);
  const int32_t pairs = depthwise_mve_pairs(layer), pixels = depthwise_mve_pixels(layer);
  int32_t* const offsets = static_cast<int32_t*>(scratch);
  for_each_chunk(layer, scratch, false, [&](const auto& chunk, Group group) {
    chunk.for_each_row(in, y0, y1, [&](int32_t y, int32_t start) {
      find_copied_taps(chunk, start, offsets);
      int8_t* to = reinterpret_cast<int8_t*>(out.row(y)) + chunk.out_offset();
      const int8_t* from = chunk.copies;
      for (int32_t x = 0; x < chunk.outputs; x += pixels) {
        int32_t sums[16];
        sum_taps(group, from, offsets, pairs, sums);
        const int32_t left = (chunk.outputs - x) * layer.channels;
        const Group lanes{group.constants, pixels > 1 && left < 16 ? left : group.lanes};
        if constexpr (saturates) {
          store_results(lanes, sums, stage, to);
        } else {
          for (int32_t i = 0; i < 16; ++i)
            if (depthwise_mve_lane(i) < lanes.lanes)
              to[depthwise_mve_lane(i)] = int8_t(requantize(sums[i], group.constants[16 + i], stage));
        }
        from += pixels > 1 ? 16 : 16 * layer.stride_x;
        to += pixels > 1 ? 16 : layer.channels;
      }
    });
  });
  if constexpr (saturates) clamp_rows(layer, out, y0, y1, layer.out_width * layer.channels);
}

}  // namespace mve

// Output rows [y0, y1), of any kernel. The plain form is for every output stage.
template <class Shape>
void depthwise_mve(const DepthwiseMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                   void* scratch) {
  mve::depthwise_any<true>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void depthwise_plain_mve(const DepthwiseMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                         int32_t y1, void* scratch) {
  mve::depthwise_any<false>(layer, in, out, y0, y1, scratch);
}

// 3x3, where depthwise_mve_is_3x3: stride 1 and 2, and of eight channels, two pixels a vector.
template <class Shape>
void depthwise_3x3_mve(const DepthwiseMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                       void* scratch) {
  mve::depthwise_3x3<16, 1>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void depthwise_3x3_stride2_mve(const DepthwiseMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                               int32_t y1, void* scratch) {
  mve::depthwise_3x3<16, 2>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void depthwise_3x3_narrow_mve(const DepthwiseMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                              int32_t y1, void* scratch) {
  mve::depthwise_3x3<8, 1>(layer, in, out, y0, y1, scratch);
}

}  // namespace thimble
