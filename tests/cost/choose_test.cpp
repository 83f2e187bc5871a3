// The choice among a layer's forms, on layers made by hand of kernels in no table: a MAC is four instructions, a body
// 1000 bytes.
#include "compiler/choose.hpp"

#include <catch2/catch.hpp>

#include "compiler/compile.hpp"
#include "compiler/cost.hpp"

namespace thimble::compiler::test {

namespace {

Target unknown_target() {
  Target target;
  target.name = "plain";
  target.cost_family = "none";
  return target;
}

// Layers on buffers 0 to 1, with `alternatives` of given MACs and weights each.
struct Maker {
  Program program;
  std::vector<Alternatives> layers;

  Maker() {
    for (const char* name : {"in", "out"}) {
      Buffer b;
      b.name = name;
      b.type = {ElementType::int8, {1}, {}};
      b.bytes = b.row_bytes = 1;
      program.buffers.push_back(b);
    }
  }

  Layer form(const std::string& kernel, int64_t macs, size_t weights, char fill = 1) {
    Layer layer;
    layer.name = "layer";
    layer.kernel = kernel;
    layer.inputs = {{0}};
    layer.outputs = {1};
    layer.macs = macs;
    program.constants.push_back(ConstantArray::of("weights", "", std::vector<int8_t>(weights, fill), true));
    layer.fields = {{"weights", Field::Array{int(program.constants.size()) - 1}}};
    return layer;
  }

  std::string chosen(const ChoiceOptions& options) {
    Program p = program;
    choose(p, layers, unknown_target(), options);
    std::string kernels;
    for (const Layer& layer : p.layers) kernels += layer.kernel + (layer.specialised ? "! " : " ");
    for (const Layer& layer : p.layers) {
      const int c = std::get<Field::Array>(layer.fields[0].value).constant;
      REQUIRE(c < int(p.constants.size()));
    }
    return kernels;
  }
  Program lowered(const ChoiceOptions& options) {
    Program p = program;
    choose(p, layers, unknown_target(), options);
    return p;
  }
};

}  // namespace

TEST_CASE("a form that saves instructions is bought as far as the mode and the flash go") {
  Maker m;
  m.layers = {{m.form("slow", 1000000, 1000), m.form("quick", 500000, 4000)}};
  CHECK(m.chosen({}) == "quick ");
  CHECK(m.chosen({.optimize = Optimize::balanced}) == "quick ");
  m.layers = {{m.form("slow", 1000000, 1000), m.form("quick", 990000, 4000)}};  // 1 % for 3 KB
  CHECK(m.chosen({}) == "quick ");
  CHECK(m.chosen({.optimize = Optimize::balanced}) == "slow ");
  m.layers = {{m.form("slow", 1000000, 1000), m.form("quick", 999900, 4000)}};  // 0.01 %
  CHECK(m.chosen({}) == "slow ");
}

TEST_CASE("the flash that is allowed is a limit with code included") {
  Maker m;
  m.layers = {{m.form("slow", 1000000, 1000), m.form("quick", 500000, 4000)}};
  ChoiceOptions options;
  const Estimate all = estimate(m.lowered(options), unknown_target());
  options.flash = all.code + all.weights;
  CHECK(m.chosen(options) == "quick ");
  --options.flash;
  CHECK(m.chosen(options) == "slow ");
}

TEST_CASE("a body that several layers use is paid for once") {
  // One layer alone does not earn the body: 70 instructions in a run of 12 million.
  const auto layers = [](int count) {
    Maker m;
    for (int i = 0; i < 30; ++i) {
      Alternatives a{m.form("slow", 100000, 100, char(i))};
      if (i < count) a.push_back(m.form("quick", 99930, 100, char(i)));
      m.layers.push_back(a);
    }
    const std::string text = m.chosen({});
    return text.find("quick") != std::string::npos;
  };
  CHECK_FALSE(layers(1));
  CHECK(layers(30));
}

TEST_CASE("the smallest form comes first where none is faster, and only what is read stays") {
  Maker m;
  m.layers = {{m.form("large", 1000, 500), m.form("small", 1000, 50)}, {m.form("large", 1000, 50)}};
  CHECK(m.chosen({}) == "large large ");  // its body is there anyway
  m.layers[0][0] = m.form("large", 1000, 5000);
  CHECK(m.chosen({}) == "small large ");
  Maker apart;
  apart.layers = {{apart.form("large", 1000, 5000), apart.form("small", 1000, 50)}};
  const Program q = apart.lowered({});
  CHECK(q.layers[0].kernel == "small");
  REQUIRE(q.constants.size() == 1);
  CHECK(q.constants[0].bytes.size() == 50);
}

TEST_CASE("the options that tests use take the choice away") {
  Maker m;
  Layer shaped = m.form("slow", 1000000, 1000);
  shaped.shape_struct = "Shape";
  shaped.shape = {{"width", int64_t(4)}};
  m.layers = {{shaped, m.form("quick", 500000, 4000), m.form("quickest", 100, 9000)}};
  CHECK(m.chosen({.alternative = 0}) == "slow ");
  CHECK(m.chosen({.specialise = true, .alternative = 0}) == "slow! ");
  CHECK(m.chosen({.specialise = false, .alternative = 0}) == "slow ");
  CHECK(m.chosen({.alternative = 1}) == "quick ");
  CHECK(m.chosen({.alternative = 7}) == "quickest ");
}

TEST_CASE("specialised layers of one shape are one copy") {
  Maker m;
  for (int64_t width : {4, 4, 5}) {
    Layer layer = m.form("kernel", 1000, 100);
    layer.shape_struct = "Shape";
    layer.shape = {{"width", width}};
    m.layers.push_back({layer});
  }
  const Program p = m.lowered({.specialise = true});
  CHECK(estimate(p, unknown_target()).bodies == std::vector<size_t>{0, 0, 2});
  CHECK(estimate(m.lowered({.specialise = false}), unknown_target()).bodies == std::vector<size_t>{0, 0, 0});
}

}  // namespace thimble::compiler::test
