// Convolutions for cores with Helium: two pixels by two output channels of VMLADAVA, sixteen products each. The values
// under the kernel are gathered as bytes; a pointwise convolution reads its input where it lies.
// Cost on a Cortex-M55: 9 instructions for 64 products in the loop, about 55 per four results around it.
#pragma once
#include "thimble/arch/dsp_conv.hpp"
#include "thimble/arch/mve.hpp"
#include "thimble/arch/mve_conv.pack.hpp"

namespace thimble {
namespace mve {

// Sums of channels a and b for pixels 0 and 1.
struct Sums {
  int32_t a0, a1, b0, b1;
};

// Adds the products of `count` bytes, one or more. The last turn is predicated: nothing behind them is read.
THIMBLE_INLINE void mac22(const int8_t* a, const int8_t* b, const int8_t* pixel0, const int8_t* pixel1, int32_t count,
                          Sums& sums) {
#if THIMBLE_MVE_ASSEMBLY
  register int32_t r0 __asm("r0") = sums.a0;
  register int32_t r2 __asm("r2") = sums.a1;
  register int32_t r4 __asm("r4") = sums.b0;
  register int32_t r6 __asm("r6") = sums.b1;
  __asm volatile(
      "dlstp.8 lr,%[count]\n1:\n\t vldrb.u8 q0,[%[a]],#16\n\t vldrb.u8 q2,[%[p0]],#16\n\t vmladava.s8 r0,q0,q2\n\t"
      "vldrb.u8 q3,[%[p1]],#16\n\t vmladava.s8 r2,q0,q3\n\t vldrb.u8 q1,[%[b]],#16\n\t vmladava.s8 r4,q1,q2\n\t"
      "vmladava.s8 r6,q1,q3\n\t letp lr,1b\n\t"
      : "+r"(r0), "+r"(r2), "+r"(r4), "+r"(r6), [a] "+r"(a), [b] "+r"(b), [p0] "+r"(pixel0), [p1] "+r"(pixel1)
      : [count] "r"(count)
      : "lr", "q0", "q1", "q2", "q3", "memory");
  sums = {r0, r2, r4, r6};
#else
  for (; count > 0; --count, ++a, ++b, ++pixel0, ++pixel1) {
    sums.a0 += *a * *pixel0;
    sums.a1 += *a * *pixel1;
    sums.b0 += *b * *pixel0;
    sums.b1 += *b * *pixel1;
  }
#endif
}

template <bool saturates, class Layer>
THIMBLE_INLINE int8_t result(int32_t sum, int32_t multiplier, const OutputStage& stage) {
  if constexpr (!saturates)
    return int8_t(requantize(sum, multiplier, stage));
  else if constexpr (Layer::fixed)
    return int8_t(dsp::saturate8<Layer::shift>(dsp::smmla(sum, multiplier, stage.offset)));
  else
    return int8_t(dsp::saturate8<0>(dsp::smmla(sum, multiplier, stage.offset) >> stage.shift));
}

// Channels of two pixels, two at a time from `channel` on, up to `end`. A pair's second channel has its weights
// `next_weights` behind the first's and its results `second` behind.
template <bool saturates, class Layer>
THIMBLE_INLINE void multiply_run(const Layer& layer, const int8_t* weights, int32_t next_weights,
                                 const int32_t* channel, const int32_t* end, const int8_t* pixel0, const int8_t* pixel1,
                                 int8_t* out0, int8_t* out1, int32_t second) {
  const OutputStage stage = output_stage(layer);
  const int32_t depth = conv_mve_depth(layer);
  do {
    const int32_t bias_a = channel[0], multiplier_a = channel[1], bias_b = channel[2], multiplier_b = channel[3];
    Sums s{bias_a, bias_a, bias_b, bias_b};
    mac22(weights, weights + next_weights, pixel0, pixel1, depth, s);
    // The second channel before the first, the second pixel before the first: one that does not exist has the place of
    // the one that does, and is overwritten.
    out1[second] = result<saturates, Layer>(s.b1, multiplier_b, stage);
    *out1 = result<saturates, Layer>(s.a1, multiplier_a, stage);
    out0[second] = result<saturates, Layer>(s.b0, multiplier_b, stage);
    *out0 = result<saturates, Layer>(s.a0, multiplier_a, stage);
    weights += 2 * next_weights;
    channel += 4;
    out0 += 2 * second;
    out1 += 2 * second;
  } while (channel != end);
}

// The run as a function: sizes as arguments, or all channels of a layer that is known to have an even number.
template <bool saturates, class Layer>
[[gnu::noinline]] void multiply_pairs(const Layer& layer, const int8_t* weights, int32_t next_weights,
                                      const int32_t* channel, const int32_t* end, const int8_t* pixel0,
                                      const int8_t* pixel1, int8_t* out0, int8_t* out1, int32_t second) {
  multiply_run<saturates>(layer, weights, next_weights, channel, end, pixel0, pixel1, out0, out1, second);
}
template <bool saturates, class Layer>
[[gnu::noinline]] void multiply_even(const Layer& layer, const int8_t* pixel0, const int8_t* pixel1, int8_t* out0,
                                     int8_t* out1) {
  multiply_run<saturates>(layer, layer.weights, conv_mve_depth(layer), layer.channels,
                          layer.channels + layer.out_channels * 2, pixel0, pixel1, out0, out1, layer.channel_step);
}

// All channels of two pixels; equal places stand for one pixel, the first. An odd last channel is a pair with itself.
template <bool saturates, class Layer>
THIMBLE_INLINE void multiply(const Layer& layer, const int8_t* pixel0, const int8_t* pixel1, int8_t* out0,
                             int8_t* out1) {
  if constexpr (dsp::always_even<Layer>()) return multiply_even<saturates>(layer, pixel0, pixel1, out0, out1);
  const int32_t depth = conv_mve_depth(layer), pairs = layer.out_channels / 2;
  const int32_t* const end = layer.channels + pairs * 4;
  if (pairs != 0)
    multiply_pairs<saturates>(layer, layer.weights, depth, layer.channels, end, pixel0, pixel1, out0, out1,
                              layer.channel_step);
  if (layer.out_channels % 2 == 0) return;
  const int32_t place = (layer.out_channels - 1) * layer.channel_step;
  const int32_t itself[4] = {end[0], end[1], end[0], end[1]};
  multiply_pairs<saturates>(layer, layer.weights + pairs * 2 * depth, 0, itself, itself + 4, pixel0, pixel1,
                            out0 + place, out1 + place, 0);
}

// The bytes under the kernel of a pixel whose first column is `x`. `inside`: none is padding.
template <class Layer>
THIMBLE_INLINE void gather(const Layer& layer, const int8_t* base, const int32_t* offsets, int32_t x, bool inside,
                           int8_t* to) {
  const int32_t channels = layer.in_channels, width = layer.kernel_width, row_bytes = width * channels;
  if (inside) {
    for (int32_t ky = 0; ky < layer.kernel_height; ++ky) to = copy(to, base + offsets[ky] + x * channels, row_bytes);
    return;
  }
  const int32_t begin = x < 0 ? (-x < width ? -x : width) : 0;  // kernel columns [begin, end) lie inside
  const int32_t limit = layer.in_width - x < width ? layer.in_width - x : width;
  const int32_t end = limit < begin ? begin : limit;
  for (int32_t ky = 0; ky < layer.kernel_height; ++ky) {
    if (offsets[ky] == outside_image) {
      to = fill_bytes(to, layer.in_zero_point, row_bytes);
    } else {
      to = fill_bytes(to, layer.in_zero_point, begin * channels);
      to = copy(to, base + offsets[ky] + (x + begin) * channels, (end - begin) * channels);
      to = fill_bytes(to, layer.in_zero_point, (width - end) * channels);
    }
  }
}

template <bool saturates, class Layer>
THIMBLE_INLINE void conv2d(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                           void* scratch) {
  const int32_t depth = (conv_mve_depth(layer) + 3) / 4 * 4;
  int32_t* const offsets = static_cast<int32_t*>(scratch);
  int8_t* const pixels = reinterpret_cast<int8_t*>(offsets + layer.kernel_height);
  const int8_t* const base = reinterpret_cast<const int8_t*>(in.base);
  int8_t* waiting = nullptr;  // place of the first pixel's results
  for (int32_t y = y0; y < y1; ++y) {
    const bool rows_inside = dsp::find_rows(layer, in, y, offsets);
    const int32_t last_inside = rows_inside ? layer.in_width - layer.kernel_width : -1;
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y)) + layer.first;
    int32_t x = -layer.pad_left;
    for (int32_t i = 0; i < layer.out_width; ++i, x += layer.stride_x, to += layer.pixel_step) {
      gather(layer, base, offsets, x, x >= 0 && x <= last_inside, waiting == nullptr ? pixels : pixels + depth);
      if (waiting == nullptr) {
        waiting = to;
      } else {
        multiply<saturates>(layer, pixels, pixels + depth, waiting, to);
        waiting = nullptr;
      }
    }
  }
  if (waiting != nullptr) multiply<saturates>(layer, pixels, pixels, waiting, waiting);
}

