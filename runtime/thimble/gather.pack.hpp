// Constants of the kernels that pick elements along an axis.
#pragma once
#include <stdint.h>

namespace thimble {

// Indices known to the compiler. The operand is [outer][extent][run].
struct Gather {
  int32_t outer, extent, run;
  int32_t count;
  const int32_t* indices;  // [count], each in [0, extent)
};

// Indices computed at run time, from a constant table [outer][extent][run].
struct LookUp {
  int32_t outer, extent, run;
  int32_t count;
  const void* table;
};

}  // namespace thimble
