// The pipeline: order, dump, and the check that names a pass which moves a value.
#include "passes/pipeline.hpp"

#include "compiler/error.hpp"
#include "tests/passes/tiny_ops.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::tiny;

namespace {

Graph one_layer(std::optional<Storage> stored_as = {}) {
  Graph g;
  Value* a = add(g, make<Scale>(3.0), {g.add_input("x", floats({64}))}, "a", stored_as);
  g.outputs = {add(g, make<Scale>(1.0), {a}, "y")};
  return g;
}

// Rewrites the first layer to another factor.
template <int per_mille>
void scale_first(Graph& g, ReportLines& lines) {
  const Node* n = g.nodes()[0];
  const Node* made = g.insert_before(
      g.nodes()[0], {make<Scale>(3.0 * (1 + per_mille / 1000.0)), n->inputs, n->name, {"new"}, n->stored_as});
  g.replace_uses(n->outputs[0], made->outputs[0]);
  std::swap(n->outputs[0]->name, made->outputs[0]->name);
  lines.push_back("scaled");
}
void nothing(Graph&, ReportLines&) {}
void leaves_a_bad_user(Graph& g, ReportLines&) {
  g.outputs[0]->users.push_back(g.nodes()[0]);
}

std::string check(Graph g, std::vector<Pass> passes) {
  PipelineOptions options;
  options.check_passes = true;
  try {
    run_passes(g, passes, options);
    return "";
  } catch (const InternalError& e) {
    return e.what();
  }
}

// 0.03 a step: 4 per mille of 3.0 is at most half a step, 20 per mille 2 steps.
const Storage bytes_of_a{ElementType::int8, {{0.03f}, {0}}};

}  // namespace

TEST_CASE("pipeline: the table has a reason for each pass, and runs on a graph") {
  for (const Pass& p : pipeline()) CHECK(std::string(p.reason).size() > 10);
  Graph g = one_layer();
  run_pipeline(g, {});
  CHECK(g.outputs[0]->name == "y");
}

TEST_CASE("pipeline: report lines come in order") {
  Graph g = one_layer();
  const std::vector<Pass> passes = {{"a", scale_first<0>, true, ""}, {"b", nothing, true, ""}};
  CHECK(run_passes(g, passes, {}) == ReportLines{"scaled"});
}

TEST_CASE("pipeline: a dump is made after the pass named, each time it runs") {
  Graph g = one_layer();
  const std::vector<Pass> passes = {{"a", nothing, true, ""}, {"b", nothing, true, ""}, {"a", nothing, true, ""}};
  PipelineOptions options;
  std::vector<std::string> dumps;
  options.dump = [&](const std::string& text) { dumps.push_back(text); };
  options.dump_after = "a";
  run_passes(g, passes, options);
  REQUIRE(dumps.size() == 2);
  CHECK(dumps[0] == print(g));
  options.dump_after = "c";
  CHECK_THROWS_WITH(run_passes(g, passes, options), "--dump-after: there is no pass 'c'. The passes are: a, b.");
}

TEST_CASE("pipeline: a pass that breaks the graph is stopped by verify") {
  Graph g = one_layer();
  const std::vector<Pass> passes = {{"a", leaves_a_bad_user, true, ""}};
  CHECK_THROWS_AS(run_passes(g, passes, {}), InternalError);
}

TEST_CASE("check_passes: names the first pass that moves a float beyond tolerance") {
  const Pass good{"good", scale_first<0>, true, ""}, bad{"bad", scale_first<1>, false, ""},
      worse{"worse", scale_first<50>, false, ""};
  CHECK(check(one_layer(), {good, good}) == "");
  CHECK(check(one_layer(), {good, bad, worse}).find("pass bad: value 'a' moved") == 0);
}

TEST_CASE("check_passes: a quantized value may move by one step, not by two, and by none in an exact pass") {
  const Pass step{"step", scale_first<4>, false, ""}, steps{"steps", scale_first<20>, false, ""},
      liar{"liar", scale_first<4>, true, ""};
  CHECK(check(one_layer(bytes_of_a), {step}) == "");
  CHECK(check(one_layer(bytes_of_a), {steps}).find("pass steps: value 'a' moved by 2 steps") == 0);
  CHECK(check(one_layer(bytes_of_a), {liar}).find("pass liar: value 'a' moved by 1 steps") == 0);
}

TEST_CASE("check_passes: layers are judged on the values from before, so nothing is amplified") {
  Graph g = one_layer(bytes_of_a);
  g.outputs[0] = add(g, make<Scale>(8.0), {g.find("a")}, "z", bytes_of_a);  // one step of a is eight of z
  CHECK(check(std::move(g), {{"step", scale_first<4>, false, ""}}) == "");
}

TEST_CASE("check_passes: given inputs are used, absent ones made up") {
  Graph g = one_layer();
  const Values given = complete_inputs(g, {{"x", Tensor::of<float>({64}, std::vector<float>(64, 7.0f))}});
  CHECK(given.at("x").as<float>()[0] == 7.0f);
  const Values made = complete_inputs(g, {});
  CHECK(made.at("x").as<float>()[0] != made.at("x").as<float>()[1]);
  CHECK(made == complete_inputs(g, {}));
}
