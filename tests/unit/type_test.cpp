// Types, tensors and their conversions.
#include <catch2/catch.hpp>

#include "compiler/error.hpp"
#include "compiler/ir/tensor.hpp"

using namespace thimble::compiler;

TEST_CASE("shapes broadcast as ONNX says") {
  CHECK(broadcast_shape({4, 1}, {3}, "n") == Shape{4, 3});
  CHECK(broadcast_shape({}, {2, 3}, "n") == Shape{2, 3});
  CHECK_THROWS_AS(broadcast_shape({2}, {3}, "n"), Error);
}

TEST_CASE("reals are quantized half to even and saturate") {
  const TensorType type{ElementType::int8, {5}, Quantization{{0.5f}, {-1}}};
  const Tensor t = from_real({{5}, {0.25, 0.75, -0.25, 1000, -1000}}, type);
  CHECK(t.as<int8_t>()[0] == -1);  // 0.5 to even: 0, less 1
  CHECK(t.as<int8_t>()[1] == 1);   // 1.5 to even: 2
  CHECK(t.as<int8_t>()[2] == -1);
  CHECK(t.as<int8_t>()[3] == 127);
  CHECK(t.as<int8_t>()[4] == -128);
  CHECK(to_real(t).values[1] == 1.0);
}

TEST_CASE("per-axis quantization follows its axis") {
  const Tensor t = Tensor::of<int8_t>({2, 2}, {1, 2, 3, 4}, Quantization{{1.0f, 10.0f}, {0, 1}, 0});
  CHECK(to_real(t).values == std::vector<double>{1, 2, 20, 30});
}
