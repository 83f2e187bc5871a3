// Layers with weights and a bias (Conv, Gemm), seen alike.
#pragma once
#include <optional>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

// The numbers of a constant, or of a DequantizeLinear of one; nullopt for every other value.
std::optional<RealTensor> known_numbers(const Value*);

// A Conv or Gemm that sums into N output channels.
struct LayerParts {
  OpPtr op_with_bias;        // the same op with operand 2
  size_t result_axis;        // of the output channels in the result
  size_t weight_axis;        // of the output channels in operand 1
  int64_t channels;          // N
  ClampRange clamp;          // that it clips its result to itself
  std::vector<double> bias;  // N numbers, 0 without one
};
// nullopt for every other node, and for a bias that is not known or not one number a channel.
std::optional<LayerParts> layer_parts(const Node&);

}  // namespace thimble::compiler
