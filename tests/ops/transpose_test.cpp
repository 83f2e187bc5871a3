// Transpose: its forms, its meaning, its kernel for every order of axes, and when it is a view.
#include "compiler/ops/transpose.hpp"

#include <algorithm>

#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/transpose.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {
const Kernels kernels = {{"transpose", [](const Call& c) {
                            with_element(c.output_element(), [&](auto zero) {
                              using T = decltype(zero);
                              thimble::transpose(constants_of<thimble::Transpose>(c), c.input<T>(0), c.output<T>());
                            });
                          }}};

OpPtr transpose(std::vector<int> permutation) {
  return std::make_shared<TransposeOp>(std::move(permutation));
}
}  // namespace

TEST_CASE("Transpose: perm, or the axes reversed") {
  FakeNode reversed("Transpose", 13);
  CHECK(result_type(reversed.input(floats({2, 3, 4}))).shape == Shape{4, 3, 2});
  FakeNode given("Transpose", 13, {{"perm", std::vector<int64_t>{1, 2, 0}}});
  CHECK(result_type(given.input(floats({2, 3, 4}))).shape == Shape{3, 4, 2});
  FakeNode twice("Transpose", 13, {{"perm", std::vector<int64_t>{1, 1, 0}}});
  CHECK_THROWS_WITH(twice.input(floats({2, 3, 4})).import(), Catch::Contains("perm [1,1,0] is no order of the axes"));
}

TEST_CASE("Transpose moves elements and the quantized axis") {
  const RealTensor x{{2, 3}, {0, 1, 2, 3, 4, 5}};
  CHECK(transpose({1, 0})->eval(std::vector{x})[0].values == std::vector<double>{0, 3, 1, 4, 2, 5});
  const TensorType t{ElementType::int8, {2, 3}, Quantization{{1, 2}, {0, 0}, 0}};
  CHECK(transpose({1, 0})->infer(std::vector{t}, "n")[0].quantization->axis == 1);
}

TEST_CASE("Transpose's kernel agrees with its meaning for every order of axes and every element size") {
  for (size_t rank = 1; rank <= 5; ++rank) {
    Shape shape{2, 3, 1, 4, 5};
    shape.resize(rank);
    std::vector<int> permutation;
    for (size_t i = 0; i < rank; ++i) permutation.push_back(int(i));
    int turn = 0;
    do {
      const ElementType element = std::vector{ElementType::int8, ElementType::float32, ElementType::int16,
                                              ElementType::int64}[size_t(turn++ % 4)];
      check_lowered(one_node(transpose(permutation), {{element, shape, {}}}), kernels, 0);
    } while (std::next_permutation(permutation.begin(), permutation.end()));
  }
}

TEST_CASE("Transpose that moves no byte is a view") {
  CHECK(check_lowered(one_node(transpose({0, 2, 3, 1}), {floats({1, 1, 4, 5})}), kernels, 0).layers.empty());
  Graph g;
  Value* x = g.add_input("x", floats({1, 4, 5, 3}));
  Value* nchw = g.append({transpose({0, 3, 1, 2}), {x}, "a", {"a"}})->outputs[0];
  g.outputs = {g.append({transpose({0, 2, 3, 1}), {nchw}, "b", {"b"}})->outputs[0]};
  CHECK(check_lowered(g, kernels, 0).layers.empty());
}

TEST_CASE("Transpose of nine axes that all move is refused, of eight it is not") {
  const auto reversed = [](int rank) {
    std::vector<int> permutation;
    for (int i = rank; i-- > 0;) permutation.push_back(i);
    return one_node(transpose(permutation), {floats(Shape(size_t(rank), 2))});
  };
  CHECK_THROWS_WITH(lower(reversed(9), "test", plain_target(), {}),
                    Catch::Contains("it reorders 9 axes, the runtime 8 at most"));
  check_lowered(reversed(8), kernels, 0);
}
