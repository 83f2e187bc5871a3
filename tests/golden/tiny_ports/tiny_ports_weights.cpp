// The weights of the model tiny_ports: 16 bytes.
#include "tiny_ports_weights.hpp"

namespace tiny_ports::weights {

// float32 [1][4]
[[gnu::section(".weights")]] const float weigh_weights[4] = {
    1.0f, 2.0f, 3.0f, 4.0f,
};

}  // namespace tiny_ports::weights
