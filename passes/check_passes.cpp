// The comparison behind --check-passes.
#include "passes/check_passes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/interpret.hpp"

namespace thimble::compiler {

namespace {

// A fixed sequence of numbers (xorshift32), so that a failure can be repeated.
class MadeNumbers {
 public:
  uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  double unit() { return double(next()) / 4294967296.0; }  // [0, 1)

 private:
  uint32_t state_ = 2463534242u;
};

// Quantized values and bytes cover their whole range, floats [-1, 1); other integers are 0, for they may be indices.
Tensor made_up(const TensorType& type, MadeNumbers& numbers) {
  TensorType stored = type;
  stored.quantization.reset();
  RealTensor reals{type.shape, {}};
  const bool bytes = type.element == ElementType::int8 || type.element == ElementType::uint8;
  for (int64_t i = 0; i < element_count(type.shape); ++i) {
    const double u = numbers.unit();
    if (type.element == ElementType::float32)
      reals.values.push_back(2 * u - 1);
    else if (type.element == ElementType::boolean)
      reals.values.push_back(u < 0.5);
    else if (type.quantization || bytes)
      reals.values.push_back(std::floor(lowest(type.element) + u * (highest(type.element) - lowest(type.element) + 1)));
    else
      reals.values.push_back(0);
  }
  Tensor made = from_real(reals, stored);
  made.type = type;
  return made;
}

std::optional<std::string> integer_difference(const std::string& name, const Tensor& now, const Tensor& before,
                                              int64_t allowed) {
  for (int64_t i = 0; i < element_count(now.type.shape); ++i) {
    const int64_t a = before.integer(i), b = now.integer(i);
    if (std::llabs(a - b) > allowed)
      return fmt::format("value '{}' moved by {} steps at element {} (from {} to {}), allowed: {}", name,
                         std::llabs(a - b), i, a, b, allowed);
  }
  return {};
}

std::optional<std::string> float_difference(const std::string& name, const Tensor& now, const Tensor& before,
                                            bool exact) {
  const auto a = before.as<float>(), b = now.as<float>();
  double largest = 0;
  for (float v : a)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(double(v)));
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const double tolerance = exact ? 0 : 1e-4 * std::abs(double(a[i])) + 1e-5 * largest;
    if (std::abs(double(a[i]) - double(b[i])) <= tolerance) continue;
    return fmt::format("value '{}' moved at element {} (from {} to {}), allowed: {}", name, i, a[i], b[i], tolerance);
  }
  return {};
}

std::optional<std::string> difference(const std::string& name, const Tensor& now, const Tensor& before, int steps) {
  if (now.type.element == ElementType::float32) return float_difference(name, now, before, steps == 0);
  return integer_difference(name, now, before, now.type.quantization ? steps : 0);
}

}  // namespace

Values complete_inputs(const Graph& graph, const Values& given) {
  Values all = given;
  MadeNumbers numbers;
  for (const Value* v : graph.inputs)
    if (all.count(v->name) == 0) all.emplace(v->name, made_up(v->type, numbers));
  return all;
}

std::optional<std::string> first_difference(const Graph& graph, const Values& inputs, const Values& before, int steps) {
  Values made;
  for (const Value* v : graph.inputs) made.emplace(v->name, Tensor{v->type, inputs.at(v->name).bytes});
  for (const Value* v : graph.values())
    if (v->is_constant()) made.emplace(v->name, *v->constant);
  for (const Node* n : graph.nodes()) {
    std::vector<const Tensor*> operands;
    for (const Value* v : n->inputs) operands.push_back(&made.at(v->name));
    std::vector<Tensor> results = evaluate(*n, operands);
    for (size_t i = 0; i < results.size(); ++i) {
      const std::string& name = n->outputs[i]->name;
      const auto known = before.find(name);
      const bool comparable = known != before.end() && known->second.type == results[i].type;
      if (comparable)
        if (const auto text = difference(name, results[i], known->second, steps)) return text;
      made.emplace(name, comparable ? known->second : std::move(results[i]));
    }
  }
  return {};
}

}  // namespace thimble::compiler
