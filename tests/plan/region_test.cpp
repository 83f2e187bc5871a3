// Streaming regions: rings, bands, residuals, and the figures that the prototype of streaming measured.
#include "passes/plan/schedule.hpp"
#include "tests/plan/program_builder.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;
using thimble::BandContract;

namespace {

// A convolution, then blocks of depthwise and pointwise, as in MobileNet: planes between blocks, NHWC inside them.
struct Front {
  ProgramBuilder p;
  std::vector<int> rings, bands;
  int image = 0, result = 0;

  struct Block {
    int32_t stride, channels;
  };
  Front(int32_t in_height, int32_t in_width, int32_t in_channels, const BandContract& first, int32_t height,
        int32_t width, int32_t channels, const std::vector<Block>& blocks) {
    image = p.input(p.rows("image", in_height, in_width, in_channels));
    int last = p.planes("conv1", height, width, channels);
    rings.push_back(last);
    product(p.banded("conv1", {image}, last, first));
    for (size_t i = 0; i < blocks.size(); ++i) {
      const std::string name = "block" + std::to_string(i + 1);
      height = (height + blocks[i].stride - 1) / blocks[i].stride;
      width = (width + blocks[i].stride - 1) / blocks[i].stride;
      bands.push_back(p.rows(name + "_dw", height, width, channels));
      p.banded(name + "_dw", {last}, bands.back(), window(3, blocks[i].stride, blocks[i].stride == 1 ? 1 : 0));
      channels = blocks[i].channels;
      const bool end = i + 1 == blocks.size();
      last = end ? p.rows(name, height, width, channels) : p.planes(name, height, width, channels);
      if (!end) rings.push_back(last);
      product(p.banded(name + "_pw", {bands.back()}, last, window(1)));
    }
    result = last;
    p.output(result);
  }
  void product(Layer& layer) { scratch(layer, 144).band->pairs_pixels = true; }
  PlanOptions streamed(int band_rows = 0) const {
    PlanOptions o;
    o.stream = {{p.program.layers.front().name, p.program.layers.back().name}};
    o.band_rows = band_rows;
    return o;
  }
  // Arena bytes besides the image and the result.
  int64_t between(const Plan& plan) const {
    return plan.arena_bytes - p.program.buffers[size_t(image)].bytes - p.program.buffers[size_t(result)].bytes;
  }
};

Front vww() {
  return Front(96, 96, 3, window(3, 2), 48, 48, 8, {{1, 16}, {2, 32}, {1, 32}, {2, 64}});
}
Front kws() {
  BandContract first = window(10, 2, 4);
  return Front(49, 10, 1, first, 25, 5, 64, {{1, 64}, {1, 64}, {1, 64}, {1, 64}});
}

// conv_a, conv_b and the sum with what conv_a reads.
struct Residual {
  ProgramBuilder p;
  int x, a, b, y;
  Residual(const BandContract& stem, const BandContract& conv, bool sum_in_place) {
    const int image = p.input(p.rows("image", 32, 32, 3));
    x = p.rows("x", 32, 32, 16);
    a = p.rows("a", 32, 32, 16);
    b = p.rows("b", 32, 32, 16);
    y = p.rows("y", 32, 32, 16);
    p.banded("stem", {image}, x, stem);
    p.banded("conv_a", {x}, a, conv);
    p.banded("conv_b", {a}, b, conv);
    Layer& sum = p.banded("sum", {b, x}, y, window(1));
    if (sum_in_place) in_place(sum);
    p.output(y);
  }
  PlanOptions streamed() const {
    PlanOptions o;
    o.stream = {{"stem", "sum"}};
    return o;
  }
};

}  // namespace

TEST_CASE("region: the head of the visual wake words model keeps 9 KB between image and result") {
  const Front f = vww();
  const Plan made = checked_plan(f.p.program, f.streamed(), 4);
  for (int ring : f.rings) CHECK(made.of(ring)->ring_rows == 3);
  const int64_t bytes[] = {1180, 2356, 2404, 2404};
  for (size_t i = 0; i < 4; ++i) CHECK(made.of(f.rings[i])->bytes == bytes[i]);
  for (int band : f.bands) CHECK(made.of(band)->ring_rows == 1);
  CHECK(made.of(f.image)->ring_rows == 0);
  CHECK(made.of(f.result)->ring_rows == 0);
  CHECK(f.between(made) == 9256);
  CHECK(made.arena_bytes == made.live_peak);
  CHECK(made.lower_bound > made.arena_bytes);
}

TEST_CASE("region: an odd width takes two rows at a time where pixels are paired") {
  const Front f = kws();
  const Plan made = checked_plan(f.p.program, f.streamed(), 4);
  for (const Producer& p : schedule(f.p.program, made.regions[0])) CHECK(p.band_rows == 2);
  for (int ring : f.rings) CHECK(made.of(ring)->ring_rows == 4);
  for (int band : f.bands) CHECK(made.of(band)->ring_rows == 2);
  CHECK(f.between(made) == 4 * (4 * 6 * 64 + 4) + 2 * 5 * 64 + 144 + 2);  // rings, one band, scratch, alignment
  const Plan single = checked_plan(f.p.program, f.streamed(1), 4);
  for (int ring : f.rings) CHECK(single.of(ring)->ring_rows == 3);
  CHECK(single.arena_bytes < made.arena_bytes);
}

