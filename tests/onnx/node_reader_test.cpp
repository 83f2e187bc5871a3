// What an op's import function gets from the reader: attributes by type, constants, and the check that all was read.
#include "compiler/onnx/node_reader.hpp"

#include <onnx/defs/parser.h>

#include <catch2/catch.hpp>

using namespace thimble::compiler;
using Catch::Contains;

namespace {

class Reader : public NodeReader {
 public:
  Reader(const onnx::NodeProto& node, std::vector<Value*> inputs, int64_t opset)
      : NodeReader(node, opset, std::move(inputs)) {}
  bool output_used(size_t) const override { return true; }
  Value* emit(OpPtr, std::vector<Value*>, std::optional<Storage>) override { return nullptr; }
  void finish(OpPtr, std::vector<Value*>, std::optional<Storage>) override {}
  Value* constant(Tensor) override { return nullptr; }
  void bind(size_t, Value*) override {}
};

struct Read {
  onnx::NodeProto node;
  Value x, shape;
  std::unique_ptr<Reader> reader;

  explicit Read(const std::string& text, int64_t opset = 13) {
    REQUIRE(onnx::OnnxParser::Parse(node, text.c_str()).IsOK());
    x.name = "x";
    x.type = {ElementType::float32, {4}, {}};
    shape.name = "shape";
    shape.constant = std::make_shared<const Tensor>(Tensor::of<int64_t>({2}, {3, INT64_MAX}));
    shape.type = shape.constant->type;
    reader = std::make_unique<Reader>(node, std::vector<Value*>{&x, &shape, nullptr}, opset);
  }
  Reader* operator->() { return reader.get(); }
};

}  // namespace

TEST_CASE("Attributes are read by their type") {
  Read n("[n] y = Op <i = 5, f = 1.5, s = \"text\", is = [1, 2], fs = [0.5]> (x)");
  CHECK(n->name() == "Op 'n'");
  CHECK(n->integer("i", 0) == 5);
  CHECK(n->required_integer("i") == 5);
  CHECK(n->real("f", 0) == 1.5f);
  CHECK(n->text("s", "") == "text");
  CHECK(n->integers("is", {}) == std::vector<int64_t>{1, 2});
  CHECK(n->reals("fs") == std::vector<float>{0.5f});
  CHECK(n->tensor("is") == Tensor::of<int64_t>({2}, {1, 2}));
  CHECK(n->tensor("f") == Tensor::of<float>({}, {1.5f}));
  CHECK(n->integer("none", 7) == 7);
  CHECK_FALSE(n->tensor("none"));
  CHECK_FALSE(n->reals("none"));
  CHECK_THROWS_WITH(n->integer("f", 0), Contains("attribute 'f' is of type float, it must be int"));
  CHECK_THROWS_WITH(n->tensor("s"), Contains("attribute 's' is of type string, it must be a tensor or numbers"));
  CHECK_THROWS_WITH(n->required_integer("none"), Contains("attribute 'none' is absent"));
}

TEST_CASE("Integers saturate, tensors are exact") {
  Read n("y = Op <i = 9223372036854775807, is = [-9223372036854775807]> (x)");
  CHECK(n->integer("i", 0) == INT32_MAX);
  CHECK(n->integers("is", {}) == std::vector<int64_t>{-INT32_MAX});
  CHECK(n->tensor("i") == Tensor::of<int64_t>({}, {INT64_MAX}));
  CHECK(n->constant_integers(1, "the shape") == std::vector<int64_t>{3, INT32_MAX});
}

TEST_CASE("Operands that must be constants") {
  Read n("[n] y = Op (x, shape, none)");
  CHECK_FALSE(n->constant_integers(2, "the axes"));
  CHECK_FALSE(n->constant_reals(9, "the axes"));
  CHECK(n->constant_reals(1, "the shape").value()[0] == 3);
  CHECK_THROWS_WITH(n->constant_integers(0, "the shape"),
                    Contains("Op 'n': the shape (operand 0, 'x') is not known at compile time"));
  n.x.constant = std::make_shared<const Tensor>(Tensor::of<float>({1}, {1}));
  CHECK_THROWS_WITH(n->constant_integers(0, "the shape"), Contains("is float32, it must be integers"));
  CHECK_THROWS_WITH(n->required_input(2), Contains("operand 2 is absent"));
}

TEST_CASE("Element types by ONNX's number") {
  Read n("[n] y = Cast <to = 10, odd = 4, unknown = 99> (x)");
  CHECK(n->element("to") == ElementType::float32);
  CHECK_FALSE(n->element("none"));
  CHECK_THROWS_WITH(n->element("odd"), Contains("elements of type uint16"));
  CHECK_THROWS_WITH(n->element("unknown"), Contains("elements of type number 99"));
}

TEST_CASE("An attribute that nobody read is an error, unless it says what its absence says") {
  Read n("[n] y = Gemm <transB = 1, alpha = 1.0, beta = 2.0> (x, shape)");
  CHECK_THROWS_WITH(n->check_all_read(), Contains("Gemm 'n': attribute 'beta', 'transB' is not supported"));
  n->real("beta", 1);
  n->has("transB");
  CHECK_NOTHROW(n->check_all_read());  // alpha is 1 when absent
}
