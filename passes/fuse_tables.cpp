// f(g(... (x))) -> Table(x)
// For functions of each single element (Relu, Sigmoid, Mul by a number, QuantizeLinear, DequantizeLinear ...) between
// two values of one byte with one scale each: 256 results, made here. Values in between are read by the chain alone.
// Not exact: each step is rounded to float32, as ONNX Runtime does.
#include <algorithm>
#include <cmath>

#include "compiler/ops/table.hpp"
#include "passes/layer_parts.hpp"
#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

// The operand of which `n` is a function of single elements: of an op of one operand, or of an affine one (Add, Mul
// ...) whose other operands are single known numbers. Null otherwise.
Value* varying_operand(const Node& n) {
  if (n.outputs.size() != 1) return nullptr;
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    const bool unary = n.inputs.size() == 1 && (n.op->elementwise_unary() || n.op->is_identity());
    bool single = unary || n.op->affine_in(i);
    for (size_t k = 0; k < n.inputs.size() && single; ++k)
      single = k == i || (element_count(n.inputs[k]->type.shape) == 1 && known_numbers(n.inputs[k]));
    if (single && !n.inputs[i]->is_constant() && n.inputs[i]->type.shape == n.outputs[0]->type.shape)
      return n.inputs[i];
  }
  return nullptr;
}

bool one_byte(const Value* v) {
  return fits_table(v->type.element, v->type.quantization);
}

bool one_scale(const Value* v) {
  return !v->type.quantization || !v->type.quantization->per_axis();
}

// The nodes of the longest chain that ends with `last` and starts behind a value of one byte; the first comes last.
std::vector<const Node*> chain_to(const Graph& graph, const Node* last) {
  std::vector<const Node*> chain;
  size_t closed = 0;  // nodes of the longest part that starts behind a value of one byte
  for (const Node* n = last; n && one_scale(n->outputs[0]);) {
    const Value* operand = varying_operand(*n);
    if (!operand) break;
    chain.push_back(n);
    if (one_byte(operand)) closed = chain.size();
    n = sole_producer(graph, operand);
  }
  chain.resize(closed);
  return chain;
}

// Stored as the type says and read back.
double through_storage(double v, const TensorType& t) {
  if (!t.quantization) return double(float(v));
  const float scale = t.quantization->scales[0];
  const int zero = t.quantization->zero_points[0];
  const double q = std::clamp(std::nearbyint(double(float(v) / scale)) + zero, lowest(t.element), highest(t.element));
  return double(float(q - zero) * scale);
}

double apply(const std::vector<const Node*>& chain, double v) {
  for (auto n = chain.rbegin(); n != chain.rend(); ++n) {
    const Value* varying = varying_operand(**n);
    std::vector<RealTensor> operands;
    for (const Value* operand : (*n)->inputs)
      operands.push_back(operand == varying ? RealTensor{{1}, {v}} : *known_numbers(operand));
    v = (*n)->op->eval(operands)[0].values[0];
    if (*n != chain.front()) v = through_storage(v, (*n)->outputs[0]->type);
  }
  return v;
}

}  // namespace

void fuse_tables(Graph& graph, ReportLines&) {
  const std::vector<Node*> nodes = graph.nodes();
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    if ((*it)->outputs.size() != 1 || !one_byte((*it)->outputs[0])) continue;
    Value* result = (*it)->outputs[0];
    if (readers(graph, result).empty() && !graph.is_output(result)) continue;  // a later chain has it already
    const std::vector<const Node*> chain = chain_to(graph, *it);
    if (chain.empty() || (chain.size() == 1 && dynamic_cast<const TableOp*>((*it)->op.get()))) continue;
    Value* start = varying_operand(*chain.back());
    const auto f = [&](double v) { return apply(chain, v); };
    replace_by_node(graph, result, make_table(f, start->type, storage_of(result->type)), {start});
  }
}

}  // namespace thimble::compiler
