// Comparisons, And, Or, Not and Where: exporters compute shapes with them. They fold; at run time they have no kernel.
#include <cmath>

#include "compiler/import_node.hpp"
#include "compiler/lowering.hpp"
#include "compiler/ops/described.hpp"

namespace thimble::compiler {

namespace {

struct LogicFunction {
  std::string_view name;  // ONNX's
  size_t operands;
  double (*apply)(const double* x);
};

constexpr LogicFunction functions[] = {
    {"And", 2, [](const double* x) { return double(x[0] != 0 && x[1] != 0); }},
    {"Equal", 2, [](const double* x) { return double(x[0] == x[1]); }},
    {"Greater", 2, [](const double* x) { return double(x[0] > x[1]); }},
    {"GreaterOrEqual", 2, [](const double* x) { return double(x[0] >= x[1]); }},
    {"Less", 2, [](const double* x) { return double(x[0] < x[1]); }},
    {"LessOrEqual", 2, [](const double* x) { return double(x[0] <= x[1]); }},
    {"Not", 1, [](const double* x) { return double(x[0] == 0); }},
    {"Or", 2, [](const double* x) { return double(x[0] != 0 || x[1] != 0); }},
    {"Where", 3, [](const double* x) { return x[0] != 0 ? x[1] : x[2]; }},
};

class LogicOp : public Op {
 public:
  explicit LogicOp(const LogicFunction& function) : function_(function) {}

  std::string_view name() const override { return function_.name; }
  std::string attributes() const override { return ""; }
  // Where has the type of what it chooses from, all others are boolean.
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string& node) const override {
    TensorType out{ElementType::boolean, {}, {}};
    for (const TensorType& t : in) out.shape = broadcast_shape(out.shape, t.shape, described(*this, node));
    if (function_.operands < 3) return {out};
    if (in[1].element != in[2].element || in[1].quantization != in[2].quantization)
      throw Error(described(*this, node),
                  fmt::format("it chooses between {} and {}", to_string(in[1]), to_string(in[2])),
                  "Both must have one type.");
    out.element = in[1].element;
    out.quantization = in[1].quantization;
    return {out};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    RealTensor out;
    for (const RealTensor& t : in) out.shape = broadcast_shape(out.shape, t.shape, "eval");
    const int64_t count = element_count(out.shape);
    for (int64_t k = 0; k < count; ++k) {
      double x[3] = {};
      for (size_t o = 0; o < in.size(); ++o) x[o] = in[o].values[element_shown(in[o].shape, out.shape, k)];
      out.values.push_back(function_.apply(x));
    }
    return {out};
  }
  void lower(Lowering&, const Node& node) const override {
    throw Error(described(node), fmt::format("{} of values computed at run time has no kernel", name()),
                "It is for constants and shapes.");
  }

 private:
  // The element of an operand of this shape that element k of the result shows.
  static size_t element_shown(const Shape& operand, const Shape& result, int64_t k) {
    int64_t at = 0, stride = 1;
    for (size_t i = result.size(), j = operand.size(); j > 0; k /= result[i]) {
      --i;
      --j;
      if (operand[j] == 1) continue;
      at += k % result[i] * stride;
      stride *= operand[j];
    }
    return size_t(at);
  }

  const LogicFunction& function_;
};

void import_logic(ImportNode& n, std::string_view name) {
  for (const LogicFunction& f : functions) {
    if (f.name != name) continue;
    std::vector<Value*> operands;
    for (size_t i = 0; i < f.operands; ++i) operands.push_back(n.required_input(i));
    return n.finish(std::make_shared<LogicOp>(f), operands);
  }
  throw InternalError("no logic function " + std::string(name));
}

}  // namespace

void import_and(ImportNode& n) {
  import_logic(n, "And");
}
void import_equal(ImportNode& n) {
  import_logic(n, "Equal");
}
void import_greater(ImportNode& n) {
  import_logic(n, "Greater");
}
void import_greater_or_equal(ImportNode& n) {
  import_logic(n, "GreaterOrEqual");
}
void import_less(ImportNode& n) {
  import_logic(n, "Less");
}
void import_less_or_equal(ImportNode& n) {
  import_logic(n, "LessOrEqual");
}
void import_not(ImportNode& n) {
  import_logic(n, "Not");
}
void import_or(ImportNode& n) {
  import_logic(n, "Or");
}
void import_where(ImportNode& n) {
  import_logic(n, "Where");
}

}  // namespace thimble::compiler
