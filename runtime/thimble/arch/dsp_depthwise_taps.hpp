// Depthwise convolution from planes of int8, of kernels 2 to 8 columns wide and of any height, for cores with the DSP
// extension: four neighbouring outputs of a channel at a time, kernel row by kernel row. Rows outside the image are not
// read: what they add is the same for all outputs of a row, and goes into the bias.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_depthwise_taps.pack.hpp"
#include "thimble/planes.hpp"
#include "thimble/rows.hpp"

namespace thimble {
namespace dsp {

// One to four neighbouring weights of a kernel row: {w0,w2} and {w1,w3}. Of three taps {w1,w3} has no w3 to speak of;
// one or two have a word each.
struct Taps {
  int32_t even, odd;
};
template <int count>
THIMBLE_INLINE Taps taps_at(const int8_t* weights) {
  if constexpr (count >= 3) {
    const int32_t word = load32(weights);
    return {even_bytes(word), odd_bytes(word)};
  } else {
    return {count > 0 ? weights[0] : 0, count > 1 ? weights[1] : 0};
  }
}
template <int count>
THIMBLE_INLINE int32_t odd_taps(int32_t pixels, int32_t weights, int32_t sum) {
  return count == 4 ? smlad(pixels, weights, sum) : smlabb(pixels, weights, sum);
}

// The pixels p0..p3 at an even column, {p0,p2} and {p1,p3}, add to the sums of four outputs what `count` taps make of
// them; word j lies 2j columns behind the first tap of output 0. Products of halves are exact, sums wrap as the plain
// ones do.
//
// Stride 1: output k is at column k, so that word 0 has taps 0..3 of output 0, and halves of the others.
// 8 SMLAD for 16 MACs, of three taps 8 for 12, of one or two one for each.
template <int count, int j>
THIMBLE_INLINE void add_neighbours(int32_t even, int32_t odd, Taps w, int32_t* s) {
  if constexpr (count >= 3 && j == 0) {
    s[0] = odd_taps<count>(odd, w.odd, smlad(even, w.even, s[0]));
    s[1] = smlad(odd, w.even, s[1]);
  } else if constexpr (count >= 3 && j == 1) {
    s[1] = odd_taps<count>(even, w.odd, s[1]);
    s[2] = odd_taps<count>(odd, w.odd, smlad(even, w.even, s[2]));
    s[3] = smlad(odd, w.even, s[3]);
    if constexpr (count == 3) s[3] = smlatb(even, w.odd, s[3]);
  } else if constexpr (count == 4 && j == 2) {
    s[3] = smlad(even, w.odd, s[3]);
  } else if constexpr (count > 0 && count < 3 && j == 0) {
    s[0] = smlabb(even, w.even, s[0]);
    s[1] = smlabb(odd, w.even, s[1]);
    s[2] = smlatb(even, w.even, s[2]);
    s[3] = smlatb(odd, w.even, s[3]);
    if constexpr (count == 2) {
      s[0] = smlabb(odd, w.odd, s[0]);
      s[1] = smlatb(even, w.odd, s[1]);
      s[2] = smlatb(odd, w.odd, s[2]);
    }
  }
}
// Stride 2: output k is at column 2k, and has its first taps in word k. One or two taps behind the first four are in
// the upper halves of the word before.
template <int count, int j>
THIMBLE_INLINE void add_second(int32_t even, int32_t odd, Taps w, int32_t* s) {
  if constexpr (count >= 3 && j >= 0 && j < 4) {
    s[j] = odd_taps<count>(odd, w.odd, smlad(even, w.even, s[j]));
  } else if constexpr (count > 0 && count < 3 && j > -2 && j < 2) {
    s[j + 1] = smlatb(even, w.even, s[j + 1]);
    if constexpr (count == 2) s[j + 1] = smlatb(odd, w.odd, s[j + 1]);
  }
}

// Loads from `p` come after what `sum` is computed from: the compiler would else load early, and run out of registers.
THIMBLE_INLINE void after([[maybe_unused]] const int8_t*& p, [[maybe_unused]] int32_t& sum) {
#if THIMBLE_DSP_ASSEMBLY
  __asm("" : "+r"(p), "+r"(sum));
#endif
}

// A kernel row's taps of four outputs; `p` is at the first tap of the first output. Each word of pixels is loaded and
// widened once. At stride 1 only what the outputs need is read, at stride 2 one byte more where the width is 3 or 7.
// Cost on a Cortex-M4: 5 columns 25 instructions for 20 MACs at stride 1, where the loop over rows takes 4 more, and 29
// at stride 2. Four outputs take some 46 more to be stored, looped over and to spill what is around them.
template <int width, int stride, int j = 0>
THIMBLE_INLINE void add_words(const int8_t*& p, Taps first, Taps rest, int32_t* s) {
  constexpr int firsts = width < 4 ? width : 4, rests = width - firsts;
  constexpr int words = stride == 1 ? (width + 1) / 2 : width < 7 ? 4 : 6;
  if constexpr (j < words) {
    after(p, s[stride == 2 && j > 0 && j < 4 ? j - 1 : 3]);
    const int32_t word = load32(p + 2 * j), even = even_bytes(word), odd = odd_bytes(word);
    if constexpr (stride == 1) {
      add_neighbours<firsts, j>(even, odd, first, s);
      add_neighbours<rests, j - 2>(even, odd, rest, s);
      if constexpr (width % 4 == 0 && j == words - 1) s[3] = smlatb(even, (rests > 0 ? rest : first).odd, s[3]);
    } else {
      add_second<firsts, j>(even, odd, first, s);
      add_second<rests, j - 2>(even, odd, rest, s);
    }
    add_words<width, stride, j + 1>(p, first, rest, s);
  } else if constexpr (stride == 1) {
    if constexpr (width % 4 == 0) s[3] = smlabt(p[width + 2], (rests > 0 ? rest : first).odd, s[3]);
    if constexpr (width % 4 == 2) s[3] = smlabb(p[width + 2], (rests > 0 ? rest : first).odd, s[3]);
  } else if constexpr (rests == 1 || rests == 2) {
    s[3] = smlabb(p[10], rest.even, s[3]);
    if constexpr (rests == 2) s[3] = smlabb(p[11], rest.odd, s[3]);
  }
}
template <int width, int stride>
THIMBLE_INLINE void add_row(const int8_t*& p, const int8_t* weights, int32_t* s) {
  if constexpr (width == 2 && stride == 2) {
    for (int k = 0; k < 4; ++k) s[k] = wrapping_mla(p[2 * k + 1], weights[1], wrapping_mla(p[2 * k], weights[0], s[k]));
  } else {
    add_words<width, stride>(p, taps_at<(width < 4 ? width : 4)>(weights),
                             taps_at<(width > 4 ? width - 4 : 0)>(weights + 4), s);
  }
}

// The kernel rows of an output row that are inside the image, and where the input's rows under them lie: those from
// `at` on, up to the end of a ring, where they go on at its start.
struct TapRows {
  const int8_t* at;  // under the first column of the first output, in the first plane
  int32_t row_bytes, ring_bytes;
  int32_t before, inside;  // kernel rows
  int32_t to_ring_end;     // of those inside
};
template <class Layer>
inline TapRows tap_rows(const Layer& layer, const RowView& in, int32_t y) {
  const int32_t top = y * layer.stride_y - layer.pad_top, first = top < 0 ? 0 : top;
  const int32_t end = min(top + layer.kernel_height, layer.in_height);
  TapRows rows{reinterpret_cast<const int8_t*>(in.base), in.row_bytes, in.row_bytes * in.ring_rows, 0, 0, 0};
  if (end <= first) return rows;
  rows.at = reinterpret_cast<const int8_t*>(in.row(first)) + layer.border - layer.pad_left;
  rows.before = first - top;
  rows.inside = end - first;
  rows.to_ring_end = min(rows.inside, in.ring_rows - int32_t(uint32_t(first) % uint32_t(in.ring_rows)));
  return rows;
}

// Adds the rows inside the image to four sums; `p` and `weights` are at the first of them.
template <int width, int stride>
THIMBLE_INLINE void add_rows(const TapRows& rows, const int8_t* p, const int8_t* weights, int32_t* s) {
  const int8_t* const end = weights + rows.inside * width;
  const int8_t* stop = weights + rows.to_ring_end * width;
  do {
    for (; weights != stop; weights += width, p += rows.row_bytes) add_row<width, stride>(p, weights, s);
    stop = end;
    p -= rows.ring_bytes;
    after(p, s[3]);
  } while (weights != end);
}

inline int32_t sum_of(const int8_t* weights, int32_t count) {
  int32_t sum = 0;
  for (const int8_t* const end = weights + count; weights != end;) sum += *weights++;
  return sum;
}

template <bool saturates, class Layer>
THIMBLE_INLINE int8_t depthwise_result(const OutputStage& stage, int32_t sum, int32_t multiplier) {
  if constexpr (!saturates)
    return int8_t(requantize(sum, multiplier, stage));
  else if constexpr (Layer::fixed)
    return int8_t(saturate8<Layer::shift>(smmla(sum, multiplier, stage.offset)));
  else
    return int8_t(saturate8<0>(smmla(sum, multiplier, stage.offset) >> stage.shift));
}

// One output row of one channel. The last four outputs end where the row does: some may be made twice.
template <bool saturates, int stride, class Layer>
THIMBLE_INLINE void depthwise_line(const Layer& layer, const OutputStage& stage, const TapRows& rows,
                                   const int8_t* from, const int8_t* weights, int32_t bias, int32_t multiplier,
                                   int8_t* out) {
  for (int32_t left = layer.out_width;;) {
    int32_t s[4] = {bias, bias, bias, bias};
    add_rows<Layer::kernel_width, stride>(rows, from, weights, s);
    out[0] = depthwise_result<saturates, Layer>(stage, s[0], multiplier);
    if (layer.out_width > 1) out[layer.channels] = depthwise_result<saturates, Layer>(stage, s[1], multiplier);
    if (layer.out_width > 2) out[2 * layer.channels] = depthwise_result<saturates, Layer>(stage, s[2], multiplier);
    if (layer.out_width > 3) out[3 * layer.channels] = depthwise_result<saturates, Layer>(stage, s[3], multiplier);
    left -= 4;
    if (left <= 0) return;
    const int32_t next = min(left, 4);
    from += next * stride;
    out += next * layer.channels;
  }
}

template <bool saturates, int stride, class Layer>
THIMBLE_INLINE void depthwise_taps(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const OutputStage stage = output_stage(layer);
  const int32_t taps = layer.kernel_height * Layer::kernel_width;
  for (int32_t y = y0; y < y1; ++y) {
    const TapRows rows = tap_rows(layer, in, y);
    const int32_t before = rows.before * Layer::kernel_width, inside = rows.inside * Layer::kernel_width;
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y));
    const int8_t *from = rows.at, *weights = layer.weights;
    const int32_t* constants = layer.channels2;
    for (int32_t c = 0; c < layer.channels; ++c, ++to, from += layer.in_width + layer.border) {
      const int8_t* const behind = weights + before + inside;
      const int8_t* const next = weights + taps;
      int32_t bias = *constants++;
      if (inside != taps)
        bias += layer.in_zero_point * (sum_of(weights, before) + sum_of(behind, int32_t(next - behind)));
      depthwise_line<saturates, stride>(layer, stage, rows, from, weights + before, bias, *constants++, to);
      weights = next;
    }
  }
}

}  // namespace dsp

