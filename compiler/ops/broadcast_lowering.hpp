// Operands of a two-operand layer: their buffers or constant, and how a kernel walks them.
#pragma once
#include <vector>

#include "compiler/lowering.hpp"

namespace thimble::compiler {

struct BroadcastOperands {
  std::vector<Operand> buffers;  // of the operands that are no constants
  int output;
  bool alike;                 // two buffers of the result's shape and layout: no axes are needed
  bool banded;                // by rows; otherwise the kernel takes whole tensors
  std::vector<Field> fields;  // of Broadcast, named "axes.rank" ...; empty when alike
};

// Chooses the result's layout, makes its buffer and asks for the operands.
BroadcastOperands lower_broadcast(Lowering&, const Node& node);

}  // namespace thimble::compiler
