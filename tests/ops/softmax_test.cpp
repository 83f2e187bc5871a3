// Softmax: its forms, its meaning, and its kernels; the integer form against float arithmetic rounded as ONNX Runtime
// does.
#include "compiler/ops/softmax.hpp"

#include <cmath>

#include "compiler/ops/pool.hpp"
#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/pool.hpp"
#include "thimble/softmax.hpp"
#include "thimble/transpose.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

using thimble::PoolShape;
using thimble::SoftmaxShape;

const Kernels kernels = {
    {"softmax",
     [](const Call& c) {
       thimble::softmax(constants_of<thimble::Softmax<SoftmaxShape>>(c), c.in[0], c.out, c.y0, c.y1);
     }},
    {"softmax_f32",
     [](const Call& c) {
       const Field* f = c.layer.shape.data();
       const auto extent = [&](size_t i) { return int32_t(std::get<int64_t>(f[i].value)); };
       thimble::softmax_f32(thimble::SoftmaxF32<SoftmaxShape>{{extent(0), extent(1), extent(2)}}, c.in[0], c.out, c.y0,
                            c.y1);
     }},
    {"max_pool_f32",
     [](const Call& c) {
       thimble::max_pool_f32(constants_of<thimble::MaxPoolF32<PoolShape>>(c), c.in[0], c.out, c.y0, c.y1);
     }},
    {"transpose",
     [](const Call& c) {
       thimble::transpose(constants_of<thimble::Transpose>(c), c.input<float>(0), c.output<float>());
     }},
};

const Storage of_256{ElementType::int8, {{1.0f / 256}, {-128}}};

OpPtr softmax(int first, int last) {
  return std::make_shared<Softmax>(first, last);
}

Softmax imported(int64_t opset, Shape shape, std::map<std::string, Attribute> attributes = {}) {
  FakeNode node("Softmax", opset, std::move(attributes));
  return dynamic_cast<const Softmax&>(*node.input(floats(std::move(shape))).import().nodes()[0]->op);
}

}  // namespace

TEST_CASE("Softmax spans one axis from opset 13 on, and all axes from one on before") {
  CHECK(imported(13, {2, 3, 4}).attributes() == "axis=2");
  CHECK(imported(13, {2, 3, 4}, {{"axis", int64_t(1)}}).attributes() == "axis=1");
  CHECK(imported(11, {2, 3, 4}).attributes() == "axes=1..2");
  CHECK(imported(11, {2, 3, 4}, {{"axis", int64_t(-1)}}).attributes() == "axis=2");
  CHECK(imported(7, {2, 3, 4}, {{"axis", int64_t(0)}}).attributes() == "axes=0..2");
}

TEST_CASE("Softmax refuses what it cannot do") {
  CHECK_THROWS_WITH(imported(13, {2, 3}, {{"axis", int64_t(2)}}), Catch::Contains("2"));
  CHECK_THROWS_WITH(imported(11, {2, 3}, {{"axis", int64_t(2)}}), Catch::Contains("axis is 2, the input has 2"));
  CHECK_THROWS_WITH(imported(13, {}), Catch::Contains("scalar"));
  FakeNode integers("Softmax", 13);
  CHECK_THROWS_WITH(integers.input({ElementType::int32, {3}, {}}).import(), Catch::Contains("the input is int32"));
  FakeNode empty("Softmax", 13);
  CHECK_THROWS_WITH(empty.input(floats({0, 3})).import(), Catch::Contains("0 elements"));
}

TEST_CASE("Softmax's meaning") {
  const auto out = Softmax(1, 1).eval(std::vector<RealTensor>{{{1, 2, 2}, {0, 1000, std::log(3.0), 1000}}})[0];
  CHECK(out.values[0] == Approx(0.25));
  CHECK(out.values[2] == Approx(0.75));
  CHECK(out.values[1] == 0.5);
}

TEST_CASE("float Softmax equals its meaning along every axis") {
  for (const Shape& shape : {Shape{7}, Shape{3, 10}, Shape{2, 3, 4}, Shape{2, 5, 3, 4}})
    for (int first = 0; first < int(shape.size()); ++first) {
      check_lowered(one_node(softmax(first, first), {floats(shape)}), kernels, 1e-6);
      check_lowered(one_node(softmax(first, int(shape.size()) - 1), {floats(shape)}), kernels, 1e-6);
    }
}

