// A check that the model tiny_ports computes on this device what it computed when it was compiled.
#pragma once
#include "tiny_ports.hpp"

namespace tiny_ports {

// Runs the model on the recorded input; true when the output is the recorded one.
bool self_test(Model& model);

}  // namespace tiny_ports
