// Comparisons, And, Or, Not, Where: their meaning, and that they only fold.
#include "fake_node.hpp"
#include "layer_runner.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

std::vector<double> folded(const std::string& name, const std::vector<Tensor>& operands) {
  FakeNode n(name, 16);
  for (const Tensor& t : operands) n.constant_input(t);
  Graph& g = n.import();
  return to_real(interpret(g, {}).at("y")).values;
}

Tensor numbers(const std::vector<int64_t>& values) {
  return shape_operand(values);
}
const Tensor truths{{ElementType::boolean, {2}, {}}, {std::byte(1), std::byte(0)}};

}  // namespace

TEST_CASE("comparisons and logic compute what they say, operands broadcast") {
  const Tensor a = numbers({1, 2, 3}), two = numbers({2});
  CHECK(folded("Equal", {a, two}) == std::vector<double>{0, 1, 0});
  CHECK(folded("Less", {a, two}) == std::vector<double>{1, 0, 0});
  CHECK(folded("LessOrEqual", {a, two}) == std::vector<double>{1, 1, 0});
  CHECK(folded("Greater", {a, two}) == std::vector<double>{0, 0, 1});
  CHECK(folded("GreaterOrEqual", {a, two}) == std::vector<double>{0, 1, 1});
  CHECK(folded("Not", {truths}) == std::vector<double>{0, 1});
  CHECK(folded("And", {truths, truths}) == std::vector<double>{1, 0});
  CHECK(folded("Or", {truths, truths}) == std::vector<double>{1, 0});
}

TEST_CASE("Where chooses element by element, along all axes") {
  CHECK(folded("Where", {truths, numbers({1, 2}), numbers({9})}) == std::vector<double>{1, 9});
  const Tensor column = Tensor::of<int64_t>({2, 1}, {5, 6});
  CHECK(folded("Where", {truths, column, numbers({0})}) == std::vector<double>{5, 0, 6, 0});
  FakeNode mixed("Where", 16);
  CHECK_THROWS_WITH(mixed.constant_input(truths).input(floats({2})).constant_input(numbers({1, 2})).import(),
                    Catch::Contains("it chooses between float32[2] and int64[2]"));
}

TEST_CASE("logic at run time is refused by name") {
  FakeNode n("Less", 16);
  CHECK_THROWS_WITH(lower(n.input(floats({2})).input(floats({2})).import(), "t", plain_target(), {}),
                    Catch::Contains("Less of values computed at run time has no kernel"));
}
