// The weights of the model tiny_table.
#pragma once
#include <stdint.h>

namespace tiny_table::weights {

alignas(4) extern const int8_t block_first_weights[3];
extern const float head_weights[40];

}  // namespace tiny_table::weights
