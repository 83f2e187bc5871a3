// The weights of the model tiny_table: 163 bytes.
#include "tiny_table_weights.hpp"

namespace tiny_table::weights {

// int8 [3]
alignas(4) const int8_t block_first_weights[3] = {
    3, -7, 11,
};

// float32 [2][20], a row for each output
const float head_weights[40] = {
    -0.5f, 0.3125f, 0.0625f, -0.1875f, -0.4375f, 0.375f, 0.125f, -0.125f, -0.375f, 0.4375f, 0.1875f, -0.0625f, -0.3125f,
    0.5f, 0.25f, 0.0f, -0.25f, -0.5f, 0.3125f, 0.0625f, -0.1875f, -0.4375f, 0.375f, 0.125f, -0.125f, -0.375f, 0.4375f,
    0.1875f, -0.0625f, -0.3125f, 0.5f, 0.25f, 0.0f, -0.25f, -0.5f, 0.3125f, 0.0625f, -0.1875f, -0.4375f, 0.375f,
};

}  // namespace tiny_table::weights
