// The weights of the model tiny_dense: 32 bytes.
#include "tiny_dense_weights.hpp"

namespace tiny_dense::weights {

// float32 [2][3]
const float dense_weights[6] = {
    1.0f, 0.1f, -2.5f, 1e-07f, 16777216.0f, 3.0f,
};

// float32 [2]
const float dense_bias[2] = {
    -1.0f, 0.25f,
};

}  // namespace tiny_dense::weights
