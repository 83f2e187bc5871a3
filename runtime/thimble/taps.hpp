// Which positions of a kernel lie inside the image.
#pragma once
#include <stdint.h>

namespace thimble {

struct Taps {
  int32_t first, last;  // positions [first, last)
  int32_t count() const { return last - first; }
};

// Kernel position k reads start + k * dilation of [0, size). Costs a step for each position outside, and no division.
inline Taps taps_inside(int32_t start, int32_t dilation, int32_t taps, int32_t size) {
  Taps t{0, taps};
  while (t.first < taps && start + t.first * dilation < 0) ++t.first;
  while (t.last > t.first && start + (t.last - 1) * dilation >= size) --t.last;
  return t;
}

}  // namespace thimble
