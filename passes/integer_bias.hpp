// The bias of a Conv or Gemm as the integer layer adds it to its sums.
#pragma once
#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

// Operand 2 of `layer`, whose operands 0 and 1 come from DequantizeLinear, as an int32 constant in units of input scale
// * weight scale: the one that it was dequantized from, or a new one, off by half a unit at most, for a float32
// constant and other units. Null where there is no such bias: none at all, not constant, or beyond int32.
Value* integer_bias(Graph&, const Node& layer);

}  // namespace thimble::compiler
