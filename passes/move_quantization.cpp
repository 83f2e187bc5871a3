// f(DequantizeLinear(a), DequantizeLinear(b)) -> DequantizeLinear(f(a, b))
// QuantizeLinear(f(x, y)) -> f(QuantizeLinear(x), QuantizeLinear(y))
// For f that commutes with storing (Reshape, Transpose, MaxPool, Concat ...), so that the two meet: f then moves bytes
// instead of floats. In the second form f may be a clamp too (Relu, Clip): its limits are rounded as its operand is.
// The first form wants a and b of one type with one scale, and each DequantizeLinear for f alone or all that f makes to
// be quantized again; the second wants f's result for the QuantizeLinear alone. Exact but for a limit half-way between
// steps.
#include <algorithm>

#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

bool all_readers_quantize(const Graph& graph, const Value* value) {
  const auto all = readers(graph, value);
  return !graph.is_output(value) && !all.empty() &&
         std::all_of(all.begin(), all.end(), [](const Node* n) { return quantizes(*n); });
}

// Every real operand comes from a DequantizeLinear, and all of one type but for the shape.
bool dequantized_alike(const Graph& graph, const Node& f) {
  const Value* first = nullptr;
  for (const Value* v : f.inputs) {
    if (!is_real(v->type)) continue;
    const Value* source = quantized_source(v);
    if (!source || source->type.quantization->per_axis()) return false;
    if (!sole_reader(graph, v) && !all_readers_quantize(graph, f.outputs[0])) return false;
    if (first && !(storage_of(first->type) == storage_of(source->type))) return false;
    first = source;
  }
  return first != nullptr;
}

void move_dequantize_down(Graph& graph, const Node& f) {
  std::vector<Value*> operands;
  OpPtr dequantize;
  for (Value* v : f.inputs) {
    Value* source = is_real(v->type) ? quantized_source(v) : nullptr;
    if (source) dequantize = v->producer->op;
    operands.push_back(source ? source : v);
  }
  Value* result = f.outputs[0];
  Node* moved =
      graph.insert_before(result->producer, {f.op, operands, f.name, {graph.unique_name(result->name + "_quantized")}});
  if (moved->outputs[0]->type.quantization) replace_by_node(graph, result, dequantize, {moved->outputs[0]});
}

// Gives the QuantizeLinear nodes made.
std::vector<Node*> move_quantize_up(Graph& graph, const Node& quantize, const Node& f) {
  Value* result = quantize.outputs[0];
  std::vector<Value*> operands;
  std::vector<Node*> made;
  for (Value* v : f.inputs) {
    operands.push_back(v);
    if (!is_real(v->type)) continue;
    made.push_back(graph.insert_before(
        result->producer,
        {quantize.op, {v}, quantize.name, {graph.unique_name(v->name + "_quantized")}, storage_of(result->type)}));
    operands.back() = made.back()->outputs[0];
  }
  const bool computes = !f.op->commutes_with_storing();
  replace_by_node(graph, result, f.op, operands, computes ? std::optional(storage_of(result->type)) : std::nullopt);
  return made;
}

bool movable(const Node& f) {
  return !f.op->is_identity() && f.outputs.size() == 1 && !f.stored_as && is_real(f.outputs[0]->type);
}

}  // namespace

void move_dequantize(Graph& graph, ReportLines&) {
  for (Node* f : graph.nodes())
    if (movable(*f) && f->op->commutes_with_storing() && dequantized_alike(graph, *f)) move_dequantize_down(graph, *f);
}

void move_quantize(Graph& graph, ReportLines&) {
  std::vector<Node*> waiting = graph.nodes();
  while (!waiting.empty()) {
    const Node* quantize = waiting.back();
    waiting.pop_back();
    if (!quantizes(*quantize) || quantize->outputs[0]->type.quantization->per_axis()) continue;
    const Node* f = sole_producer(graph, quantize->inputs[0]);
    if (!f || !movable(*f) || !(f->op->commutes_with_storing() || f->op->clamp_range())) continue;
    const std::vector<Node*> moved = move_quantize_up(graph, *quantize, *f);
    waiting.insert(waiting.end(), moved.begin(), moved.end());
  }
}

}  // namespace thimble::compiler
