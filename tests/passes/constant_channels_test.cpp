// Channels that always hold one number, or that nobody reads, leave integer layers, and nothing else changes.
#include <functional>

#include "compiler/ops/conv.hpp"
#include "compiler/ops/gemm.hpp"
#include "compiler/ops/reshape.hpp"
#include "compiler/ops/transpose.hpp"
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

constexpr float in_scale = 0.0217f, weight_scale = 0.0113f;
const Storage relu{ElementType::int8, {{0.0531f}, {-128}}};  // of results: zero is the lowest number
const Storage centred{ElementType::int8, {{0.0531f}, {3}}};

TensorType image(int64_t channels, int64_t height = 5, int64_t width = 4) {
  return {ElementType::int8, {1, channels, height, width}, Quantization{{in_scale}, {5}}};
}

// Weights by output channel, input channel and tap; by default none is 0.
using Weight = std::function<int(int64_t m, int64_t c, int64_t t)>;
int busy(int64_t m, int64_t c, int64_t t) {
  return int((m * 31 + c * 17 + t * 7) % 23) - 11 == 0 ? 4 : int((m * 31 + c * 17 + t * 7) % 23) - 11;
}

Value* weights(Graph& g, const std::string& name, Shape shape, const Weight& weight) {
  std::vector<int8_t> all;
  const int64_t taps = element_count(shape) / (shape[0] * shape[1]);
  for (int64_t m = 0; m < shape[0]; ++m)
    for (int64_t c = 0; c < shape[1]; ++c)
      for (int64_t t = 0; t < taps; ++t) all.push_back(int8_t(weight(m, c, t)));
  Quantization q{{}, std::vector<int32_t>(size_t(shape[0]), 0), 0};
  for (int64_t m = 0; m < shape[0]; ++m) q.scales.push_back(weight_scale * float(m + 2));
  return g.add_constant(name, Tensor::of<int8_t>(std::move(shape), all, q));
}

Value* bias(Graph& g, const std::string& name, const Value* x, const Value* w, const std::vector<int32_t>& numbers) {
  Quantization q = *w->type.quantization;
  for (float& s : q.scales) s *= x->type.quantization->scales[0];
  return g.add_constant(name, Tensor::of<int32_t>({int64_t(numbers.size())}, numbers, q));
}

struct Layer {
  int64_t outputs = 4, kernel = 1, pad = 0, group = 1;
  Weight weight = busy;
  std::vector<int32_t> bias = {};  // empty: none
  Storage storage = relu;
};
Value* conv(Graph& g, Value* x, const std::string& name, const Layer& l) {
  Value* w = weights(g, name + "_w", {l.outputs, x->type.shape[1] / l.group, l.kernel, l.kernel}, l.weight);
  std::vector<Value*> in{x, w};
  if (!l.bias.empty()) in.push_back(bias(g, name + "_b", x, w, l.bias));
  return add(g, make<Conv>(ConvAttributes{{1, 1}, {1, 1}, {l.pad, l.pad}, {l.pad, l.pad}, l.group}, !l.bias.empty()),
             in, name, l.storage);
}
// Rows of `channels` numbers to three outputs, weights [K, 3].
Value* gemm(Graph& g, Value* x, const std::string& name) {
  std::vector<int8_t> w;
  for (int64_t i = 0; i < x->type.shape[1] * 3; ++i) w.push_back(int8_t(busy(i, 0, 1)));
  Value* matrix =
      g.add_constant(name + "_w", Tensor::of<int8_t>({x->type.shape[1], 3}, w, Quantization{{weight_scale}, {0}}));
  return add(g, make<Gemm>(GemmAttributes{}, false), {x, matrix}, name, centred);
}

Weight without(int64_t output) {
  return [=](int64_t m, int64_t c, int64_t t) { return m == output ? 0 : busy(m, c, t); };
}
Weight not_reading(int64_t input) {
  return [=](int64_t m, int64_t c, int64_t t) { return c == input ? 0 : busy(m, c, t); };
}

