// f(x), g(x), h(f(x), g(x)) ... -> Table(x)
// For functions of each single element (Relu, Sigmoid, Mul by a number or of two such, QuantizeLinear, DequantizeLinear
// ...) that all follow from one value of a byte with one scale, up to another such value: 256 results, made here.
// Values in between are read by these nodes alone. Not exact: each step is rounded to float32, as ONNX Runtime does.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "compiler/ops/table.hpp"
#include "passes/layer_parts.hpp"
#include "passes/passes.hpp"
#include "passes/quantized_edges.hpp"
#include "passes/rewrite.hpp"

namespace thimble::compiler {

namespace {

bool one_byte(const Value* v) {
  return fits_table(v->type.element, v->type.quantization);
}

bool one_number(const Value* v) {
  return element_count(v->type.shape) == 1 && known_numbers(v);
}

// The operands that vary when each element of the result follows from one element of each of them, and from single
// known numbers; empty for every other node.
std::vector<Value*> varying_operands(const Node& n) {
  const bool elementwise =
      n.inputs.size() == 1 ? n.op->elementwise_unary() || n.op->is_identity() : n.op->channelwise();
  if (!elementwise || n.outputs.size() != 1) return {};
  std::vector<Value*> varying;
  for (Value* v : n.inputs) {
    if (one_number(v)) continue;
    if (v->is_constant() || v->type.shape != n.outputs[0]->type.shape) return {};
    varying.push_back(v);
  }
  return varying;
}

// Stored as the type says and read back.
double through_storage(double v, const TensorType& t) {
  if (!t.quantization) return double(float(v));
  const float scale = t.quantization->scales[0];
  const int zero = t.quantization->zero_points[0];
  const double q = std::clamp(std::nearbyint(double(float(v) / scale)) + zero, lowest(t.element), highest(t.element));
  return double(float(q - zero) * scale);
}

// Nodes that compute `result` from `source`, the last one first.
struct Function {
  std::vector<const Node*> nodes;
  Value* source = nullptr;

  double operator()(double x) const {
    std::map<const Value*, double> made{{source, x}};
    for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
      std::vector<RealTensor> operands;
      for (const Value* v : (*n)->inputs) {
        const auto it = made.find(v);
        operands.push_back(it == made.end() ? *known_numbers(v) : RealTensor{{1}, {it->second}});
      }
      const double y = (*n)->op->eval(operands)[0].values[0];
      // The last result is stored by the table.
      made[(*n)->outputs[0]] = *n == nodes.front() ? y : through_storage(y, (*n)->outputs[0]->type);
    }
    return made.at(nodes.front()->outputs[0]);
  }
};

// The largest function that ends with `last`: grows over the latest value it reads, and is whole wherever it reads one
// value, of a byte.
class Search {
 public:
  Search(const Graph& graph, const std::map<const Node*, size_t>& order) : graph_(graph), order_(order) {}

  Function run(const Node* last) {
    Function whole;
    for (const Node* next = last; next && take(next);) {
      if (read_.size() == 1 && one_byte(*read_.begin())) whole = {nodes_, *read_.begin()};
      next = latest();
    }
    return whole;
  }

 private:
  bool take(const Node* n) {
    const std::vector<Value*> operands = varying_operands(*n);
    if (operands.empty()) return false;
    nodes_.push_back(n);
    read_.erase(n->outputs[0]);
    read_.insert(operands.begin(), operands.end());
    return true;
  }

  // The maker of the value made last; null when others read that too, or it is stored along an axis.
  const Node* latest() const {
    const auto made_at = [&](const Value* v) {
      const auto it = order_.find(v->producer);
      return it == order_.end() ? -1 : int64_t(it->second);
    };
    Value* v = *std::max_element(read_.begin(), read_.end(),
                                 [&](const Value* a, const Value* b) { return made_at(a) < made_at(b); });
    if (made_at(v) < 0 || graph_.is_output(v)) return nullptr;
    if (v->type.quantization && v->type.quantization->per_axis()) return nullptr;
    const auto inside = [&](const Node* n) { return std::find(nodes_.begin(), nodes_.end(), n) != nodes_.end(); };
    const std::vector<Node*> all = readers(graph_, v);
    return std::all_of(all.begin(), all.end(), inside) ? v->producer : nullptr;
  }

  const Graph& graph_;
  const std::map<const Node*, size_t>& order_;
  std::vector<const Node*> nodes_;
  std::set<Value*> read_;
};

}  // namespace

void fuse_tables(Graph& graph, ReportLines&) {
  const std::vector<Node*> nodes = graph.nodes();
  std::map<const Node*, size_t> order;
  for (size_t i = 0; i < nodes.size(); ++i) order[nodes[i]] = i;
  for (auto it = nodes.rbegin(); it != nodes.rend(); ++it) {
    if ((*it)->outputs.size() != 1 || !one_byte((*it)->outputs[0])) continue;
    Value* result = (*it)->outputs[0];
    if (readers(graph, result).empty() && !graph.is_output(result)) continue;  // a later function has it already
    const Function f = Search(graph, order).run(*it);
    if (f.nodes.empty() || (f.nodes.size() == 1 && dynamic_cast<const TableOp*>((*it)->op.get()))) continue;
    replace_by_node(graph, result, make_table(f, f.source->type, storage_of(result->type)), {f.source});
  }
}

}  // namespace thimble::compiler
