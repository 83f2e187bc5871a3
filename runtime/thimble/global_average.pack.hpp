// The constants of an average over all pixels of an image.
#pragma once
#include <stdint.h>

#include "thimble/band.pack.hpp"

namespace thimble {

struct GlobalAverageShape {
  static constexpr bool fixed = false;
  int32_t kernel_height, kernel_width;  // the image's
  int32_t channels;
  int32_t start;  // minus the input's zero point times the pixels
  int32_t offset, shift, left_shift, zero_point, low, high, ties_to_even;  // see OutputStage
};

// requantize(sum - pixels * input zero point) for each channel.
template <class Shape>
struct GlobalAverage : Shape {
  int32_t multiplier;  // see requantize.hpp
};

// Channels that are summed at once: the last such block ends at the last channel, over those of the block before.
constexpr int32_t global_average_block = 8, global_average_block_mve = 16;

// A block of channels is there, and a channel's sum fits a half of a word: 255 * 256 < 2^16, -128 * 256 = -2^15.
template <class Shape>
constexpr bool averages_in_halves(const Shape& c) {
  return c.kernel_height * c.kernel_width <= 256 && c.channels >= global_average_block;
}

template <class Shape>
constexpr BandContract global_average_contract(const Shape& c) {
  return {c.kernel_height, 1, 0};
}

}  // namespace thimble
