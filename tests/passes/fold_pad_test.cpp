// Borders of zeros go into the layer that reads them.
#include "compiler/ops/conv.hpp"
#include "compiler/ops/pad.hpp"
#include "compiler/ops/pool.hpp"
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

using Extents = std::vector<int64_t>;

Value* pad(Graph& g, Value* x, const std::string& name, Extents before, Extents behind,
           PadMode mode = PadMode::constant, double value = 0) {
  return add(g, make<PadOp>(before, behind, mode, value), {x}, name);
}
Value* conv(Graph& g, Value* x, const std::string& name, std::optional<Storage> stored_as = {}) {
  std::vector<int8_t> weights;
  for (int i = 0; i < 2 * 2 * 9; ++i) weights.push_back(int8_t(i * 5 % 17 - 8));
  Value* w = g.add_constant(name + "_w", Tensor::of<int8_t>({2, 2, 3, 3}, weights, Quantization{{0.017f}, {0}}));
  return add(g, make<Conv>(ConvAttributes{{1, 2}, {1, 1}, {1, 0}, {0, 0}, 1}, false), {x, w}, name, stored_as);
}
Value* average(Graph& g, Value* x, const std::string& name, PoolAttributes pool) {
  return add(g, make<Pool>(PoolKind::average, pool), {x}, name);
}
const PoolAttributes two_by_two{{2, 2}, {2, 1}, {1, 1}, {0, 0}, {0, 0}};

}  // namespace

TEST_CASE("fold_pad: into a convolution, on top of its own pads, real and quantized") {
  for (bool quantized : {false, true}) {
    Graph g;
    Value* x = g.add_input("x", quantized ? bytes({1, 2, 5, 4}, 0.02f, 7) : floats({1, 2, 5, 4}));
    const Storage s{ElementType::int8, {{0.0531f}, {-3}}};
    g.outputs = {conv(g, pad(g, x, "p", {0, 0, 1, 2}, {0, 0, 0, 1}), "y", quantized ? std::optional(s) : std::nullopt)};
    apply(g, fold_pad, 0);
    REQUIRE(ops_of(g) == "Conv");
    const auto& op = dynamic_cast<const Conv&>(*g.nodes()[0]->op);
    CHECK(op.conv().pads_begin == Extents{2, 2});
    CHECK(op.conv().pads_end == Extents{0, 1});
  }
}

TEST_CASE("fold_pad: into an average that counts the border") {
  Graph g;
  g.outputs = {
      average(g, pad(g, g.add_input("x", floats({1, 2, 5, 4})), "p", {0, 0, 1, 0}, {0, 0, 0, 1}), "y", two_by_two)};
  apply(g, fold_pad, 0);
  CHECK(ops_of(g) == "AveragePool");
}

TEST_CASE("fold_pad: each reader takes the border, and one that cannot keeps the Pad") {
  Graph g;
  Value* p = pad(g, g.add_input("x", floats({1, 2, 5, 4})), "p", {0, 0, 1, 0}, {0, 0, 0, 1});
  g.outputs = {conv(g, p, "a"), conv(g, p, "b"), add(g, make<Clamp>(0.0), {p}, "c")};
  apply(g, fold_pad, 0);
  CHECK(ops_of(g) == "Pad Conv Conv Clamp");
  CHECK(g.nodes()[1]->inputs[0]->name == "x");
}

TEST_CASE("fold_pad: not other numbers, other modes, other axes, cut elements, or windows outside the image") {
  Graph g;
  Value* x = g.add_input("x", floats({1, 2, 5, 4}));
  Value* one = g.add_input("one", floats({1, 1, 5, 4}));
  g.outputs = {conv(g, pad(g, x, "p1", {0, 0, 1, 0}, {0, 0, 0, 0}, PadMode::constant, 0.5), "a"),
               conv(g, pad(g, x, "p2", {0, 0, 1, 0}, {0, 0, 0, 0}, PadMode::edge), "b"),
               conv(g, pad(g, one, "p3", {0, 1, 0, 0}, {0, 0, 0, 0}), "c"),
               conv(g, pad(g, x, "p4", {0, 0, -1, 0}, {0, 0, 0, 0}), "d"),
               conv(g, pad(g, x, "p5", {0, 0, 2, 0}, {0, 0, 0, 0}), "e")};  // with its own pad: 3 rows of a window of 3
  apply(g, fold_pad, 0);
  CHECK(g.nodes().size() == 10);
}

TEST_CASE("fold_pad: not into maxima, averages with pads of their own, or ones that round their extent up") {
  Graph g;
  Value* x = pad(g, g.add_input("x", floats({1, 2, 5, 4})), "p", {0, 0, 1, 0}, {0, 0, 0, 0});
  PoolAttributes padded = two_by_two, ceiling = two_by_two;
  padded.pads_begin = {0, 1};
  ceiling.ceil_mode = true;
  g.outputs = {add(g, make<Pool>(PoolKind::max, two_by_two), {x}, "a"), average(g, x, "b", padded),
               average(g, x, "c", ceiling)};
  apply(g, fold_pad, 0);
  CHECK(ops_of(g) == "Pad MaxPool AveragePool AveragePool");
}
