// Convolutions of many geometries with a plain reference, and runs of a banded kernel through rings of rows.
#pragma once
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "thimble/conv.pack.hpp"
#include "thimble/conv_float.pack.hpp"
#include "thimble/rows.hpp"

namespace thimble::conv_grid {

struct Geometry {
  int32_t in_height, in_width, in_channels, out_height, out_width, out_channels;
  int32_t kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left, groups;
  constexpr int32_t group_in() const { return in_channels / groups; }
  constexpr int32_t group_out() const { return out_channels / groups; }
  constexpr int32_t depth() const { return kernel_height * kernel_width * group_in(); }
};

constexpr Geometry geometries[] = {
    // in height, width, channels; out height, width, channels; kernel; stride; dilation; pads; groups
    {7, 9, 3, 7, 9, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {10, 11, 4, 5, 5, 6, 3, 3, 2, 2, 1, 1, 0, 0, 1},   // pads only behind the input
    {12, 10, 1, 6, 5, 8, 10, 4, 2, 2, 1, 1, 4, 1, 1},  // more kernel than image above
    {9, 8, 2, 3, 2, 3, 2, 3, 3, 4, 1, 1, 0, 0, 1},     // stride beyond the kernel
    {9, 9, 3, 9, 9, 4, 3, 3, 1, 1, 2, 3, 2, 3, 1},     // dilated
    {5, 4, 2, 7, 8, 3, 3, 5, 1, 1, 1, 1, 4, 5, 1},     // rows and columns with no pixel of the image
    {6, 7, 6, 6, 7, 9, 3, 3, 1, 1, 1, 1, 1, 1, 3},     // three groups
    {8, 8, 8, 4, 4, 8, 3, 1, 2, 2, 1, 1, 1, 0, 2},     // two groups, strided
    {20, 1, 5, 20, 1, 6, 5, 1, 1, 1, 1, 1, 4, 0, 1},   // 1-D, causal
    {21, 1, 4, 6, 1, 7, 3, 1, 3, 1, 2, 1, 0, 0, 1},    // 1-D, dilated, strided
    {5, 6, 7, 5, 6, 9, 1, 1, 1, 1, 1, 1, 0, 0, 1},     // pointwise
    {4, 3, 16, 4, 3, 8, 1, 1, 1, 1, 1, 1, 0, 0, 1},    // pointwise
    {5, 3, 7, 5, 3, 7, 1, 1, 1, 1, 1, 1, 0, 0, 1},     // pointwise, odd
    {3, 5, 1, 3, 5, 2, 1, 1, 1, 1, 1, 1, 0, 0, 1},     // pointwise of one channel
    {6, 6, 5, 3, 3, 4, 1, 1, 2, 2, 1, 1, 0, 0, 1},     // 1x1, strided
    {8, 9, 5, 8, 9, 5, 3, 3, 1, 1, 1, 1, 1, 1, 5},     // depthwise 3x3
    {8, 9, 3, 4, 5, 6, 3, 3, 2, 2, 1, 1, 1, 1, 3},     // multiplier 2
    {9, 8, 2, 4, 4, 2, 3, 3, 2, 2, 1, 1, 0, 0, 2},     // pads only behind
    {7, 3, 4, 7, 3, 4, 3, 3, 1, 1, 1, 1, 1, 1, 4},     // as narrow as the kernel
    {7, 2, 4, 7, 2, 4, 3, 3, 1, 1, 1, 1, 1, 1, 4},     // narrower
    {2, 6, 4, 2, 6, 4, 3, 3, 1, 1, 1, 1, 1, 1, 4},     // lower than the kernel
    {6, 6, 3, 8, 9, 3, 3, 3, 1, 1, 1, 1, 2, 3, 3},     // three columns of padding
    {4, 5, 2, 8, 7, 2, 3, 3, 1, 1, 1, 1, 3, 2, 2},     // rows with no row of the image
    {8, 8, 3, 8, 8, 3, 3, 3, 1, 1, 2, 1, 2, 1, 3},     // dilated along the height
    {8, 9, 3, 8, 9, 3, 3, 3, 1, 1, 1, 2, 1, 2, 3},     // dilated along the width
    {9, 11, 3, 3, 4, 6, 5, 4, 3, 2, 1, 1, 1, 0, 3},    // 5x4, multiplier 2
    {18, 1, 6, 18, 1, 6, 5, 1, 1, 1, 1, 1, 2, 0, 6},   // 1-D depthwise
    {7, 7, 4, 7, 7, 4, 1, 1, 1, 1, 1, 1, 0, 0, 4},     // depthwise 1x1: a scale for each channel
    {9, 9, 4, 3, 3, 4, 2, 2, 4, 4, 1, 1, 0, 0, 4},     // stride beyond the kernel
    {6, 7, 19, 6, 7, 19, 3, 3, 1, 1, 1, 1, 1, 1, 19},  // two blocks of eight channels and three
    {7, 9, 8, 5, 6, 8, 5, 4, 2, 2, 1, 1, 3, 3, 8},     // one block, windows partly and wholly beside the image
};
constexpr int32_t geometry_count = int32_t(sizeof geometries / sizeof geometries[0]);

template <class Shape>
constexpr Shape with_geometry(const Geometry& g) {
  Shape s{};
  s.in_height = g.in_height;
  s.in_width = g.in_width;
  s.in_channels = g.in_channels;
  s.out_width = g.out_width;
  s.out_channels = g.out_channels;
  s.kernel_height = g.kernel_height;
  s.kernel_width = g.kernel_width;
  s.stride_y = g.stride_y;
  s.stride_x = g.stride_x;
  s.dilation_y = g.dilation_y;
  s.dilation_x = g.dilation_x;
  s.pad_top = g.pad_top;
  s.pad_left = g.pad_left;
  s.group_in_channels = g.group_in();
  s.group_out_channels = g.group_out();
  return s;
}

// One convolution's numbers: weights in ONNX's order, input and sums NHWC.
template <class Element, class Sum>
struct Numbers {
  std::vector<Element> input, weights;
  std::vector<Sum> bias, sums;  // sums without the bias
};

template <class Element, class Sum>
void sum_up(const Geometry& g, Sum pad, Numbers<Element, Sum>& n) {
  n.sums.clear();
  for (int32_t y = 0; y < g.out_height; ++y)
    for (int32_t x = 0; x < g.out_width; ++x)
      for (int32_t m = 0; m < g.out_channels; ++m) {
        Sum sum = 0;
        for (int32_t c = 0; c < g.group_in(); ++c)
          for (int32_t ky = 0; ky < g.kernel_height; ++ky)
            for (int32_t kx = 0; kx < g.kernel_width; ++kx) {
              const int32_t iy = y * g.stride_y - g.pad_top + ky * g.dilation_y;
              const int32_t ix = x * g.stride_x - g.pad_left + kx * g.dilation_x;
              const bool inside = iy >= 0 && iy < g.in_height && ix >= 0 && ix < g.in_width;
              const int32_t channel = m / g.group_out() * g.group_in() + c;
              const Sum a = inside ? n.input[size_t((iy * g.in_width + ix) * g.in_channels + channel)] : pad;
              sum += a * n.weights[size_t(((m * g.group_in() + c) * g.kernel_height + ky) * g.kernel_width + kx)];
            }
        n.sums.push_back(sum);
      }
}

using Bytes = std::vector<uint8_t>;
using Kernel = std::function<void(const RowView&, const RowRing&, int32_t y0, int32_t y1, void* scratch)>;

// Runs a kernel over bands of rows as its contract allows.
struct Runner {
  BandContract contract;
  int32_t in_height, in_row_bytes, out_height, out_row_bytes, scratch_bytes;

  int32_t rows_needed(int32_t end) const {
    return inside((end - 1) * contract.stride - contract.pad_top + contract.window);
  }
  int32_t lowest_needed(int32_t y) const { return inside(y * contract.stride - contract.pad_top); }
  // Rows of the smallest ring between the input's maker and the kernel.
  int32_t ring_rows(int32_t band) const {
    int32_t most = 1, made = 0;
    for (int32_t y = 0; y < out_height; y += band) {
      made = std::max(made, rows_needed(std::min(y + band, out_height)));
      most = std::max(most, made - lowest_needed(y));
    }
    return most;
  }
  Bytes whole(const Bytes& input, const Kernel& kernel) const {
    Bytes out(size_t(out_height * out_row_bytes), 0x5a);
    Bytes scratch(size_t(scratch_bytes), 0x77);
    kernel({input.data(), in_row_bytes, in_height}, {out.data(), out_row_bytes, out_height}, 0, out_height,
           scratch.data());
    return out;
  }
  // The input comes through a ring of `ring` rows, the result leaves through one of a band.
  Bytes bands(const Bytes& input, const Kernel& kernel, int32_t band, int32_t ring) const {
    Bytes in(size_t(ring * in_row_bytes), 0x33), out(size_t(band * out_row_bytes)), all;
    const RowRing from{in.data(), in_row_bytes, ring}, to{out.data(), out_row_bytes, band};
    for (int32_t y = 0, made = 0; y < out_height; y += band) {
      const int32_t end = std::min(y + band, out_height);
      for (; made < rows_needed(end); ++made)
        std::memcpy(from.row(made), input.data() + made * in_row_bytes, size_t(in_row_bytes));
      Bytes scratch(size_t(scratch_bytes), 0x77);
      kernel({from.base, from.row_bytes, from.ring_rows}, to, y, end, scratch.data());
      for (int32_t r = y; r < end; ++r) all.insert(all.end(), to.row(r), to.row(r) + out_row_bytes);
    }
    return all;
  }
  // Bands of 1, 2 and 3 rows give what one call gives; a ring one row too small does not.
  void check_bands(const Bytes& input, const Kernel& kernel, const Bytes& expected) const {
    for (int32_t band : {1, 2, 3}) {
      INFO("bands of " << band);
      const int32_t ring = ring_rows(band);
      CHECK(bands(input, kernel, band, ring) == expected);
      const bool reads_all = contract.stride <= contract.window;  // else rows of the ring may go unread
      if (ring > 1 && reads_all && contract.window <= in_height)
        CHECK(bands(input, kernel, band, ring - 1) != expected);
    }
  }

 private:
  int32_t inside(int32_t row) const { return std::max(0, std::min(row, in_height)); }
};

template <class Element>
Bytes bytes_of(const std::vector<Element>& values) {
  Bytes bytes(values.size() * sizeof(Element));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace thimble::conv_grid
