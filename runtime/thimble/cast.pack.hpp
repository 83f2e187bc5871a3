// Constants of the kernel that changes the type of numbers.
#pragma once
#include <stdint.h>

namespace thimble {

struct Cast {
  int32_t elements;
  int32_t to_boolean;  // 1: 0 stays 0, all else becomes 1
};

}  // namespace thimble
