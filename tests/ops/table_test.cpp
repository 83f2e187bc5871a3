// Table: 256 results, looked up by the bits of int8 and uint8.
#include "compiler/ops/table.hpp"

#include <cmath>

#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/table.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {
const Kernels kernels = {
    {"table", [](const Call& c) { thimble::table(constants_of<thimble::Table>(c), c.in[0], c.out, c.y0, c.y1); }}};
double square(double x) {
  return x * x;
}
}  // namespace

TEST_CASE("table values are ONNX Runtime's: float32, half to even, saturated") {
  const TableValues t = table_values(square, int8s({}, 0.1f, 3), {ElementType::int8, {{0.02f}, {-100}}});
  for (int q = -128; q < 128; ++q) {
    const float x = float(q - 3) * 0.1f;
    const double y = std::nearbyint(float(double(x) * double(x)) / 0.02f) - 100;
    CHECK(int8_t(t[uint8_t(q)]) == int8_t(std::min(y, 127.0)));
  }
}

TEST_CASE("a function outside its domain gives the zero point") {
  const TableValues t =
      table_values([](double x) { return std::sqrt(x); }, int8s({}, 1, 0), {ElementType::int8, {{1}, {-5}}});
  CHECK(int8_t(t[uint8_t(-4)]) == -5);
  CHECK(int8_t(t[4]) == -3);
}

TEST_CASE("a table is the same as a layer and in the interpreter, for int8 and uint8") {
  for (ElementType in : {ElementType::int8, ElementType::uint8})
    for (ElementType out : {ElementType::int8, ElementType::uint8}) {
      const TensorType x{in, {1, 500}, Quantization{{0.1f}, {3}}};
      const OpPtr op = make_table(square, x, {out, {{0.7f}, {100}}});
      const Program p = check_lowered(one_node(op, {x}), kernels, 0);
      REQUIRE(p.layers.size() == 1);
      CHECK(p.constants.at(0).bytes.size() == 256);
    }
}

TEST_CASE("a table made for one type refuses another") {
  const OpPtr op = make_table(square, int8s({}, 0.1f, 3), {ElementType::int8, {{0.02f}, {-100}}});
  CHECK_THROWS_AS(one_node(op, {int8s({2}, 0.1f, 4)}), InternalError);
}
