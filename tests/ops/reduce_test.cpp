// Reductions: their forms, their meaning, and their kernels along every set of axes, in both layouts.
#include "compiler/ops/reduce.hpp"

#include "compiler/ops/pool.hpp"
#include "fake_node.hpp"
#include "layer_runner.hpp"
#include "thimble/pool.hpp"
#include "thimble/reduce.hpp"
#include "thimble/transpose.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

using Ints = std::vector<int64_t>;
using thimble::PoolShape;
using thimble::ReduceShape;

template <class T, class Constants, class Kernel>
std::function<void(const Call&)> flat(Kernel kernel) {
  return [kernel](const Call& c) { kernel(constants_of<Constants>(c), c.input<T>(0), c.output<T>()); };
}
template <class Constants, class Kernel>
std::function<void(const Call&)> banded(Kernel kernel) {
  return [kernel](const Call& c) { kernel(constants_of<Constants>(c), c.in[0], c.out, c.y0, c.y1); };
}

const Kernels kernels = {
    {"reduce_sum", flat<int8_t, thimble::ReduceSum<ReduceShape>>([](auto... a) { thimble::reduce_sum(a...); })},
    {"reduce_sum_f32",
     flat<float, thimble::ReduceSumF32<ReduceShape>>([](auto... a) { thimble::reduce_sum_f32(a...); })},
    {"reduce_order", flat<int8_t, thimble::ReduceOrder<ReduceShape>>([](auto... a) { thimble::reduce_order(a...); })},
    {"reduce_order_u8",
     flat<uint8_t, thimble::ReduceOrder<ReduceShape>>([](auto... a) { thimble::reduce_order_u8(a...); })},
    {"reduce_order_f32",
     flat<float, thimble::ReduceOrder<ReduceShape>>([](auto... a) { thimble::reduce_order_f32(a...); })},
    {"max_pool", banded<thimble::MaxPool<PoolShape>>([](auto... a) { thimble::max_pool(a...); })},
    {"max_pool_f32", banded<thimble::MaxPoolF32<PoolShape>>([](auto... a) { thimble::max_pool_f32(a...); })},
    {"average_pool", banded<thimble::AveragePool<thimble::AveragePoolShape>>([](auto... a) { thimble::average_pool(a...); })},
    {"average_pool_f32",
     banded<thimble::AveragePoolF32<PoolShape>>([](auto... a) { thimble::average_pool_f32(a...); })},
    {"transpose",
     [](const Call& c) {
       with_element(c.output_element(), [&](auto zero) {
         using T = decltype(zero);
         thimble::transpose(constants_of<thimble::Transpose>(c), c.input<T>(0), c.output<T>());
       });
     }},
};

const std::vector<ReduceKind> kinds = {ReduceKind::mean, ReduceKind::sum, ReduceKind::max, ReduceKind::min};

OpPtr reduction(ReduceKind kind, std::vector<int> axes, bool keepdims) {
  return std::make_shared<Reduce>(kind, std::move(axes), keepdims);
}

// The axes whose bit is set.
std::vector<int> axes_in(unsigned set) {
  std::vector<int> axes;
  for (int i = 0; i < 8; ++i)
    if (set >> i & 1) axes.push_back(i);
  return axes;
}

// reduction(pool 1x1 (x)): the pool leaves its result as nhwc.
Graph behind_nhwc(OpPtr op, const TensorType& x, std::optional<Storage> stored_as = {}) {
  Graph g;
  Value* in = g.add_input("x", x);
  const std::vector<int64_t> ones(x.shape.size() - 2, 1), zeros(x.shape.size() - 2, 0);
  Value* y =
      g.append(
           {std::make_shared<Pool>(PoolKind::max, PoolAttributes{ones, ones, ones, zeros, zeros}), {in}, "pool", {"y"}})
          ->outputs[0];
  g.outputs = {g.append({std::move(op), {y}, "reduce", {"z"}, std::move(stored_as)})->outputs[0]};
  return g;
}

}  // namespace

TEST_CASE("reductions: axes as attribute or operand, kept or dropped") {
  FakeNode attribute("ReduceMean", 13, {{"axes", Ints{-1, 1}}});
  CHECK(result_type(attribute.input(floats({2, 3, 4}))).shape == Shape{2, 1, 1});
  FakeNode operand("ReduceMean", 18, {{"keepdims", int64_t(0)}});
  CHECK(result_type(operand.input(floats({2, 3, 4})).constant_input(shape_operand({1}))).shape == Shape{2, 4});
  FakeNode all("ReduceSum", 13, {{"keepdims", int64_t(0)}});
  CHECK(result_type(all.input(floats({2, 3, 4}))).shape == Shape{});
  FakeNode nothing("ReduceMax", 18, {{"noop_with_empty_axes", int64_t(1)}});
  CHECK(nothing.input(floats({2, 3})).import().nodes().empty());
  FakeNode old_sum("ReduceSum", 11, {{"axes", Ints{0}}});
  CHECK(result_type(old_sum.input(floats({2, 3}))).shape == Shape{1, 3});
}