// Output rows [y0, y1), NHWC, from planes. The plain forms are for every output stage.
template <int32_t width, class Shape>
void depthwise_taps_dsp(const DepthwiseTaps<width, Shape>& layer, const RowView& in, const RowRing& out, int32_t y0,
                        int32_t y1) {
  dsp::depthwise_taps<true, 1>(layer, in, out, y0, y1);
}
template <int32_t width, class Shape>
void depthwise_taps_plain_dsp(const DepthwiseTaps<width, Shape>& layer, const RowView& in, const RowRing& out,
                              int32_t y0, int32_t y1) {
  dsp::depthwise_taps<false, 1>(layer, in, out, y0, y1);
}
template <int32_t width, class Shape>
void depthwise_taps_stride2_dsp(const DepthwiseTaps<width, Shape>& layer, const RowView& in, const RowRing& out,
                                int32_t y0, int32_t y1) {
  dsp::depthwise_taps<true, 2>(layer, in, out, y0, y1);
}
template <int32_t width, class Shape>
void depthwise_taps_stride2_plain_dsp(const DepthwiseTaps<width, Shape>& layer, const RowView& in, const RowRing& out,
                                      int32_t y0, int32_t y1) {
  dsp::depthwise_taps<false, 2>(layer, in, out, y0, y1);
}

}  // namespace thimble
