// Dense convolutions for cores with Helium: two pixels by two output channels of VMLADAVA, sixteen products each, and
// four channels' results at a time. A pointwise convolution reads its input where it lies; other kernels read a strip.
// Cost on a Cortex-M55: 8 or 9 instructions for 64 products, about 35 for eight results around them.
#pragma once
#include "thimble/arch/mve_conv.pack.hpp"
#include "thimble/arch/mve_quad.hpp"
#include "thimble/arch/mve_rows.hpp"
#include "thimble/runs.hpp"

namespace thimble {
namespace mve {

// All channels of two pixels, which may be the same.
template <bool saturates, class Layer>
THIMBLE_INLINE void multiply(const Layer& layer, const Depth& depth, const Narrowing& narrowing,
                             const PixelPair& pixels) {
  const int8_t* w = layer.weights;
  const int32_t* c = layer.channels;
  int8_t *to0 = pixels.to[0], *to1 = pixels.to[1];
  int32_t left = layer.out_channels;
  do {
    Words s0, s1;
    sum_quad<Layer>(depth, w, c, pixels, s0, s1);
    if constexpr (!saturates)
      store_plain(s0, s1, c, left, output_stage(layer), to0, to1);
    else if (left >= 4)
      store_quad(s0, s1, c, narrowing, to0, to1);
    else
      store_rest(s0, s1, c, left, narrowing, to0, to1);
    left -= 4;
  } while (left > 0);
}

// Pixels come one by one and are multiplied two by two.
template <bool saturates, class Layer>
class Pairing {
 public:
  explicit Pairing(const Layer& layer)
      : layer_(layer),
        depth_{conv_mve_depth(layer), conv_mve_vectors(layer) * 16},
        narrowing_(layer.offset, layer.shift) {}
  // `count` pixels, one or more, and their results' places; `end`: none comes after them.
  THIMBLE_INLINE void run(const int8_t* from, int32_t step, int8_t* to, int32_t count, bool end) {
    for (;;) {
      if (!waits_) {
        pixels_.from[0] = from;
        pixels_.to[0] = to;
        if (--count > 0) {
          from += step;
          to += layer_.out_channels;
        } else if (!end) {
          waits_ = true;
          return;
        }
      }
      waits_ = false;
      pixels_.from[1] = from;
      pixels_.to[1] = to;
      multiply<saturates>(layer_, depth_, narrowing_, pixels_);
      if (--count <= 0) return;
      from += step;
      to += layer_.out_channels;
    }
  }

