// An activation goes into the layer before it.
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

// All its operand's elements, clipped: stands for MaxPool.
class Pick : public Scale {
 public:
  explicit Pick(ClampRange clamp = {}) : Scale(1.0, true, clamp), clamp_(clamp) {}
  std::string_view name() const override { return "Pick"; }
  OpPtr with_clamp(const ClampRange& r) const override { return std::make_shared<Pick>(clamp_.then(r)); }
  bool commutes_with_storing() const override { return clamp_.open(); }

 private:
  ClampRange clamp_;
};

}  // namespace

TEST_CASE("fuse_clamp: clamps in a row all go into the producer, and ranges intersect") {
  Graph g;
  Value* x = g.add_input("x", floats({8}));
  Value* a = add(g, make<Scale>(3.0), {x}, "a");
  Value* b = add(g, make<Clamp>(0.0), {a}, "b");
  g.outputs = {add(g, make<Clamp>(-1.0, 0.5), {b}, "c")};
  apply(g, fuse_clamp, 0);
  REQUIRE(ops_of(g) == "Scale");
  CHECK(g.nodes()[0]->op->attributes() == "factor=3.000000 clamp=[0,0.5]");
  CHECK(g.outputs[0]->name == "c");
}

TEST_CASE("fuse_clamp: on quantized values of one type, the layer clips before it rounds") {
  Graph g;
  const Storage s{ElementType::int8, {{0.01f}, {-3}}};
  Value* a = add(g, make<Scale>(3.0), {g.add_input("x", bytes({64}, 0.005f, 2))}, "a", s);
  g.outputs = {add(g, make<Clamp>(0.0, 0.777), {a}, "b", s)};
  apply(g, fuse_clamp, 0);
  CHECK(ops_of(g) == "Scale");
}

TEST_CASE("fuse_clamp: not when the operand is read by another, is an output, or is stored otherwise") {
  Graph g;
  Value* x = g.add_input("x", floats({8}));
  Value* shared = add(g, make<Scale>(3.0), {x}, "shared");
  Value* output = add(g, make<Scale>(4.0), {x}, "output");
  Value* stored = add(g, make<Scale>(5.0), {x}, "stored", Storage{ElementType::int8, {{0.5f}, {0}}});
  g.outputs = {add(g, make<Clamp>(0.0), {shared}, "a"), add(g, make<Scale>(1.0), {shared}, "b"), output,
               add(g, make<Clamp>(0.0), {output}, "c"), add(g, make<Clamp>(0.0), {stored}, "d")};
  apply(g, fuse_clamp, 0);
  CHECK(ops_of(g) == "Scale Scale Scale Clamp Scale Clamp Clamp");
}

TEST_CASE("fuse_clamp: not into an input or into an op that cannot clip") {
  Graph g;
  Value* x = g.add_input("x", floats({8}));
  Value* y = g.add_input("y", floats({8}));
  Value* a = add(g, make<Clamp>(-1.0), {x}, "a");  // Clamp here answers no with_clamp
  g.outputs = {add(g, make<Clamp>(0.0), {a}, "b"), add(g, make<Clamp>(0.0), {y}, "c")};
  apply(g, fuse_clamp, 0);
  CHECK(ops_of(g) == "Clamp Clamp Clamp");
}

TEST_CASE("fuse_clamp: not into what picks elements when the result is quantized") {
  for (bool quantized : {false, true}) {
    Graph g;
    Value* a = add(g, make<Pick>(), {g.add_input("x", floats({8}))}, "a");
    Value* b = add(g, make<Clamp>(0.0), {a}, "b");
    g.outputs = {quantized ? add(g, make<Store>(), {b}, "c", Storage{ElementType::int8, {{0.01f}, {-3}}}) : b};
    apply(g, fuse_clamp, 0);
    CHECK(ops_of(g) == (quantized ? "Pick Clamp Store" : "Pick"));
  }
}
