// The table of passes, and the loop that runs it.
#include "passes/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/error.hpp"
#include "compiler/interpret.hpp"
#include "passes/check_passes.hpp"
#include "passes/passes.hpp"

namespace thimble::compiler {

namespace {

constexpr Pass table[] = {
    {"fold_constants", fold_constants, true, "shape arithmetic vanishes before any other pass looks at operands"},
    {"merge_moves", merge_moves, true, "activations meet the layers behind a Reshape or Transpose"},
    {"remove_noops", remove_noops, true,
     "what is left of merged moves, casts and identities is in every other pass's way"},
    {"common_subexpressions", common_subexpressions, true, "one reader less for values that later passes want to own"},
    {"fold_pad", fold_pad, true, "a convolution knows what lies outside: no padded copy is made"},
    {"fold_affine", fold_affine, false, "normalization and bias cost nothing inside the layer before them"},
    {"fuse_clamp", fuse_clamp, true, "an activation costs nothing in the layer that makes its operand"},
    {"move_dequantize", move_dequantize, true, "moving bytes is cheaper than moving floats"},
    {"move_quantize", move_quantize, false, "a QuantizeLinear meets the layer whose result it stores"},
    {"drop_clamps", drop_clamps, true, "a range that the quantized type implies need not be computed"},
    {"cancel_requantization", cancel_requantization, true, "nothing is left where the two above have met"},
    {"absorb_quantization", absorb_quantization, false, "this makes the integer layers"},
    {"fold_pad", fold_pad, true, "pads of quantized values, which met their layer just now"},
    {"fuse_clamp", fuse_clamp, true, "clamps that have become integer layers behind one of the same type"},
    {"fuse_tables", fuse_tables, false, "elementwise functions that no layer took, between bytes; rescales too"},
    {"constant_channels", constant_channels, true, "what integer layers compute for nothing is known now"},
    {"fold_all_constants", fold_all_constants, false, "what no integer layer took is read as float"},
    {"common_subexpressions", common_subexpressions, true, "the passes above may have made equal nodes"},
};

void check_name(std::span<const Pass> passes, const std::string& name) {
  if (name.empty()) return;
  std::vector<std::string> known;
  for (const Pass& p : passes) {
    if (name == p.name) return;
    if (std::find(known.begin(), known.end(), p.name) == known.end()) known.push_back(p.name);
  }
  throw Error("--dump-after", "there is no pass '" + name + "'",
              fmt::format("The passes are: {}.", fmt::join(known, ", ")));
}

}  // namespace

std::span<const Pass> pipeline() {
  return table;
}

ReportLines run_passes(Graph& graph, std::span<const Pass> passes, const PipelineOptions& options) {
  check_name(passes, options.dump_after);
  ReportLines lines;
  verify(graph);
  Values inputs, before;
  if (options.check_passes) {
    inputs = complete_inputs(graph, options.check_inputs);
    before = interpret(graph, inputs);
  }
  for (const Pass& pass : passes) {
    pass.run(graph, lines);
    graph.sweep();
    verify(graph);
    if (options.dump && options.dump_after == pass.name) options.dump(print(graph));
    if (!options.check_passes) continue;
    if (const auto moved = first_difference(graph, inputs, before, pass.exact ? 0 : 1))
      throw InternalError(fmt::format("pass {}: {}", pass.name, *moved));
    before = interpret(graph, inputs);
  }
  return lines;
}

ReportLines run_pipeline(Graph& graph, const PipelineOptions& options) {
  return run_passes(graph, pipeline(), options);
}

}  // namespace thimble::compiler
