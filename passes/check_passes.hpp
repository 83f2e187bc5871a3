// Judges a pass by the interpreter: runs the graph after it, and compares with the values from before it.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

using Values = std::map<std::string, Tensor>;  // by name

// Inputs for every input of the graph: those given, the others made up, the same on every host.
Values complete_inputs(const Graph&, const Values& given);

// Runs `graph` on `inputs` and compares each value with the one of the same name and type in `before`: integers may
// differ by `steps` where they are quantized and not at all where not, floats not at all when steps is 0, else within
// rtol 1e-4 and atol 1e-5 of the largest magnitude in the tensor. Every layer is fed with the values from before, so
// that a difference is judged where it arises, not where later layers have amplified it. Gives the first difference as
// text: "value 'conv1' moved by 3 steps at element 17 (from 5 to 8)".
std::optional<std::string> first_difference(const Graph& graph, const Values& inputs, const Values& before, int steps);

}  // namespace thimble::compiler
