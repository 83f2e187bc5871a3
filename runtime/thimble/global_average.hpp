// The average of all pixels of an image, channel by channel.
#pragma once
#include "thimble/arch/byte_sums.hpp"
#include "thimble/global_average.pack.hpp"
#include "thimble/pool_words.pack.hpp"
#include "thimble/requantize.hpp"
#include "thimble/rows.hpp"

namespace thimble {

// All rows of the input are there, so that they lie one behind the other. Not inlined: what it keeps on the stack would
// lie below every other layer's frame.
template <class Shape>
[[gnu::noinline]] void global_average(const GlobalAverage<Shape>& c, const RowView& in, const RowRing& out, int32_t,
                                      int32_t) {
  const OutputStage stage = output_stage(c);
  const int32_t pixels = c.kernel_height * c.kernel_width, start = c.start - FourSums::bias * pixels;
  const bool aligned = c.channels % 4 == 0;
  for (int32_t channel = 0; channel < c.channels; channel += pool_block) {
    channel = min(channel, c.channels - pool_block);
    const int8_t* pixel = reinterpret_cast<const int8_t*>(in.base) + channel;
    FourSums a, b;
    // Eight bytes a turn: two loads, the sums, and three for the loop; 9 instructions with SIMD, 15 without.
    for (int32_t left = pixels; left > 0; --left, pixel += c.channels) {
      a.add(load_four(pixel, aligned));
      b.add(load_four(pixel + 4, aligned));
    }
    int8_t* to = reinterpret_cast<int8_t*>(out.base) + channel;
    const FourSums sums[] = {a, b};
    for (const FourSums& four : sums)
      four.each([&](int32_t sum) { *to++ = int8_t(requantize(start + sum, c.multiplier, stage)); });
  }
}

}  // namespace thimble