TEST_CASE("region: bands larger than a map, and a band that ends short") {
  const Front f = kws();
  for (int rows : {1, 2, 3, 4, 7, 24, 25, 26, 100}) checked_plan(f.p.program, f.streamed(rows), 4);
}

TEST_CASE("region: a residual is free with direct convolutions, and costs rows with steps of two") {
  const Residual direct(window(3, 1, 1), window(3, 1, 1), false);
  const Plan made = checked_plan(direct.p.program, direct.streamed(), 4);
  CHECK(made.of(direct.x)->ring_rows == 3);
  CHECK(made.of(direct.a)->ring_rows == 3);
  CHECK(made.of(direct.b)->ring_rows == 1);

  const Residual steps(window(3, 1, 1), window(3, 1, 1, 2), false);
  const Plan winograd = checked_plan(steps.p.program, steps.streamed(), 4);
  CHECK(winograd.of(steps.x)->ring_rows == 5);
  CHECK(winograd.of(steps.a)->ring_rows == 5);
  CHECK(winograd.of(steps.b)->ring_rows == 2);
}

TEST_CASE("region: a band lies in place of the result that its sum makes") {
  const Residual plain(window(3, 1, 1), window(3, 1, 1), false), placed(window(3, 1, 1), window(3, 1, 1), true);
  const Plan made = checked_plan(placed.p.program, placed.streamed(), 4);
  CHECK(made.of(placed.b)->offset == made.of(placed.y)->offset);
  CHECK(made.of(placed.b)->ring_rows == 0);
  CHECK(made.arena_bytes == checked_plan(plain.p.program, plain.streamed(), 4).arena_bytes - 32 * 16);
  Plan apart = made;
  place(apart, placed.y).offset += 4;
  apart.arena_bytes += 64;
  must_reject(placed.p.program, apart, "which it reads", placed.streamed(), 4);
}

TEST_CASE("check_plan: each ring and band one row shorter is rejected") {
  const Front fronts[] = {vww(), kws()};
  for (const Front& f : fronts) {
    const Plan good = checked_plan(f.p.program, f.streamed(), 4);
    int shortened = 0;
    for (size_t i = 0; i < good.buffers.size(); ++i) {
      if (good.buffers[i].ring_rows < 2) continue;
      Plan less = good;
      less.buffers[i].ring_rows -= 1;
      less.buffers[i].bytes -= f.p.program.buffers[size_t(less.buffers[i].buffer)].row_bytes;
      INFO(f.p.program.buffers[size_t(less.buffers[i].buffer)].name);
      CHECK_THROWS_AS(check_plan(f.p.program, less, target_of(4), f.streamed()), InternalError);
      ++shortened;
    }
    CHECK(shortened >= 4);
  }
}

TEST_CASE("check_plan: the borders of planes stay while the region runs") {
  const Front f = vww();
  const Plan good = checked_plan(f.p.program, f.streamed(), 4);
  for (int ring : f.rings) {
    Plan over = good;
    over.arena_bytes += 10000;
    place(over, f.bands[0]).offset = place(over, ring).offset;  // dead when the band is, but for the borders
    CHECK_THROWS_AS(check_plan(f.p.program, over, target_of(4), f.streamed()), InternalError);
  }
}

TEST_CASE("region: state lives between the calls of its layer, scratch does not") {
  Front f = vww();
  const int64_t before = checked_plan(f.p.program, f.streamed(), 4).arena_bytes;
  f.p.program.layers[4].band->state_bytes = 144;  // block2_pw... keeps its scratch
  const Plan made = checked_plan(f.p.program, f.streamed(), 4);
  CHECK(made.arena_bytes == before + 144);
  Plan shared = made;
  shared.scratch_offsets[0] = shared.scratch_offsets[4];
  must_reject(f.p.program, shared, "is lost to", f.streamed(), 4);
}

TEST_CASE("region: a value that is read behind it stays whole, and all its rows are made") {
  Residual r(window(3, 1, 1), window(3, 1, 1), false);
  const int z = r.p.rows("z", 32, 32, 16);
  r.p.banded("behind", {r.a, r.y}, z, window(1));
  r.p.output(z);
  const Plan made = checked_plan(r.p.program, r.streamed(), 4);
  CHECK(made.of(r.a)->ring_rows == 0);
  CHECK(made.of(r.x)->ring_rows == 3);
}

