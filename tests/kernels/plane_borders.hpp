// The borders of planes where only a run tells how wide they are.
#pragma once
#include "thimble/planes.hpp"

namespace thimble::grid {

constexpr int32_t widest_border = 7;

template <int32_t border = 1>
void write_borders(const RowRing& planes, int32_t width, int32_t wanted, int32_t zero_point) {
  if (wanted == border) return plane_borders<border>(planes, width, zero_point);
  if constexpr (border < widest_border) write_borders<border + 1>(planes, width, wanted, zero_point);
}

}  // namespace thimble::grid
