// BatchNormalization: import, meaning, the layer of a lone one, refusals.
#include "compiler/ops/batch_normalization.hpp"

#include "tests/ops/fake_node.hpp"
#include "tests/ops/layer_runner.hpp"
#include "thimble/scale_shift.hpp"

namespace thimble::compiler::test {

namespace {

const Kernels kernels = {{"scale_shift", [](const Call& c) {
                            thimble::scale_shift(constants_of<thimble::ScaleShift>(c), c.in[0], c.out, c.y0, c.y1);
                          }}};

FakeNode norm(int64_t opset, std::map<std::string, Attribute> attributes, size_t outputs = 1) {
  FakeNode node("BatchNormalization", opset, std::move(attributes), outputs);
  node.input(floats({1, 2, 3}));
  for (int i = 0; i < 4; ++i) node.input(floats({2}));
  return node;
}

// A graph that normalizes x, whose operands have these shapes; statistics are constants, the variance positive.
Graph norm_graph(Shape shape, ClampRange clamp) {
  std::mt19937 random(4);
  Graph g;
  std::vector<Value*> operands{g.add_input("x", floats(shape))};
  for (const char* name : {"scale", "bias", "mean"})
    operands.push_back(g.add_constant(name, random_tensor(floats({shape[1]}), random)));
  std::vector<float> variance;
  for (int64_t c = 0; c < shape[1]; ++c) variance.push_back(0.5f + float(c));
  operands.push_back(g.add_constant("variance", Tensor::of<float>({shape[1]}, variance)));
  g.outputs = {g.append({std::make_shared<BatchNormalization>(1e-3, clamp), operands, "norm", {"y"}})->outputs[0]};
  return g;
}

}  // namespace

TEST_CASE("BatchNormalization: inference of every opset") {
  CHECK(result_type(*std::make_unique<FakeNode>(norm(6, {{"is_test", int64_t(1)}}))).shape == Shape{1, 2, 3});
  for (int64_t opset : {7, 9, 14, 15}) {
    FakeNode node = norm(opset, {{"epsilon", 0.25f}, {"momentum", 0.5f}});
    CHECK(node.import().nodes().at(0)->op->attributes() == "epsilon=0.25");
  }
  FakeNode spatial = norm(7, {{"spatial", int64_t(1)}});
  CHECK(result_type(spatial) == floats({1, 2, 3}));
}

TEST_CASE("BatchNormalization: training is refused") {
  const auto refuses = [](FakeNode node, const std::string& message) { CHECK_THROWS_WITH(node.import(), message); };
  refuses(norm(14, {{"training_mode", int64_t(1)}}),
          "BatchNormalization 'n': training_mode is 1: training is not supported. Export the model for inference.");
  refuses(norm(6, {}),
          "BatchNormalization 'n': is_test is 0: training is not supported. Export the model for inference.");
  refuses(norm(9, {}, 3),
          "BatchNormalization 'n': output 1 gives statistics: training is not supported. Export the model for "
          "inference.");
  refuses(norm(7, {{"spatial", int64_t(0)}}),
          "BatchNormalization 'n': spatial is 0: statistics for each position are not supported. Give one number for "
          "each channel.");
}

TEST_CASE("BatchNormalization: meaning, by hand") {
  const BatchNormalization op(1.0, ClampRange{-100, 30});
  const std::vector<RealTensor> in{
      {{1, 2, 2}, {1, 2, 3, 4}}, {{2}, {10, 20}}, {{2}, {5, 6}}, {{2}, {1, 2}}, {{2}, {3, 0}}};
  CHECK(op.eval(in)[0].values == std::vector<double>{5, 10, 26, 30});
  const auto s = op.scale_shift(std::span(in).subspan(1));
  CHECK(s.scale == std::vector<double>{5, 20});
  CHECK(s.shift == std::vector<double>{0, -34});
  CHECK(op.with_clamp({0, 50})->attributes() == "epsilon=1 clamp=[0,30]");
  CHECK(BatchNormalization(1.0).affine_in(0));
  CHECK(!BatchNormalization(1.0).affine_in(1));
  CHECK(!op.affine_in(0));
}

TEST_CASE("BatchNormalization: a lone one is a multiply-add for each channel, in whatever layout") {
  for (const Shape& shape : {Shape{1, 3}, Shape{4, 3}, Shape{1, 3, 5}, Shape{2, 3, 4, 5}, Shape{2, 3, 2, 2, 2}}) {
    const Program p = check_lowered(norm_graph(shape, {}), kernels, 1e-6);
    CHECK(p.layers.size() == 1);
    check_lowered(norm_graph(shape, {0, 1}), kernels, 1e-6);
  }
}

TEST_CASE("The scale_shift kernel on NHWC rows, in rings and in place") {
  const float scale[] = {2, 3}, shift[] = {1, -1};
  const thimble::ScaleShift c{3, 2, 1, scale, shift, -100, 15};
  float x[5][3][2], y[5][3][2], ring[2][3][2];
  for (int row = 0; row < 5; ++row)
    for (int pixel = 0; pixel < 3; ++pixel)
      for (int m = 0; m < 2; ++m) x[row][pixel][m] = float(row * 3 + pixel + m);
  const RowView in{reinterpret_cast<const uint8_t*>(x), 24, 5};
  const RowRing out{reinterpret_cast<uint8_t*>(ring), 24, 2}, same{reinterpret_cast<uint8_t*>(x), 24, 5};
  for (int row = 0; row < 5; ++row) {
    thimble::scale_shift(c, in, out, row, row + 1);
    std::memcpy(y[row], ring[row % 2], 24);
  }
  for (int row = 0; row < 5; ++row)
    for (int pixel = 0; pixel < 3; ++pixel)
      for (int m = 0; m < 2; ++m)
        CHECK(y[row][pixel][m] == std::min(15.0f, float(row * 3 + pixel + m) * scale[m] + shift[m]));
  thimble::scale_shift(c, in, same, 0, 5);
  CHECK(std::memcmp(x, y, sizeof x) == 0);
}

TEST_CASE("BatchNormalization: operands that do not fit, and what no kernel takes") {
  const auto message = [](Shape x, Shape mean) {
    try {
      BatchNormalization(1e-5).infer(
          std::vector<TensorType>{floats(std::move(x)), floats({3}), floats({3}), floats(std::move(mean)), floats({3})},
          "n");
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  CHECK(message({1, 3, 2}, {3}) == "accepted");
  CHECK(message({1, 3, 2}, {2}) ==
        "BatchNormalization 'n': mean is [2], x has 3 channels. Give one number for each channel.");
  CHECK(message({3}, {3}) ==
        "BatchNormalization 'n': x has 1 dimensions, at least 2 are needed. Axis 1 holds the channels.");
  const Graph g = one_node(std::make_shared<BatchNormalization>(1e-5),
                           {floats({1, 2, 3}), floats({2}), floats({2}), floats({2}), floats({2})});
  CHECK_THROWS_WITH(lower(g, "test", plain_target(), {}),
                    "BatchNormalization 'node': its scale 'x1' is computed at run time. Only constant statistics are "
                    "supported.");
}

}  // namespace thimble::compiler::test
