// Constants of the kernel that looks each byte up in a table.
#pragma once
#include <stdint.h>

namespace thimble {

struct Table {
  int32_t row_elements;
  const uint8_t* values;  // 256 results, indexed by the operand's bits taken as an unsigned byte
};

}  // namespace thimble
