// Constants of the kernels that join tensors along an axis.
#pragma once
#include <stdint.h>

namespace thimble {

// What lies before the axis, in a row or in a whole tensor, repeats `outer` times; each time one run of every operand
// is written.
struct Concat {
  int32_t outer;
  const int32_t* run_bytes;  // one an operand
};

}  // namespace thimble
