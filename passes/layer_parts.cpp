// Conv and Gemm seen as weights and one bias for each output channel.
#include "passes/layer_parts.hpp"

#include "compiler/ops/conv.hpp"
#include "compiler/ops/gemm.hpp"
#include "passes/quantized_edges.hpp"

namespace thimble::compiler {

std::optional<RealTensor> known_numbers(const Value* v) {
  if (v->is_constant()) return to_real(*v->constant);
  const Value* source = quantized_source(v);
  if (source && source->is_constant()) return to_real(*source->constant);
  return {};
}

std::optional<LayerParts> layer_parts(const Node& n) {
  LayerParts parts;
  if (const auto* conv = dynamic_cast<const Conv*>(n.op.get())) {
    parts = {conv->with_bias(), 1, 0, n.inputs[1]->type.shape[0], conv->clamp(), {}};
  } else if (const auto* gemm = dynamic_cast<const Gemm*>(n.op.get())) {
    if (gemm->gemm().alpha != 1 || (gemm->has_bias() && gemm->gemm().beta != 1)) return {};
    parts = {gemm->with_bias(),
             n.outputs[0]->type.shape.size() - 1,
             gemm->gemm().trans_b ? 0u : 1u,
             gemm->outputs(n.inputs[1]->type),
             gemm->clamp(),
             {}};
  } else {
    return {};
  }
  parts.bias.assign(size_t(parts.channels), 0);
  if (n.inputs.size() < 3) return parts;
  const auto bias = known_numbers(n.inputs[2]);
  if (!bias) return {};
  if (bias->values.size() == 1)
    parts.bias.assign(size_t(parts.channels), bias->values[0]);
  else if (int64_t(bias->values.size()) == parts.channels && bias->shape.back() == parts.channels)
    parts.bias = bias->values;
  else
    return {};
  return parts;
}

}  // namespace thimble::compiler
