// The walk of depthwise_walk: what it is told, and its C++ form for cores without one in assembly.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32.hpp"
#include "thimble/arch/v6m.hpp"
#include "thimble/arch/v7m.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// Output rows whose input rows follow each other at equal distances, all channels. The assembly knows the members by
// their places.
struct Walk {
  const int8_t* row[3];  // input rows under the kernel at the first output row; a row outside the image: any other
  int8_t* out;
  const int8_t* weights;    // [channel][3][3]
  const int32_t* channels;  // [channel][2]: bias and multiplier
  const int32_t* channels_end;
  int32_t pixel;                     // bytes from one pixel to the next, of input and output: the channels
  int32_t offset, shift, low, high;  // OutputStage
  int32_t pad;                       // value of the padding
  int32_t above, below;              // 1: the first or the last row under the kernel is padding
  int32_t left, right;               // 1: a column of padding before or behind the input
  int32_t inner_bytes;               // of a row's outputs that read no padding on the right
  int32_t in_skip, out_skip;         // from the end of a row's walk to the start of the next
  int32_t rows;
  int32_t bias_left, of_right, rows_left, kept;
};

#if !THIMBLE_RV32_ASSEMBLY && !THIMBLE_V6M_ASSEMBLY && !THIMBLE_V7M_ASSEMBLY

// The column of the kernel at kx, times the pixels at `column` bytes from the rows' start, or times the padding.
inline int32_t walk_column(const Walk& walk, int32_t kx, int32_t column, bool inside) {
  int32_t sum = 0;
  for (int32_t ky = 0; ky < 3; ++ky) {
    const bool padding = !inside || (ky == 0 && walk.above != 0) || (ky == 2 && walk.below != 0);
    sum += walk.weights[3 * ky + kx] * (padding ? walk.pad : walk.row[ky][column]);
  }
  return sum;
}

template <int32_t stride>
void walk_rows(Walk& walk) {
  const OutputStage stage{walk.offset, walk.shift, 0, 0, walk.low, walk.high, 0};
  const int32_t inner = walk.inner_bytes / walk.pixel, width = inner + walk.right;
  const int32_t columns = 1 - walk.left + (stride == 1 ? 1 + inner : 2 * inner + walk.right);
  const int32_t in_step = columns * walk.pixel + walk.in_skip, out_step = width * walk.pixel + walk.out_skip;
  for (; walk.channels != walk.channels_end; walk.channels += 2, walk.weights += 9) {
    for (int32_t y = 0; y < walk.rows; ++y)
      for (int32_t x = 0; x < width; ++x) {
        int32_t sum = walk.channels[0];
        for (int32_t kx = 0; kx < 3; ++kx) {
          const int32_t column = x * stride + kx - walk.left;
          sum += walk_column(walk, kx, y * in_step + column * walk.pixel, column >= 0 && column < columns);
        }
        walk.out[y * out_step + x * walk.pixel] = int8_t(requantize(sum, walk.channels[1], stage));
      }
    for (const int8_t*& row : walk.row) ++row;
    ++walk.out;
  }
}

#endif

}  // namespace thimble
