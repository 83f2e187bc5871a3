// The weights of the model tiny_dense.
#pragma once
#include <stdint.h>

namespace tiny_dense::weights {

extern const float dense_weights[6];
extern const float dense_bias[2];

}  // namespace tiny_dense::weights
