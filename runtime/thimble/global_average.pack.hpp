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

template <class Shape>
constexpr BandContract global_average_contract(const Shape& c) {
  return {c.kernel_height, 1, 0};
}

}  // namespace thimble
