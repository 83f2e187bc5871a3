// What ops that compute each element of the result from the element at the same place have in common.
#pragma once
#include <string>

#include "compiler/lowering.hpp"

namespace thimble::compiler {

// The layer of a banded kernel that computes each element of the result from the operand's element at the same place,
// reading and writing rows in the order they lie. Its first field is the elements of a row. The caller adds its own
// fields and gives it to Lowering::add.
Layer elementwise_layer(Lowering&, const Node& node, const std::string& kernel, const std::string& header,
                        const std::string& constants_struct);

}  // namespace thimble::compiler