// Runs the pass and compares every value; gives the channels of each value: "a 4, b 3".
std::string eliminate(Graph& g) {
  const Values inputs = complete_inputs(g, {});
  const Values before = interpret(g, inputs);
  ReportLines lines;
  constant_channels(g, lines);
  g.sweep();
  verify(g);
  std::string channels;
  for (const auto& [name, tensor] : interpret(g, inputs)) {
    const Value* v = g.find(name);
    if (v->is_constant()) continue;
    channels += fmt::format("{}{} {}", channels.empty() ? "" : ", ", name, tensor.type.shape[1]);
    INFO(name);
    CHECK((tensor.type == before.at(name).type ? tensor == before.at(name) : is_part_of(tensor, before.at(name))));
  }
  return channels;
}

}  // namespace

TEST_CASE("constant_channels: an output with zero weights goes into the bias behind it, with one and without") {
  for (bool has_bias : {false, true}) {
    Graph g;
    Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, 5000, -90, 30}});
    Value* b = conv(g, a, "b", {.outputs = 2, .bias = has_bias ? std::vector<int32_t>{7, -9} : std::vector<int32_t>{}});
    g.outputs = {b};
    CHECK(eliminate(g) == "a 3, b 2, x 3");
    CHECK(g.nodes()[1]->inputs.size() == 3);
  }
}

TEST_CASE("constant_channels: through a depthwise layer and on, in a row") {
  Graph g;
  // Channel 1 is 0 behind its negative bias, which is the zero point: padding makes no difference.
  Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, -5000, -90, 30}});
  Value* b = conv(g, a, "b", {.kernel = 3, .pad = 1, .group = 4, .bias = {1, 900, 3, 4}});
  // Channel 2 of c reads constants only.
  Value* c =
      conv(g, b, "c", {.weight = [](int64_t m, int64_t i, int64_t t) { return m == 2 && i != 1 ? 0 : busy(m, i, t); }});
  g.outputs = {conv(g, c, "d", {.outputs = 2})};
  CHECK(eliminate(g) == "a 3, b 3, c 3, d 2, x 3");
}

TEST_CASE("constant_channels: a depthwise layer that tells the border from the middle makes no constant") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, 5000, -90, 30}});
  Value* b = conv(g, a, "b", {.kernel = 3, .pad = 1, .group = 4});
  g.outputs = {conv(g, b, "c", {.outputs = 2})};
  CHECK(eliminate(g) == "a 4, b 4, c 2, x 3");
}

TEST_CASE("constant_channels: a depthwise layer that saturates, or whose taps at the border are 0, makes one") {
  for (int centre_only : {0, 1}) {
    Graph g;
    Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, 5000, -90, 30}});
    const Weight weight = [&](int64_t m, int64_t c, int64_t t) {
      return m != 1 ? busy(m, c, t) : centre_only ? (t == 4 ? 9 : 0) : 127;
    };
    Value* b = conv(g, a, "b", {.kernel = 3, .pad = 1, .group = 4, .weight = weight, .bias = {1, 20000, 3, 4}});
    g.outputs = {conv(g, b, "c", {.outputs = 2})};
    CHECK(eliminate(g) == "a 3, b 3, c 2, x 3");
  }
}

TEST_CASE("constant_channels: padding of the reader keeps a constant that is not the zero point") {
  for (int32_t number : {5000, -5000}) {
    Graph g;
    Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, number, -90, 30}});
    g.outputs = {conv(g, a, "b", {.outputs = 2, .kernel = 3, .pad = 1})};
    CHECK(eliminate(g) == (number > 0 ? "a 4, b 2, x 3" : "a 3, b 2, x 3"));
  }
}

TEST_CASE("constant_channels: what meets only zero weights goes, with its maker") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {});
  Value* b = conv(g, a, "b", {.kernel = 3, .pad = 1, .group = 4});
  Value* c = conv(g, b, "c", {.outputs = 5, .kernel = 3, .pad = 1, .weight = not_reading(2)});
  g.outputs = {conv(g, c, "d", {.outputs = 2, .weight = not_reading(4)})};
  CHECK(eliminate(g) == "a 3, b 3, c 4, d 2, x 3");
}

TEST_CASE("constant_channels: removing an output frees the inputs that it alone reads") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {});
  const Weight only_3_reads_0 = [](int64_t m, int64_t c, int64_t t) { return c == 0 && m != 3 ? 0 : busy(m, c, t); };
  Value* b = conv(g, a, "b", {.weight = only_3_reads_0});
  g.outputs = {conv(g, b, "c", {.outputs = 2, .weight = not_reading(3)})};
  CHECK(eliminate(g) == "a 3, b 3, c 2, x 3");
}

