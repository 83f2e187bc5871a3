// What lies around the pixels of planes.
#pragma once
#include <stdint.h>

namespace thimble {

// A row of planes is [channel][border + width] int8: the border's bytes, then the pixels. The border of the next plane
// is the right border too; behind the last row of a buffer or ring lie plane_tail_bytes: the border again, and three
// bytes that kernels may read on the way. Producers write pixels only.
constexpr int32_t plane_tail_bytes(int32_t border) {
  return border + 3;
}

}  // namespace thimble
