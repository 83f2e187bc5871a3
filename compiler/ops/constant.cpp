// Constant, ConstantOfShape, Range and Shape become constant values: they are no ops of the graph.
#include <algorithm>
#include <cmath>

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

namespace {
// More than any model for a microcontroller computes with.
constexpr int64_t most_elements = int64_t(1) << 26;
}  // namespace

// The same number everywhere: the attribute's only element, or a float32 0.
void import_constant_of_shape(ImportNode& n) {
  const auto shape = n.constant_integers(0, "the shape");
  if (!shape) throw n.error("it has no shape operand", "Give one.");
  for (int64_t extent : *shape)
    if (extent < 1) throw n.error(fmt::format("an extent of its shape is {}", extent), "Give positive extents.");
  const int64_t count = element_count(*shape);
  if (count > most_elements)
    throw n.error(fmt::format("it makes {} elements, {} are the most", count, most_elements), "Make it smaller.");
  const Tensor value = n.tensor("value").value_or(Tensor::of<float>({1}, {0}));
  if (element_count(value.type.shape) != 1)
    throw n.error(fmt::format("its value has {} elements", element_count(value.type.shape)), "Give one.");
  Tensor filled{{value.type.element, *shape, {}}, {}};
  for (int64_t i = 0; i < count; ++i) filled.bytes.insert(filled.bytes.end(), value.bytes.begin(), value.bytes.end());
  n.bind(0, n.constant(std::move(filled)));
}

// start, start + delta, ... before limit.
void import_range(ImportNode& n) {
  double bounds[3];
  const char* names[] = {"the start", "the limit", "the delta"};
  for (size_t i : {0, 1, 2}) {
    const auto values = n.constant_reals(i, names[i]);
    if (!values || values->size() != 1)
      throw n.error(fmt::format("{} is not one number", names[i]), "Give one number.");
    bounds[i] = values->front();
  }
  const double count = std::ceil((bounds[1] - bounds[0]) / bounds[2]);
  if (!(count >= 1 && count <= double(most_elements)))
    throw n.error(fmt::format("from {} to {} by {} it makes {} elements", bounds[0], bounds[1], bounds[2], count),
                  fmt::format("Make it 1 to {}.", most_elements));
  RealTensor made{{int64_t(count)}, {}};
  for (int64_t i = 0; i < int64_t(count); ++i) made.values.push_back(bounds[0] + double(i) * bounds[2]);
  n.bind(0, n.constant(from_real(made, {n.required_input(0)->type.element, made.shape, {}})));
}

}  // namespace thimble::compiler
