// MatMul: ranks and batches, and its kernels against its meaning.
#include "compiler/ops/matmul.hpp"

#include "dense_kernels.hpp"
#include "fake_node.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

struct Case {
  Shape a, b, result;
};
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {{2, 3}, {3, 4}, {2, 4}},
      {{3}, {3, 4}, {4}},
      {{2, 3}, {3}, {2}},
      {{5}, {5}, {}},
      {{7, 2, 3}, {3, 4}, {7, 2, 4}},
      {{2, 5, 3}, {2, 3, 6}, {2, 5, 6}},
      {{2, 5, 3}, {3}, {2, 5}},
      {{3}, {2, 3, 6}, {2, 6}},
      {{2, 1, 5, 3}, {4, 3, 6}, {2, 4, 5, 6}},
      {{4, 5, 3}, {2, 1, 3, 1}, {2, 4, 5, 1}},
      {{5, 3}, {2, 2, 3, 9}, {2, 2, 5, 9}},
  };
  return all;
}

}  // namespace

TEST_CASE("MatMul: shapes of every rank") {
  for (const Case& c : cases()) {
    FakeNode node("MatMul", 13);
    CHECK(result_type(node.input(floats(c.a)).input(floats(c.b))) == floats(c.result));
  }
}

TEST_CASE("MatMul by one matrix is a Gemm") {
  FakeNode matrix("MatMul", 9);
  CHECK(matrix.input(floats({2, 5, 3})).input(floats({3, 4})).import().nodes()[0]->op->name() == "Gemm");
  FakeNode batch("MatMul", 9);
  CHECK(batch.input(floats({2, 5, 3})).input(floats({2, 3, 4})).import().nodes()[0]->op->name() == "MatMul");
}

TEST_CASE("MatMul refuses what does not fit, with both numbers") {
  FakeNode inner("MatMul", 13);
  CHECK_THROWS_WITH(inner.input(floats({2, 2, 3})).input(floats({2, 4, 5})).import(),
                    Catch::Contains("a row of A has 3 elements, a column of B 4"));
  FakeNode batch("MatMul", 13);
  CHECK_THROWS(batch.input(floats({2, 2, 3})).input(floats({3, 3, 5})).import());
  FakeNode empty("MatMul", 13);
  CHECK_THROWS_WITH(empty.input(floats({2, 2, 0})).input(floats({2, 0, 5})).import(), Catch::Contains("0 elements"));
  FakeNode scalar("MatMul", 13);
  CHECK_THROWS_WITH(scalar.input(floats({})).input(floats({3, 3, 5})).import(), Catch::Contains("A has 0 dimensions"));
}

TEST_CASE("MatMul's meaning") {
  const auto out =
      MatMul().eval(std::vector<RealTensor>{{{2, 1, 2}, {1, 2, 3, 4}}, {{2, 2, 2}, {1, 0, 0, 1, 2, 0, 0, 3}}});
  CHECK(out[0].shape == Shape{2, 1, 2});
  CHECK(out[0].values == std::vector<double>{1, 2, 6, 12});
}

TEST_CASE("float MatMul equals its meaning, with either operand constant or none") {
  std::mt19937 random(3);
  for (const Case& c : cases()) {
    FakeNode activations("MatMul", 13);
    check_lowered(activations.input(floats(c.a)).input(floats(c.b)).import(), product_kernels(), 1e-6);
    FakeNode right("MatMul", 13);
    check_lowered(right.input(floats(c.a)).constant_input(random_tensor(floats(c.b), random)).import(),
                  product_kernels(), 1e-6);
    FakeNode left("MatMul", 13);
    check_lowered(left.constant_input(random_tensor(floats(c.a), random)).input(floats(c.b)).import(),
                  product_kernels(), 1e-6);
  }
  const OpPtr clipped = MatMul().with_clamp({0, 3});
  check_lowered(one_node(clipped, {floats({2, 5, 3}), floats({2, 3, 6})}), product_kernels(), 1e-6);
}

TEST_CASE("int8 MatMul, with any zero points") {
  const Storage stored{ElementType::int8, {{0.31f}, {-4}}};
  for (const Case& c : cases()) {
    const TensorType a = int8s(c.a, 0.03f, 9), b = int8s(c.b, 0.02f, -11);
    REQUIRE(MatMul().integer_form(std::vector<TensorType>{a, b}, stored));
    check_lowered(one_node(std::make_shared<MatMul>(), {a, b}, stored), product_kernels(), 1);
  }
  CHECK_FALSE(MatMul().integer_form(std::vector<TensorType>{floats({2, 2, 2}), int8s({2, 2, 2}, 1, 0)}, stored));
}