 private:
  const Layer& layer_;
  Depth depth_;
  Narrowing narrowing_;
  PixelPair pixels_{};
  bool waits_ = false;  // for the second pixel
};

// How a row's columns enter the strip: `columns` at once where they are narrow, by the places of their bytes.
struct Spread {
  int32_t columns;
  uint8_t offsets[16];
  Spread(int32_t channels, int32_t pitch) : columns(16 / channels) {
    if (columns * pitch > 256) columns = 256 / pitch;  // the offsets are bytes
    int32_t column = 0, channel = 0;
    for (uint8_t& offset : offsets) {
      offset = uint8_t(column + channel);
      if (++channel == channels) {
        channel = 0;
        column += pitch;
      }
    }
  }
};

// The strip of output columns [first, first + outputs) of row y.
template <class Layer>
THIMBLE_INLINE void fill_strip(const Layer& layer, const RowView& in, const Spread& spread, int32_t y, int32_t first,
                               int32_t outputs, int8_t* strip) {
  const int32_t channels = layer.in_channels, pitch = conv_mve_pitch(layer);
  const int32_t columns = conv_mve_columns(layer, outputs);
  const int32_t x = first * layer.stride_x - layer.pad_left, row = y * layer.stride_y - layer.pad_top;
  const int32_t begin = x >= 0 ? 0 : -x < columns ? -x : columns;  // columns [begin, end) lie inside
  const int32_t limit = layer.in_width - x < columns ? layer.in_width - x : columns;
  const int32_t end = limit < begin ? begin : limit, last_row = row + (layer.kernel_height - 1) * layer.dilation_y;
  if (row < 0 || last_row >= layer.in_height) {
    fill_bytes(strip, layer.in_zero_point, columns * pitch);
  } else {
    fill_bytes(strip, layer.in_zero_point, begin * pitch);
    fill_bytes(strip + end * pitch, layer.in_zero_point, (columns - end) * pitch);
  }
  strip += begin * pitch;
  for (int32_t r = row; r <= last_row; r += layer.dilation_y, strip += channels) {
    if (r < 0 || r >= layer.in_height) continue;
    const int8_t* const from = reinterpret_cast<const int8_t*>(in.row(r)) + (x + begin) * channels;
    if (channels < 16 && spread.columns > 1) {
      const int32_t times = (end - begin) / spread.columns, done = times * spread.columns, rest = end - begin - done;
      scatter_bytes(from, strip, spread.columns * pitch, spread.offsets, times, spread.columns * channels);
      if (rest != 0) scatter_bytes(from + done * channels, strip + done * pitch, 0, spread.offsets, 1, rest * channels);
    } else {
      for (int32_t c = 0; c < channels; c += 16)
        copy_pixels(from + c, channels, strip + c, pitch, end - begin, channels - c < 16 ? channels - c : 16);
    }
  }
}

template <bool saturates, class Layer>
THIMBLE_INLINE void conv2d(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                           void* scratch) {
  int8_t* strip = static_cast<int8_t*>(scratch);
  int8_t* other = layer.out_width % 2 == 0 ? strip : strip + conv_mve_strip_bytes(layer);
  const int32_t step = conv_mve_chunk(layer), pixel = layer.stride_x * conv_mve_pitch(layer);
  const Spread spread(layer.in_channels, conv_mve_pitch(layer));
  Pairing<saturates, Layer> pairs(layer);
  for (int32_t y = y0; y < y1; ++y)
    for (int32_t x = 0; x < layer.out_width; x += step) {
      const int32_t outputs = layer.out_width - x < step ? layer.out_width - x : step;
      fill_strip(layer, in, spread, y, x, outputs, strip);
      pairs.run(strip, pixel, reinterpret_cast<int8_t*>(out.row(y)) + x * layer.out_channels, outputs,
                y + 1 == y1 && x + outputs == layer.out_width);
      int8_t* const free = other;
      other = strip;
      strip = free;
    }
  if constexpr (saturates) clamp_rows(layer, out, y0, y1, layer.out_width * layer.out_channels);
}

template <bool saturates, class Layer>
THIMBLE_INLINE void pointwise(const Layer& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  const int32_t step = layer.stride_x * layer.in_channels;
  Pairing<saturates, Layer> pairs(layer);
  for (int32_t y = y0; y < y1;) {
    int32_t rows = 1;  // rows that lie one behind the other are one run of pixels
    if (layer.stride_x == 1 && layer.stride_y == 1) rows = rows_in_run(in, y, rows_in_run(out, y, y1 - y));
    pairs.run(reinterpret_cast<const int8_t*>(in.row(y * layer.stride_y)), step, reinterpret_cast<int8_t*>(out.row(y)),
              rows * layer.out_width, y + rows == y1);
    y += rows;
  }
  if constexpr (saturates) clamp_rows(layer, out, y0, y1, layer.out_width * layer.out_channels);
}

}  // namespace mve

// Output rows [y0, y1). The plain kernels are for every output stage.
template <class Shape>
void conv2d_mve(const ConvMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                void* scratch) {
  mve::conv2d<true>(layer, in, out, y0, y1, scratch);
}
template <class Shape>
void conv2d_plain_mve(const ConvMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                      void* scratch) {
  mve::conv2d<false>(layer, in, out, y0, y1, scratch);
}

// The same for a kernel of one pixel without padding, of any stride.
template <class Shape>
void pointwise_mve(const ConvMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  mve::pointwise<true>(layer, in, out, y0, y1);
}
template <class Shape>
void pointwise_plain_mve(const ConvMve<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  mve::pointwise<false>(layer, in, out, y0, y1);
}

}  // namespace thimble
