// The kernels for cores with the DSP extension and with Helium: which convolutions they take, and how those lower.
#pragma once
#include <optional>

#include "compiler/ops/conv_kernels.hpp"
#include "thimble/arch/dsp_conv.pack.hpp"

namespace thimble::compiler {

// As conv_alternatives, for features().dsp; none where the portable kernel has to do.
std::vector<Layer> dsp_conv_alternatives(Lowering&, const IntegerConv&);

// The form of a convolution without groups that takes least code, for features().dsp.
Layer small_dsp_conv(Lowering&, const IntegerConv&);

// The kernel for features().mve; nothing where others have to do.
std::optional<Layer> choose_mve_conv(Lowering&, const IntegerConv&);

// The shape of a dense convolution in the kernels' terms, and as fields.
ConvDspShape dsp_shape(const IntegerConv&);
std::vector<Field> dsp_shape_fields(const IntegerConv&);

// Whether the kernel for a convolution of this shape can write its result as planes.
bool dsp_writes_planes(const ConvShape&);

// The border of planes that a convolution of this shape needs around its operand; 0: no kernel reads it from planes.
int32_t dsp_planes_border(const ConvShape&);

}  // namespace thimble::compiler
