// Conv(Pad(x)) -> Conv(x), its pads larger
// AveragePool(Pad(x)) -> AveragePool(x), its pads larger and counted
// For a Pad with zeros at the borders of spatial axes alone: on quantized values those are the zero point, which is
// what a convolution's own taps outside carry. The pool has no pads of its own. A window still reaches the image.
// Exact.
#include <algorithm>

#include "compiler/ops/conv.hpp"
#include "compiler/ops/pad.hpp"
#include "compiler/ops/pool.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

using Extents = std::vector<int64_t>;

bool none(const Extents& pads) {
  return std::all_of(pads.begin(), pads.end(), [](int64_t p) { return p == 0; });
}

Extents spatial(const Extents& axes) {
  return {axes.begin() + 2, axes.end()};
}

Extents sum(Extents a, const Extents& b) {
  std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::plus<>());
  return a;
}

// Zeros around images, nothing cut off.
bool is_border(const PadOp& pad) {
  const auto fits = [](const Extents& p) {
    return p.size() >= 3 && p[0] == 0 && p[1] == 0 && std::all_of(p.begin(), p.end(), [](int64_t n) { return n >= 0; });
  };
  return pad.mode() == PadMode::constant && pad.value() == 0 && fits(pad.before()) && fits(pad.behind());
}

// Pads less than what a window spans, so that no window lies outside altogether.
bool reaches_image(const Extents& begin, const Extents& end, const Extents& kernel, const Extents& dilations) {
  for (size_t i = 0; i < begin.size(); ++i)
    if (std::max(begin[i], end[i]) > (kernel[i] - 1) * dilations[i]) return false;
  return true;
}

// The reader of the padded value with the border inside; null when it cannot have it.
OpPtr with_border(const Node& reader, const PadOp& pad) {
  const Extents before = spatial(pad.before()), behind = spatial(pad.behind());
  if (const auto* conv = dynamic_cast<const Conv*>(reader.op.get())) {
    const Extents begin = sum(before, conv->conv().pads_begin), end = sum(behind, conv->conv().pads_end);
    if (!reaches_image(begin, end, spatial(reader.inputs[1]->type.shape), conv->conv().dilations)) return nullptr;
    return conv->with_pads(begin, end);
  }
  if (const auto* op = dynamic_cast<const Pool*>(reader.op.get())) {
    PoolAttributes pool = op->pool();
    if (op->kind() != PoolKind::average || pool.ceil_mode || !none(pool.pads_begin) || !none(pool.pads_end) ||
        !reaches_image(before, behind, pool.kernel, pool.dilations))
      return nullptr;
    pool.pads_begin = before;
    pool.pads_end = behind;
    pool.count_include_pad = true;
    return std::make_shared<Pool>(op->kind(), pool, op->clamp());
  }
  return nullptr;
}

}  // namespace

void fold_pad(Graph& graph, ReportLines&) {
  for (Node* node : graph.nodes()) {
    const Node* producer = node->inputs.empty() ? nullptr : node->inputs[0]->producer;
    const auto* pad = producer ? dynamic_cast<const PadOp*>(producer->op.get()) : nullptr;
    if (!pad || !is_border(*pad) || producer->stored_as) continue;
    const OpPtr op = with_border(*node, *pad);
    if (!op) continue;
    std::vector<Value*> operands = node->inputs;
    operands[0] = producer->inputs[0];
    replace_by_node(graph, node->outputs[0], op, operands, node->stored_as);
  }
}

}  // namespace thimble::compiler