TEST_CASE("reductions refuse what they cannot do") {
  FakeNode axis("ReduceMean", 13, {{"axes", Ints{3}}});
  CHECK_THROWS_WITH(axis.input(floats({2, 3, 4})).import(), Catch::Contains("3"));
  FakeNode unknown("ReduceMean", 18);
  CHECK_THROWS_WITH(unknown.input(floats({2, 3})).input({ElementType::int64, {1}, {}}).import(),
                    Catch::Contains("the list of axes"));
  FakeNode empty("ReduceMean", 13);
  CHECK_THROWS_WITH(empty.input(floats({2, 0})).import(), Catch::Contains("0 elements"));
  FakeNode boolean("ReduceMax", 13);
  FakeNode keep("ReduceMean", 13, {{"keepdims", int64_t(2)}});
  CHECK_THROWS_WITH(keep.input(floats({2, 3})).import(), Catch::Contains("keepdims is 2"));
  CHECK_THROWS_WITH(boolean.input({ElementType::boolean, {2}, {}}).import(), Catch::Contains("boolean"));
  const auto lowered = [](const Graph& g) { lower(g, "test", plain_target(), {}); };
  CHECK_THROWS_WITH(lowered(one_node(reduction(ReduceKind::mean, {0, 2, 4}, true), {floats({2, 3, 2, 3, 2})})),
                    Catch::Contains("axes [0,2,4] of [2,3,2,3,2] lie in more than two groups"));
  CHECK_THROWS_WITH(lowered(one_node(reduction(ReduceKind::sum, {0}, true), {{ElementType::int32, {2, 3}, {}}})),
                    Catch::Contains("the input is int32"));
}

TEST_CASE("reductions' meaning") {
  const std::vector<RealTensor> x{{{2, 3}, {1, 2, 6, -1, 4, 0}}};
  CHECK(Reduce(ReduceKind::mean, {1}, false).eval(x)[0].values == std::vector<double>{3, 1});
  CHECK(Reduce(ReduceKind::sum, {0}, true).eval(x)[0].values == std::vector<double>{0, 6, 6});
  CHECK(Reduce(ReduceKind::max, {0, 1}, true).eval(x)[0].values == std::vector<double>{6});
  CHECK(Reduce(ReduceKind::min, {1}, true).eval(x)[0].shape == Shape{2, 1});
}

TEST_CASE("float reductions equal their meaning along every set of axes") {
  // Sums of up to 120 terms of 4 that cancel: each addition rounds by up to 2^-24 of what is summed so far.
  for (ReduceKind kind : kinds) {
    const double tolerance = kind == ReduceKind::sum ? 1e-5 : 1e-6;
    for (unsigned set = 1; set < 16; ++set) {
      check_lowered(one_node(reduction(kind, axes_in(set), set % 2 == 0), {floats({2, 5, 3, 4})}), kernels, tolerance);
      check_lowered(behind_nhwc(reduction(kind, axes_in(set), set % 2 == 1), floats({2, 5, 3, 4})), kernels, tolerance);
      check_lowered(behind_nhwc(reduction(kind, axes_in(set), set % 2 == 0), floats({1, 6, 3, 4})), kernels, tolerance);
      if (set < 8)
        check_lowered(behind_nhwc(reduction(kind, axes_in(set), false), floats({1, 6, 7})), kernels, tolerance);
    }
  }
}

TEST_CASE("int8 reductions equal their meaning") {
  const Storage stored{ElementType::int8, {{0.173f}, {-4}}};
  for (ReduceKind kind : kinds)
    for (unsigned set = 1; set < 16; ++set) {
      const TensorType x = int8s({2, 5, 3, 4}, 0.1f, 3), one = int8s({1, 6, 3, 5}, 0.1f, 3);
      const Reduce op(kind, axes_in(set), true);
      const bool by_order = op.commutes_with_storing();
      REQUIRE(op.integer_form(std::vector{x}, stored) != by_order);
      const auto as = by_order ? std::optional<Storage>{} : stored;
      check_lowered(one_node(reduction(kind, axes_in(set), true), {x}, as), kernels, 0);
      check_lowered(behind_nhwc(reduction(kind, axes_in(set), true), one, as), kernels, 0);
    }
  TensorType bytes = int8s({4, 9}, 0.1f, 128);
  bytes.element = ElementType::uint8;
  check_lowered(one_node(reduction(ReduceKind::min, {0}, true), {bytes}), kernels, 0);
  check_lowered(one_node(reduction(ReduceKind::max, {1}, true), {bytes}), kernels, 0);
}

TEST_CASE("a mean over all pixels of an nhwc value is a global pool") {
  const Program program =
      lower(behind_nhwc(reduction(ReduceKind::mean, {2, 3}, false), floats({1, 6, 3, 4})), "test", plain_target(), {});
  CHECK(program.layers.back().kernel == "average_pool_f32");
  CHECK(program.layers.back().band->window == 3);
}
