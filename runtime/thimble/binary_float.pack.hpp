// Constants of the kernels that compute a function of two reals.
#pragma once
#include "thimble/broadcast.pack.hpp"

namespace thimble {

// Operands and result of one shape, stored alike. The result is clipped to [low, high].
struct FloatBinary {
  int32_t row_elements;
  float low, high;
};

struct FloatBroadcast {
  Broadcast axes;
  float low, high;
};

}  // namespace thimble
