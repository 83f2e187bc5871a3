// The output stage against ONNX Runtime's formula, over every accumulator that matters.
#include "compiler/requantize.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "compiler/error.hpp"
#include "compiler/op.hpp"
#include "compiler/report.hpp"

using namespace thimble;
using namespace thimble::compiler;

namespace {

int64_t disagreements(const ChannelRange& c, int32_t zero_point, int32_t low, int32_t high, int* exact) {
  const ChosenOutputStage chosen = choose_output_stage(std::vector{c}, zero_point, low, high, "test");
  *exact = chosen.exact_channels;
  int64_t bad = 0;
  for (int64_t acc = c.lowest; acc <= c.highest; ++acc) {
    const int32_t ours = requantize(int32_t(acc), chosen.multipliers[0], chosen.stage),
                  theirs = reference_requantize(acc, c.scale, zero_point, low, high);
    REQUIRE(std::abs(ours - theirs) <= 1);
    bad += ours != theirs;
  }
  return bad;
}

}  // namespace

TEST_CASE("a channel called exact agrees on every accumulator, and nearly all are") {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> exponent(-10, -3);
  int exact = 0, total = 0;
  for (int i = 0; i < 60; ++i) {
    const ChannelRange c{std::exp2(exponent(random)), -300000, 300000};
    int claimed = 0;
    const int64_t bad = disagreements(c, int(random() % 256) - 128, -128, 127, &claimed);
    CHECK((bad == 0) == (claimed == 1));
    exact += claimed;
    ++total;
  }
  CHECK(exact >= total - 6);
}

TEST_CASE("powers of two take the ties-to-even form and are exact") {
  for (float scale : {0.015625f, 0.0009765625f, 0.125f}) {
    int claimed = 0;
    CHECK(disagreements({scale, -200000, 200000}, -5, -128, 127, &claimed) == 0);
    CHECK(claimed == 1);
    CHECK(
        choose_output_stage(std::vector{ChannelRange{scale, -200000, 200000}}, -5, -128, 127, "t").stage.ties_to_even ==
        1);
  }
  // Where no tie is reachable the cheaper form does.
  CHECK(
      choose_output_stage(std::vector{ChannelRange{0.0009765625f, -511, 511}}, 0, -128, 127, "t").stage.ties_to_even ==
      0);
}

TEST_CASE("scales of a quarter and above shift left first") {
  int claimed = 0;
  for (float scale : {0.25f, 1.0f, 100.0f}) CHECK(disagreements({scale, -100000, 100000}, 3, -128, 127, &claimed) == 0);
  // 15 * 0.3f is 4.50000018, which float32 rounds to 4.5: a tie that only ONNX Runtime's own arithmetic has. One step
  // at most, and reported.
  for (float scale : {0.3f, 2.7f}) {
    CHECK(disagreements({scale, -100000, 100000}, 3, -128, 127, &claimed) > 0);
    CHECK(claimed == 0);
  }
}

TEST_CASE("a narrow clamp and a wide spread of scales") {
  const std::vector<ChannelRange> channels{{0.01f, -50000, 50000}, {0.00001f, -5000000, 5000000}};
  const ChosenOutputStage chosen = choose_output_stage(channels, -128, -128, 20, "t");
  for (size_t k = 0; k < channels.size(); ++k)
    for (int64_t acc = channels[k].lowest; acc <= channels[k].highest; acc += 7)
      REQUIRE(std::abs(requantize(int32_t(acc), chosen.multipliers[k], chosen.stage) -
                       reference_requantize(acc, channels[k].scale, -128, -128, 20)) <= 1);
}

TEST_CASE("the product of two halves equals the 64-bit product") {
  std::mt19937 random(2);
  for (int32_t a : {INT32_MIN, INT32_MAX, -1, 0, 1})
    for (int32_t b : {INT32_MIN, INT32_MAX, -1, 0, 1})
      CHECK(multiply_high_by_halves(a, b) == int32_t((int64_t(a) * b) >> 32));
  for (int i = 0; i < 1000; ++i) {
    const int32_t a = int32_t(random()), b = int32_t(random());
    CHECK(multiply_high_by_halves(a, b) == int32_t((int64_t(a) * b) >> 32));
  }
}