TEST_CASE("constant_channels: a channel that another reader needs stays") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {});
  g.outputs = {conv(g, a, "b", {.outputs = 2, .weight = not_reading(2)}), conv(g, a, "c", {.outputs = 2})};
  CHECK(eliminate(g) == "a 4, b 2, c 2, x 3");
}

TEST_CASE("constant_channels: inputs and outputs of the graph, and readers that are no layers, keep theirs") {
  Graph g;
  Value* x = g.add_input("x", image(3));
  Value* a = conv(g, x, "a",
                  {.weight = [](int64_t m, int64_t c, int64_t t) { return m == 1 || c == 1 ? 0 : busy(m, c, t); },
                   .bias = {1, 2, 3, 4}});
  Value* b = conv(g, x, "b", {.weight = without(1), .bias = {1, 2, 3, 4}});
  g.outputs = {a, add(g, make<Store>(), {b}, "real"), conv(g, b, "c", {.outputs = 2})};
  CHECK(eliminate(g) == "a 4, b 4, c 2, real 4, x 3");
}

TEST_CASE("constant_channels: a value keeps one channel when all are constant") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a",
                  {.weight = [](int64_t, int64_t, int64_t) { return 0; }, .bias = {100, 5000, -90, 30}});
  g.outputs = {conv(g, a, "b", {.outputs = 2})};
  CHECK(eliminate(g) == "a 1, b 2, x 3");
}

TEST_CASE("constant_channels: functions of single elements and reshapes to a Gemm, by channel, carry constants on") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, 5000, -90, 30}});
  Value* b = add(g, make<Clamp>(0.7), {a}, "b", centred);
  Value* c = add(g, make<ReshapeOp>(Shape{1, 80}), {b}, "c");
  g.outputs = {gemm(g, c, "d")};
  CHECK(eliminate(g) == "a 3, b 3, c 60, d 3, x 3");
}

TEST_CASE("constant_channels: channels that lie last after a Transpose are followed too") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, 5000, -90, 30}});
  Value* b = add(g, make<TransposeOp>(std::vector<int>{0, 2, 3, 1}), {a}, "b");
  Value* c = add(g, make<ReshapeOp>(Shape{1, 80}), {b}, "c");
  g.outputs = {gemm(g, c, "d")};
  const Values inputs = complete_inputs(g, {});
  const Values before = interpret(g, inputs);
  ReportLines lines;
  constant_channels(g, lines);
  g.sweep();
  verify(g);
  CHECK(g.find("b")->type.shape == Shape{1, 5, 4, 3});
  CHECK(g.find("c")->type.shape == Shape{1, 60});
  CHECK(interpret(g, inputs).at("d") == before.at("d"));
}

TEST_CASE("constant_channels: a reshape that mixes channels keeps them") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, 5000, -90, 30}});
  Value* c = add(g, make<ReshapeOp>(Shape{1, 10, 2, 4}), {a}, "c");
  g.outputs = {conv(g, c, "d", {.outputs = 2})};
  CHECK(eliminate(g) == "a 4, c 10, d 2, x 3");
}

TEST_CASE("constant_channels: one of several groups of several channels each keeps all") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, 5000, -90, 30}});
  g.outputs = {conv(g, a, "b", {.group = 2})};
  CHECK(eliminate(g) == "a 4, b 4, x 3");
}

TEST_CASE("constant_channels: a depthwise layer with two outputs a channel loses both or none") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1), .bias = {100, -5000, -90, 30}});
  Value* b = conv(g, a, "b", {.outputs = 8, .kernel = 3, .pad = 1, .group = 4});
  g.outputs = {conv(g, b, "c", {.outputs = 2})};
  CHECK(eliminate(g) == "a 3, b 6, c 2, x 3");
}

TEST_CASE("constant_channels: the report says what is gone") {
  Graph g;
  Value* a = conv(g, g.add_input("x", image(3)), "a", {.weight = without(1)});
  g.outputs = {conv(g, a, "b", {.outputs = 2})};
  ReportLines lines;
  constant_channels(g, lines);
  CHECK(lines == ReportLines{"channels removed: 1 constant, 0 unread; MACs 400 to 300, weights 20 to 15 bytes"});
  lines.clear();
  g.sweep();
  constant_channels(g, lines);
  CHECK(lines.empty());
}