TEST_CASE("Softmax over the channels of nhwc rows is banded, an image at a time") {
  Graph g;
  Value* x = g.add_input("x", floats({2, 5, 3, 4}));
  Value* y = g.append({std::make_shared<Pool>(PoolKind::max, PoolAttributes{{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}}),
                       {x},
                       "pool",
                       {"y"}})
                 ->outputs[0];
  g.outputs = {g.append({softmax(1, 1), {y}, "softmax", {"z"}})->outputs[0]};
  const Program program = check_lowered(g, kernels, 1e-6);
  int images = 0;
  for (const Layer& layer : program.layers)
    if (layer.kernel == "softmax_f32") {
      CHECK(program.buffers[size_t(layer.outputs[0])].height == 3);
      ++images;
    }
  CHECK(images == 2);
}

TEST_CASE("int8 Softmax equals float arithmetic, rounded half to even, on every row") {
  struct Form {
    int64_t count;
    float scale;
    Storage stored;
  };
  const std::vector<Form> forms = {{12, 0.14469251f, of_256},
                                   {2, 0.0146362f, of_256},
                                   {10, 0.31799158f, of_256},
                                   {300, 0.08f, of_256},
                                   {4096, 0.3f, of_256},
                                   {1, 0.1f, of_256},
                                   {10, 0.1f, {ElementType::int8, {{0.01f}, {3}}}},
                                   {5, 0.03f, {ElementType::int8, {{1.0f / 128}, {0}}}},
                                   {5, 30.0f, {ElementType::int8, {{32.0f}, {0}}}}};
  for (const Form& f : forms) {
    INFO(f.count << " numbers, scale " << f.scale);
    const TensorType type = int8s({int64_t(20000 / f.count + 1), f.count}, f.scale, 14);
    REQUIRE(Softmax(1, 1).integer_form(std::vector{type}, f.stored));
    check_lowered(one_node(softmax(1, 1), {type}, f.stored), kernels, 0);
  }
  check_lowered(one_node(softmax(1, 1), {int8s({3, 6, 5, 2}, 0.1f, 0)}, of_256), kernels, 0);
  check_lowered(one_node(softmax(1, 3), {int8s({3, 6, 5, 2}, 0.1f, 0)}, of_256), kernels, 0);
}

TEST_CASE("which Softmax has an integer form") {
  const auto holds = [](const TensorType& in, const Storage& out) {
    return Softmax(1, 1).integer_form(std::vector{in}, out);
  };
  CHECK(holds(int8s({1, 4096}, 0.1f, 0), of_256));
  CHECK_FALSE(holds(int8s({1, 4097}, 0.1f, 0), of_256));
  CHECK_FALSE(holds(floats({1, 4}), of_256));
  CHECK_FALSE(holds(int8s({1, 4}, 0.1f, 0), {ElementType::uint8, {{1.0f / 256}, {0}}}));
  CHECK(holds(int8s({1, 4}, 0.1f, 0), {ElementType::int8, {{1.0f / 32768}, {0}}}));
  CHECK_FALSE(holds(int8s({1, 4}, 0.1f, 0), {ElementType::int8, {{0.99f / 32768}, {0}}}));
}

TEST_CASE("the quotient of Softmax stays below 2^31 and its shift above 32, at the ends of what is taken") {
  for (int64_t count : {2, 4096})
    for (float scale : {1.0f / 32768, 64.0f}) {
      INFO(count << " numbers, scale " << scale);
      const TensorType type = int8s({1, count}, 0.1f, 0);
      const Storage stored{ElementType::int8, {{scale}, {0}}};
      const Program program = check_lowered(one_node(softmax(1, 1), {type}, stored), kernels, 0);
      const auto field = [&](const char* name) {
        for (const Field& f : program.layers[0].fields)
          if (f.name == name) return std::get<int64_t>(f.value);
        return int64_t(-1);
      };
      CHECK(field("shift") >= 33);
      const auto* largest = reinterpret_cast<const int32_t*>(program.constants[0].bytes.data());
      CHECK(field("numerator_high") < *largest);
    }
}

TEST_CASE("the long division") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    const auto divisor = uint32_t(random() % 0x7ffffffe) + 1;
    const uint32_t high = uint32_t(random() % divisor), low = uint32_t(random() & 0x7fffffff);
    REQUIRE(thimble::divide_long(high, low, divisor) == ((uint64_t(high) << 31) | low) / divisor);
  }
}