TEST_CASE("scales and sums that cannot be are refused") {
  CHECK_THROWS_AS(choose_output_stage(std::vector{ChannelRange{0.0f, -1, 1}}, 0, -128, 127, "Conv 'c'"), Error);
  CHECK_THROWS_AS(choose_output_stage(std::vector{ChannelRange{NAN, -1, 1}}, 0, -128, 127, "Conv 'c'"), Error);
  CHECK_THROWS_WITH(
      choose_output_stage(std::vector{ChannelRange{0.1f, -1, int64_t(1) << 31}}, 0, -128, 127, "Conv 'c'"),
      "Conv 'c': the sum of channel 0 can reach -1 to 2147483648, an int32 holds -2147483648 to 2147483647. Use fewer "
      "inputs per output, or smaller weights and bias.");
}

TEST_CASE("clamps become stored numbers") {
  const Storage s{ElementType::int8, Quantization{{0.5f}, {-10}}};
  CHECK(stored_range(s, {}).low == -128);
  CHECK(stored_range(s, {0, 6}).low == -10);
  CHECK(stored_range(s, {0, 6}).high == 2);
  CHECK(stored_range(s, {0, 1000}).high == 127);
}

TEST_CASE("the largest scale is exact, one beyond is refused") {
  int exact = 0;
  CHECK(disagreements({float(1 << 20), -5, 5}, 3, -128, 127, &exact) == 0);
  CHECK(exact == 1);
  CHECK_THROWS_WITH(choose_output_stage(std::vector{ChannelRange{3e38f, -1, 1}}, 0, -128, 127, "Conv 'c'"),
                    Catch::Contains("channel 0 has scale 3e+38, 1048576 is the most"));
}

TEST_CASE("the report sums up the channels that equal ONNX Runtime, each layer notes its own") {
  Program program;
  for (const ChosenOutputStage& chosen :
       {ChosenOutputStage{{}, {1 << 30}, 1}, ChosenOutputStage{{}, {1 << 30, 1}, 1}}) {
    Layer layer;
    layer.name = "layer " + std::to_string(chosen.multipliers.size());
    add_output_stage(chosen, layer);
    program.layers.push_back(layer);
  }
  program.layers.push_back({});  // no integer layer
  CHECK(program.layers[0].note == "1 of 1 channels equal ONNX Runtime on every reachable accumulator");
  CHECK(program.layers[1].fields.back().name == "ties_to_even");
  CHECK(exactness(program) ==
        "2 of 3 channels equal ONNX Runtime on every reachable accumulator (compile --json: by layer)\n");
  CHECK(exactness(Program{}).empty());
}

TEST_CASE("ties to even follow from the exact product") {
  const auto exact = [](int32_t acc, int32_t multiplier, const OutputStage& s) {
    const int64_t product = int64_t(acc) * multiplier, step = int64_t(1) << (32 + s.shift);
    int64_t q = product >> (32 + s.shift);
    const int64_t twice = (product - q * step) * 2;
    q += twice > step || (twice == step && q % 2 != 0);
    q += s.zero_point;
    return int32_t(q < s.low ? s.low : q > s.high ? s.high : q);
  };
  for (int32_t shift : {1, 2, 7, 22})
    for (int32_t multiplier : {1 << 30, 1 << 21, 3 << 20, 0x7fffffff, 0x40000001}) {
      const OutputStage stage{0, shift, 0, -7, -128, 127, 1};
      int differing = 0;
      for (int32_t acc = -70000; acc <= 70000; ++acc)
        for (int32_t scaled : {acc, acc * 4096})
          differing += requantize(scaled, multiplier, stage) != exact(scaled, multiplier, stage);
      INFO("shift " << shift << ", multiplier " << multiplier);
      CHECK(differing == 0);
    }
}
