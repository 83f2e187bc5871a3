// Small quantized graphs through the whole pipeline: which integer layers they become.
#include "compiler/ops/binary.hpp"
#include "compiler/ops/clamp.hpp"
#include "compiler/ops/concat.hpp"
#include "compiler/ops/conv.hpp"
#include "compiler/ops/gemm.hpp"
#include "compiler/ops/pad.hpp"
#include "compiler/ops/pool.hpp"
#include "compiler/ops/quantize_linear.hpp"
#include "compiler/ops/reshape.hpp"
#include "compiler/ops/transpose.hpp"
#include "passes/pipeline.hpp"
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

const Storage fine{ElementType::int8, {{0.0213f}, {3}}};
const Storage coarse{ElementType::int8, {{0.0537f}, {-17}}};

Value* dequantize(Graph& g, Value* v, const std::string& name) {
  return add(g, make<DequantizeLinearOp>(), {v}, name);
}
Value* quantize(Graph& g, Value* v, const std::string& name, const Storage& s = fine) {
  return add(g, make<QuantizeLinearOp>(), {v}, name, s);
}
Value* input(Graph& g, const std::string& name = "x", const Storage& s = fine) {
  return dequantize(g, g.add_input(name, {s.element, {1, 2, 6, 6}, s.quantization}), name + "_real");
}
OpPtr relu() {
  return make<ClampOp>(ClampRange{0});
}
// A 3x3 convolution of two channels, quantized weights, with a float32 bias.
Value* conv(Graph& g, Value* x, const std::string& name) {
  std::vector<int8_t> weights;
  for (int i = 0; i < 2 * 2 * 9; ++i) weights.push_back(int8_t(i * 5 % 17 - 8));
  Value* w = g.add_constant(name + "_w", Tensor::of<int8_t>({2, 2, 3, 3}, weights, Quantization{{0.017f}, {0}}));
  Value* b = g.add_constant(name + "_b", Tensor::of<float>({2}, {0.31f, -0.22f}));
  return add(g, make<Conv>(ConvAttributes{{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1}, true),
             {x, dequantize(g, w, name + "_w_real"), b}, name);
}
Value* max_pool(Graph& g, Value* x, const std::string& name) {
  return add(g, make<Pool>(PoolKind::max, PoolAttributes{{2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}}), {x}, name);
}

// The ops that are left, after each pass has been judged.
std::string pipeline_of(Graph& g) {
  PipelineOptions options;
  options.check_passes = true;
  run_pipeline(g, options);
  return ops_of(g);
}

}  // namespace

TEST_CASE("integer layers: a convolution takes its activation and storage over a pool, in any order") {
  for (bool pool_first : {false, true}) {
    Graph g;
    Value* v = conv(g, input(g), "c");
    v = pool_first ? add(g, relu(), {max_pool(g, v, "m")}, "r") : max_pool(g, add(g, relu(), {v}, "r"), "m");
    g.outputs = {quantize(g, v, "y", coarse)};
    CHECK(pipeline_of(g) == "Conv MaxPool");
  }
}

TEST_CASE("integer layers: a pool and an activation without a layer stay bytes") {
  Graph g;
  g.outputs = {quantize(g, add(g, relu(), {max_pool(g, input(g), "m")}, "r"), "y")};
  CHECK(pipeline_of(g) == "MaxPool");
}

TEST_CASE("integer layers: operands of a Concat are rescaled where they must") {
  Graph g;
  Value* joined = add(g, make<ConcatOp>(1), {input(g, "a"), input(g, "b", coarse), conv(g, input(g, "c"), "d")}, "j");
  g.outputs = {quantize(g, add(g, relu(), {joined}, "r"), "y")};
  const std::string ops = pipeline_of(g);
  CHECK(ops == "Table Conv Concat Table");
}

TEST_CASE("integer layers: a rescale between layers, and one that is none") {
  for (bool other : {false, true}) {
    Graph g;
    Value* v = quantize(g, conv(g, input(g), "c1"), "q1", coarse);
    v = quantize(g, dequantize(g, v, "r1"), "q2", other ? fine : coarse);
    g.outputs = {quantize(g, conv(g, dequantize(g, v, "r2"), "c2"), "y")};
    CHECK(pipeline_of(g) == (other ? "Conv Table Conv" : "Conv Conv"));
  }
}

TEST_CASE("integer layers: a border of zeros between layers is the reader's") {
  Graph g;
  Value* p =
      add(g, make<PadOp>(std::vector<int64_t>{0, 0, 1, 1}, std::vector<int64_t>{0, 0, 0, 0}, PadMode::constant, 0.0),
          {input(g)}, "p");
  g.outputs = {quantize(g, conv(g, dequantize(g, quantize(g, p, "q"), "r"), "c"), "y")};
  CHECK(pipeline_of(g) == "Conv");
}

TEST_CASE("integer layers: transposes around a layer and moves between storages cost no float") {
  Graph g;
  Value* v = add(g, make<TransposeOp>(std::vector<int>{0, 2, 3, 1}), {conv(g, input(g), "c")}, "t1");
  v = add(g, make<TransposeOp>(std::vector<int>{0, 3, 1, 2}), {add(g, relu(), {v}, "r")}, "t2");
  v = add(g, make<ReshapeOp>(Shape{1, 72}), {v}, "f");
  g.outputs = {quantize(g, v, "y", coarse)};
  CHECK(pipeline_of(g) == "Conv Reshape");
}

TEST_CASE("integer layers: x * sigmoid(x) and the like is one table") {
  Graph g;
  Value* x = input(g);
  Value* gate = add(g, make<ClampOp>(ClampRange{0, 1}), {x}, "gate");
  g.outputs = {quantize(g, add(g, make<BinaryOp>(Arithmetic::multiply), {x, gate}, "m"), "y")};
  CHECK(pipeline_of(g) == "Table");
}

TEST_CASE("integer layers: what the model asks for in float stays float") {
  Graph g;
  Value* head = add(g, relu(), {conv(g, input(g), "c")}, "r");
  g.outputs = {head, quantize(g, head, "y")};
  CHECK(pipeline_of(g) == "DequantizeLinear Conv QuantizeLinear");
  CHECK(g.outputs[0]->type.element == ElementType::float32);
}
