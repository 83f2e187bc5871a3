// Constant and Shape become constant values: they are no ops of the graph.
#include <algorithm>

#include "compiler/import_node.hpp"

namespace thimble::compiler {

void import_constant(ImportNode& n) {
  for (const char* attribute : {"value", "value_float", "value_floats", "value_int", "value_ints"})
    if (auto tensor = n.tensor(attribute)) return n.bind(0, n.constant(std::move(*tensor)));
  throw n.error("it holds no numbers", "Strings and sparse tensors are not supported: store a dense tensor.");
}

// Opset 15 and above: the dimensions from `start` to before `end`, both counted from the end when negative and clamped.
void import_shape(ImportNode& n) {
  const Shape shape = n.required_input(0)->type.shape;
  const int64_t rank = int64_t(shape.size());
  const auto position = [&](int64_t p) { return std::clamp<int64_t>(p < 0 ? p + rank : p, 0, rank); };
  const int64_t start = position(n.integer("start", 0)), end = position(n.integer("end", rank));
  std::vector<int64_t> taken;
  if (start < end) taken.assign(shape.begin() + start, shape.begin() + end);
  n.bind(0, n.constant(Tensor::of<int64_t>({int64_t(taken.size())}, taken)));
}

}  // namespace thimble::compiler