template <bool saturates, class Layer>
THIMBLE_INLINE void pointwise(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const int32_t channels = layer.in_channels, step = layer.pixel_step;
  const int8_t* waiting = nullptr;  // an odd pixel at the end of a row, and its results' place
  int8_t* waiting_to = nullptr;
  for (int32_t y = y0; y < y1; ++y) {
    const int8_t* from = reinterpret_cast<const int8_t*>(in.row(y));
    int8_t* to = reinterpret_cast<int8_t*>(out.row(y)) + layer.first;
    int32_t pixels = layer.out_width;
    if (waiting != nullptr) {
      multiply<saturates>(layer, waiting, from, waiting_to, to);
      waiting = nullptr;
      from += channels;
      to += step;
      --pixels;
    }
    for (; pixels >= 2; pixels -= 2, from += 2 * channels, to += 2 * step)
      multiply<saturates>(layer, from, from + channels, to, to + step);
    if (pixels != 0) {
      waiting = from;
      waiting_to = to;
    }
  }
  if (waiting != nullptr) multiply<saturates>(layer, waiting, waiting, waiting_to, waiting_to);
}

}  // namespace mve

// Output rows [y0, y1). The plain kernels are for every output stage.
template <class Shape>
void conv2d_mve(const ConvMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                void* scratch) {
  mve::conv2d<true>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void conv2d_mve_plain(const ConvMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                      void* scratch) {
  mve::conv2d<false>(layer, in, out, y0, y1, scratch);
}

// The same for a kernel of one pixel, stride 1, no padding.
template <class Shape>
void pointwise_mve(const ConvMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  mve::pointwise<true>(layer, in, out, y0, y1);
}
template <class Shape>
void pointwise_mve_plain(const ConvMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  mve::pointwise<false>(layer, in, out, y0, y1);
}

}  // namespace thimble
