// The models in tests/models: each imports whole, and its quantization lies where its layers will look for it.
#include <algorithm>
#include <catch2/catch.hpp>

#include "model_file.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;

namespace {

struct Expected {
  const char* name;
  const char* input;  // the type of the model's only input
  const char* output;
};
constexpr Expected models[] = {{"ad_float", "float32[1,640]", "float32[1,640]"},
                               {"ad_int8", "int8[1,640] x0.39101523+89", "int8[1,640] x0.36449847+96"},
                               {"hand_keypoints_float", "float32[1,42]", "float32[1,3]"},
                               {"ic_float", "float32[1,32,32,3]", "float32[1,10]"},
                               {"ic_int8", "int8[1,32,32,3] x1-128", "int8[1,10] x0.00390625-128"},
                               {"kws_float", "float32[1,49,10,1]", "float32[1,12]"},
                               {"kws_int8", "int8[1,49,10,1] x0.5847029+83", "int8[1,12] x0.00390625-128"},
                               {"mnist_float", "float32[1,1,28,28]", "float32[1,10]"},
                               {"mnist_resnet_int8", "int8[1,28,28,1] x0.003921569-128", "int8[1,10] x0.00390625-128"},
                               {"sww_int8", "int8[1,30,1,40] x0.0037010426-128", "int8[1,3] x0.00390625-128"},
                               {"vww_float", "float32[1,96,96,3]", "float32[1,2]"},
                               {"vww_int8", "int8[1,96,96,3] x0.003921569-128", "int8[1,2] x0.00390625-128"}};

}  // namespace

TEST_CASE("The models of tests/models import whole") {
  for (const Expected& e : models) {
    INFO(e.name);
    const Graph g =
        import_model(load_model(std::string(THIMBLE_SOURCE_DIR) + "/tests/models/" + e.name + "/model.onnx", {}));
    REQUIRE(g.inputs.size() == 1);
    REQUIRE(g.outputs.size() == 1);
    CHECK(to_string(g.inputs[0]->type) == e.input);
    CHECK(to_string(g.outputs[0]->type) == e.output);
    // Every integer that is dequantized got its quantization from where it comes from: nothing is reinterpreted.
    const auto nodes = g.nodes();
    CHECK(std::none_of(nodes.begin(), nodes.end(), [](const Node* n) { return n->op->name() == "Reinterpret"; }));
    // The only integers without quantization are shapes, which are folded away.
    for (const Node* n : nodes)
      for (const Value* v : n->inputs)
        CHECK((v->type.element == ElementType::float32 || v->type.quantization.has_value()));
  }
}
