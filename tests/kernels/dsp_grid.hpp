// Made-up integer layers with a plain reference, and runs of a banded kernel over whole tensors and rings. Needs no C++
// library: the same grid of cases runs on the host and on a board.
#pragma once
#include <stdint.h>

#include "thimble/requantize.hpp"
#include "thimble/rows.hpp"

namespace thimble::grid {

// One convolution. Padding behind the input follows from the sizes. Depthwise: out_channels is a multiple of
// in_channels.
struct Case {
  int32_t height, width, in_channels, out_channels, kernel_height, kernel_width;
  int32_t stride = 1, pad_top = 0, pad_left = 0, out_height = 0, out_width = 0;
  int32_t dilation_y = 1;
  bool planes = false;  // the result is written as planes
  bool depthwise = false;
  int32_t low = -128, high = 127;
  int32_t in_zero_point = -128, out_zero_point = -128;
  int32_t largest_weight = 127;
  int32_t dilation_x = 1;
  int32_t border = 1;  // of the planes

  constexpr int32_t count() const { return kernel_height * kernel_width * (depthwise ? 1 : in_channels); }
  constexpr int32_t in_row() const { return width * in_channels; }
  constexpr int32_t out_row() const { return out_channels * (planes ? out_width + border : out_width); }
  // A shift at which a spread of 30 steps needs a multiplier of some 30 bits.
  constexpr int32_t shift() const {
    int32_t s = 4;
    for (int32_t n = 1; n < count(); n *= 4) ++s;
    return s;
  }
};

constexpr int32_t pool_bytes = 24 * 1024;

// All that one case needs; reused from case to case.
struct Workspace {
  alignas(8) int8_t input[pool_bytes], weights[pool_bytes], reference[pool_bytes], result[pool_bytes];
  alignas(8) int8_t ring[pool_bytes], out_ring[pool_bytes], planes[pool_bytes];
  alignas(8) int8_t scratch[16 * 1024];
  int32_t sums[pool_bytes];
  int32_t packed[12 * 1024], channels[2048];
  int32_t bias[512], multipliers[512];
  OutputStage stage;
};

class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed) {}
  int32_t between(int32_t low, int32_t high) {
    state_ = state_ * 1664525u + 1013904223u;
    return low + int32_t((state_ >> 8) % uint32_t(high - low + 1));
  }

 private:
  uint32_t state_;
};

inline int32_t exact_sum(const Case& c, const Workspace& w, int32_t o, int32_t y, int32_t x) {
  int32_t sum = 0;
  for (int32_t ky = 0; ky < c.kernel_height; ++ky)
    for (int32_t kx = 0; kx < c.kernel_width; ++kx) {
      const int32_t iy = y * c.stride - c.pad_top + ky * c.dilation_y,
                    ix = x * c.stride - c.pad_left + kx * c.dilation_x;
      const bool inside = iy >= 0 && iy < c.height && ix >= 0 && ix < c.width;
      const int32_t channels = c.depthwise ? 1 : c.in_channels;
      for (int32_t i = 0; i < channels; ++i) {
        const int32_t channel = c.depthwise ? o * c.in_channels / c.out_channels : i;
        const int32_t value = inside ? w.input[(iy * c.width + ix) * c.in_channels + channel] : c.in_zero_point;
        sum += value * w.weights[((o * c.kernel_height + ky) * c.kernel_width + kx) * channels + i];
      }
    }
  return sum;
}

// Where the result of channel o at (y, x) lies in the result tensor.
inline int32_t place(const Case& c, int32_t o, int32_t y, int32_t x) {
  return y * c.out_row() + (c.planes ? c.border + o * (c.out_width + c.border) + x : x * c.out_channels + o);
}

// Draws input and weights. Bias and multiplier come from the data: each channel's mean goes to zero and its spread to
// about 30 steps, for else deep maps are nearly constant and an error of one row goes unseen.
inline void make(const Case& c, uint32_t seed, Workspace& w) {
  Random random(seed);
  for (int32_t i = 0; i < c.height * c.in_row(); ++i) w.input[i] = int8_t(random.between(-128, 127));
  for (int32_t i = 0; i < c.out_channels * c.count(); ++i)
    w.weights[i] = int8_t(random.between(-c.largest_weight, c.largest_weight < 127 ? c.largest_weight : 127));
  if (c.largest_weight > 127) {  // channels 0 and 1 cannot share halves
    w.weights[0] = -1;
    w.weights[c.count()] = -128;
  }
  const int32_t shift = c.shift();
  w.stage = {c.out_zero_point * (1 << shift) + (1 << (shift - 1)), shift, 0, c.out_zero_point, c.low, c.high, 0};
}

// Fills the bias, the multipliers and the reference for the weights and input that are there.
inline void centre(const Case& c, Workspace& w) {
  const int32_t pixels = c.out_height * c.out_width;
  for (int32_t o = 0; o < c.out_channels; ++o) {
    int64_t total = 0, spread = 0;
    for (int32_t i = 0; i < pixels; ++i) {
      w.sums[i] = exact_sum(c, w, o, i / c.out_width, i % c.out_width);
      total += w.sums[i];
    }
    const int32_t mean = int32_t(total / pixels);
    for (int32_t i = 0; i < pixels; ++i) spread += w.sums[i] < mean ? mean - w.sums[i] : w.sums[i] - mean;
    w.bias[o] = -mean;
    const int64_t multiplier = (int64_t(30) << (32 + w.stage.shift)) / (spread / pixels + 1);
    w.multipliers[o] = int32_t(multiplier < 0x7fffffff ? multiplier : 0x7fffffff);
  }
}

