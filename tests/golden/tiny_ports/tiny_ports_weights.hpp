// The weights of the model tiny_ports.
#pragma once
#include <stdint.h>

namespace tiny_ports::weights {

extern const float weigh_weights[4];

}  // namespace tiny_ports::weights
