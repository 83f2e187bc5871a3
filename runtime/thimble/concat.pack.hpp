// Constants of the kernels that join tensors along an axis.
#pragma once
#include <stdint.h>

namespace thimble {

// What lies before the axis, in a row or in a whole tensor, repeats `outer` times; each time one run of every part is
// written: of an operand, or of a constant.
struct Concat {
  int32_t outer;
  int32_t parts;
  const int32_t* run_bytes;    // one a part; negative: the run comes from the constants
  const uint8_t* constants;    // their runs, in the order in which they are written; null: no part is constant
  int32_t constant_row_bytes;  // from one row's constants to the next row's
};

}  // namespace thimble
