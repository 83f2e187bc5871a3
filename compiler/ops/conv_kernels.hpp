// Picks the kernel of a convolution and packs its constants.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "compiler/lowering.hpp"
#include "thimble/conv.pack.hpp"
#include "thimble/conv_float.pack.hpp"

namespace thimble::compiler {

// An int8 convolution with all that the choice of its kernel may depend on.
struct IntegerConv {
  std::string name;  // the node's, for the names of constants
  ConvShape shape;   // with the output stage
  int32_t out_height;
  std::vector<int8_t> weights;  // [out_channels][group_in_channels][kernel_height][kernel_width]
  std::vector<int32_t> bias;    // in_zero_point * sum of the weights is taken off
  std::vector<int32_t> multipliers;
  Layout in = Layout::nhwc;               // how the operand lies: as planes only where Conv::planes_border
  Layout out = Layout::nhwc;              // how the result has to lie
  int32_t in_border = 0, out_border = 0;  // of planes
};

struct FloatConv {
  std::string name;
  ConvFloatShape shape;
  int32_t out_height;
  std::vector<float> weights;  // [out_channels][group_in_channels][kernel_height][kernel_width]
  std::vector<float> bias;
  float low, high;
};

void set_output_stage(ConvShape&, const OutputStage&);

// An array of `values` as they lie in flash.
template <class T>
ConstantArray constant_of(std::string name, std::string comment, const std::vector<T>& values) {
  ConstantArray c{std::move(name), std::move(comment), element_type_of<T>(),
                  std::vector<std::byte>(values.size() * sizeof(T))};
  std::memcpy(c.bytes.data(), values.data(), c.bytes.size());
  return c;
}

// The forms of the layer but for its name, buffers and MACs, the first one safe; inputs hold what may be overwritten, or
// nothing. The note of each says what it is. Every int8 kernel gives the same bytes.
std::vector<Layer> conv_alternatives(Lowering&, const IntegerConv&);
std::vector<Layer> conv_alternatives(Lowering&, const FloatConv&);

}  // namespace thimble::compiler