TEST_CASE("region: layers by index, several regions, in any order") {
  const Front f = vww();
  PlanOptions o;
  o.stream = {{"block2_dw", "8"}, {"0", "block1_pw"}};
  const Plan made = checked_plan(f.p.program, o, 4);
  REQUIRE(made.regions.size() == 2);
  CHECK(made.regions[0].first == 0);
  CHECK(made.regions[0].last == 2);
  CHECK(made.regions[1].first == 3);
  CHECK(made.regions[1].last == 8);
  CHECK(made.of(f.rings[1])->ring_rows == 0);  // between the two
}

TEST_CASE("region: what cannot stream is refused with the layer and the reason") {
  const auto refused = [](const Program& program, const std::string& first, const std::string& last) {
    PlanOptions o;
    o.stream = {{first, last}};
    try {
      plan(program, target_of(4), o);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  using Catch::Matchers::Contains;
  Front f = vww();
  const Program& good = f.p.program;
  CHECK_THAT(refused(good, "nothing", "block1_pw"), Contains("--stream: the model has no layer 'nothing'"));
  CHECK_THAT(refused(good, "nothing", "block1_pw"), Contains("\n   8  kernel                        block4_pw"));
  CHECK_THAT(refused(good, "0", "9"), Contains("there is no layer 9: the model has 9"));
  CHECK_THAT(refused(good, "-1", "2"), Contains("there is no layer -1"));
  CHECK_THAT(refused(good, "block1_pw", "conv1"), Contains("'block1_pw' (index 2) runs after 'conv1' (index 0)"));

  Program flat = good;
  flat.layers[3].band.reset();
  CHECK_THAT(refused(flat, "0", "8"),
             Contains("layer 'block2_dw': it cannot run row by row in the region 'conv1'..'block4_pw': its kernel "
                      "kernel needs whole values, not rows"));
  Program two = good;
  two.layers[3].outputs.push_back(f.result);
  CHECK_THAT(refused(two, "0", "8"), Contains("it makes 2 values, not one"));
  Program images = good;
  images.buffers[size_t(f.bands[1])].bytes *= 2;
  CHECK_THAT(refused(images, "0", "8"), Contains("layer 'block2_dw'") && Contains("holds several images"));

  ProgramBuilder seen = f.p;
  const int flattened = seen.view("flattened", f.bands[0], 0, seen.program.buffers[size_t(f.bands[0])].bytes);
  seen.program.layers[2].inputs[0].buffer = flattened;
  CHECK_THAT(refused(seen.program, "0", "8"), Contains("layer 'block1_pw'") && Contains("reads 'flattened'"));

  PlanOptions overlapping;
  overlapping.stream = {{"0", "3"}, {"3", "5"}};
  CHECK_THROWS_WITH(plan(good, target_of(4), overlapping), Contains("two regions share layer 'block2_dw' (index 3)"));
  PlanOptions negative = f.streamed(-1);
  CHECK_THROWS_WITH(plan(good, target_of(4), negative), Contains("-1 rows cannot be made at a time"));
}

TEST_CASE("check_plan: regions that overlap, run backwards or hold a flat layer") {
  Front f = vww();
  const Plan good = checked_plan(f.p.program, f.streamed(), 4);
  Plan backwards = good;
  backwards.regions[0] = {5, 2};
  must_reject(f.p.program, backwards, "a region of layers 5 to 2", f.streamed(), 4);
  Plan twice = good;
  twice.regions.push_back(twice.regions[0]);
  must_reject(f.p.program, twice, "where 9 or later is due", f.streamed(), 4);
  Plan none = good;  // its rings are too short for whole layers
  none.regions.clear();
  CHECK_THROWS_AS(check_plan(f.p.program, none, target_of(4), f.streamed()), InternalError);
  f.p.program.layers[3].band.reset();
  must_reject(f.p.program, good, "layer 'block2_dw' cannot stream", f.streamed(), 4);
}

TEST_CASE("schedule: bodies end with the layer whose rows others read; bands end where they are asked to") {
  const Front f = vww();
  const std::vector<Producer> producers = schedule(f.p.program, {0, 8});
  REQUIRE(producers.size() == 5);
  CHECK(producers[0].layers == std::vector<int>{0});
  CHECK(producers[1].layers == std::vector<int>{1, 2});
  CHECK(producers[4].layers == std::vector<int>{7, 8});
  for (const Producer& p : producers) CHECK(p.drives == (&p == &producers.back()));

  const Residual r(window(3, 1, 1), window(3, 1, 1, 2), false);
  const std::vector<Producer> steps = schedule(r.p.program, {0, 3, 3});
  REQUIRE(steps.size() == 3);
  CHECK(steps[2].layers == std::vector<int>{2, 3});  // conv_b and its sum
  CHECK(steps[0].band_rows == 3);
  CHECK(steps[1].band_rows == 4);  // a multiple of the step
  CHECK(band_end(steps[0], 3, 100, 32) == 6);
  CHECK(band_end(steps[0], 3, 5, 32) == 5);
  CHECK(band_end(steps[1], 4, 5, 32) == 6);
  CHECK(band_end(steps[1], 4, 100, 32) == 8);
  CHECK(band_end(steps[1], 4, 7, 7) == 7);
}