inline void refer(const Case& c, Workspace& w) {
  for (int32_t i = 0; i < c.out_height * c.out_row(); ++i) w.reference[i] = 0;
  for (int32_t o = 0; o < c.out_channels; ++o)
    for (int32_t y = 0; y < c.out_height; ++y)
      for (int32_t x = 0; x < c.out_width; ++x)
        w.reference[place(c, o, y, x)] =
            int8_t(requantize(exact_sum(c, w, o, y, x) + w.bias[o], w.multipliers[o], w.stage));
}

struct Failure {
  const char* what = nullptr;  // null: none
  int32_t index = 0, detail = 0;
};

// Results that differ from the reference; borders of planes, which kernels leave alone, must have kept `untouched`.
constexpr int8_t untouched = 0x5a;
inline int32_t differences(const Case& c, const Workspace& w) {
  int32_t n = 0, seen = 0;
  for (int32_t o = 0; o < c.out_channels; ++o)
    for (int32_t y = 0; y < c.out_height; ++y)
      for (int32_t x = 0; x < c.out_width; ++x, ++seen)
        n += w.result[place(c, o, y, x)] != w.reference[place(c, o, y, x)];
  for (int32_t i = c.out_height * c.out_row(); i < c.out_height * c.out_row() + 16; ++i) n += w.result[i] != untouched;
  if (c.planes)
    for (int32_t y = 0; y < c.out_height; ++y)
      for (int32_t o = 0; o < c.out_channels; ++o)
        for (int32_t i = 1; i <= c.border; ++i) n += w.result[place(c, o, y, 0) - i] != untouched;
  return n;
}

// Rows of input that rows of output up to `end` need, from `y` on.
inline int32_t rows_needed(const Case& c, int32_t end) {
  const int32_t n = (end - 1) * c.stride - c.pad_top + (c.kernel_height - 1) * c.dilation_y + 1;
  return n < 0 ? 0 : n < c.height ? n : c.height;
}
inline int32_t lowest_needed(const Case& c, int32_t y) {
  const int32_t n = y * c.stride - c.pad_top;
  return n < 0 ? 0 : n < c.height ? n : c.height;
}
// The smallest ring of input rows for bands of `band` rows.
inline int32_t ring_rows(const Case& c, int32_t band) {
  int32_t most = 1;
  for (int32_t y = 0; y < c.out_height; y += band) {
    const int32_t end = y + band < c.out_height ? y + band : c.out_height;
    const int32_t rows = rows_needed(c, end) - lowest_needed(c, y);
    most = rows > most ? rows : most;
  }
  return most;
}

inline void clear(Workspace& w) {
  for (int8_t& b : w.result) b = untouched;
  for (int8_t& b : w.ring) b = 0x33;
  for (int8_t& b : w.out_ring) b = untouched;
  for (int8_t& b : w.scratch) b = 0x77;
}

// One call over whole tensors.
template <class Kernel>
int32_t run_whole(const Case& c, Workspace& w, const int8_t* input, int32_t in_row, Kernel kernel) {
  clear(w);
  kernel(RowView{reinterpret_cast<const uint8_t*>(input), in_row, c.height},
         RowRing{reinterpret_cast<uint8_t*>(w.result), c.out_row(), c.out_height}, 0, c.out_height, w.scratch);
  return differences(c, w);
}

// An input of NHWC needs no preparation of its ring, planes have borders.
inline void no_borders(const RowRing&) {}

// Bands of rows: the input comes through a ring of `rows` rows, the output leaves through a ring of one band.
template <class Kernel, class Prepare>
int32_t run_bands(const Case& c, Workspace& w, const int8_t* input, int32_t in_row, Prepare prepare, int32_t band,
                  int32_t rows, Kernel kernel) {
  clear(w);
  const RowRing ring{reinterpret_cast<uint8_t*>(w.ring), in_row, rows};
  const RowRing out{reinterpret_cast<uint8_t*>(w.out_ring), c.out_row(), band};
  prepare(ring);
  int32_t made = 0;
  for (int32_t y = 0; y < c.out_height; y += band) {
    const int32_t end = y + band < c.out_height ? y + band : c.out_height;
    for (; made < rows_needed(c, end); ++made)
      for (int32_t i = 0; i < in_row; ++i) ring.row(made)[i] = uint8_t(input[made * in_row + i]);
    kernel(RowView{ring.base, ring.row_bytes, ring.ring_rows}, out, y, end, w.scratch);
    for (int32_t row = y; row < end; ++row)
      for (int32_t i = 0; i < c.out_row(); ++i) w.result[row * c.out_row() + i] = int8_t(out.row(row)[i]);
  }
  return differences(c, w);
}

// Whole and in bands of 1, 2 and 3 rows with the smallest ring; one row less must be seen.
template <class Kernel, class Prepare>
Failure check_bands(const Case& c, Workspace& w, const int8_t* input, int32_t in_row, Prepare prepare, int32_t index,
                    Kernel kernel) {
  if (run_whole(c, w, input, in_row, kernel) != 0) return {"whole", index, 0};
  for (int32_t band = 1; band <= 3; ++band) {
    const int32_t rows = ring_rows(c, band);
    if (run_bands(c, w, input, in_row, prepare, band, rows, kernel) != 0) return {"bands", index, band};
    const bool reads_all = c.stride <= (c.kernel_height - 1) * c.dilation_y + 1;  // no row of the ring is skipped
    if (rows > 1 && reads_all && run_bands(c, w, input, in_row, prepare, band, rows - 1, kernel) == 0)
      return {"a ring too small goes unseen", index, band};
  }
  return {};
}

}  // namespace thimble::grid
