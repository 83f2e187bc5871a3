// Functions of each element: one row of a table for each, with its meaning and its kernel.
#include <algorithm>
#include <cmath>

#include "compiler/import_node.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/table.hpp"

namespace thimble::compiler {

namespace {

struct Parameters {
  float alpha = 0, beta = 0;
  bool operator==(const Parameters&) const = default;
};

struct UnaryFunction {
  std::string_view name;  // ONNX's
  const char* kernel;
  double (*apply)(double x, const Parameters&);
  // Names and defaults of the attributes; null: none.
  const char* first = nullptr;
  const char* second = nullptr;
  Parameters defaults = {};
};

double hard_sigmoid(double x, double alpha, double beta) {
  return std::clamp(alpha * x + beta, 0.0, 1.0);
}

#define THIMBLE_F(expression) [](double x, const Parameters&) -> double { return expression; }
#define THIMBLE_FP(expression) [](double x, const Parameters& p) -> double { return expression; }
constexpr UnaryFunction functions[] = {
    {"Abs", "abs_float", THIMBLE_F(std::abs(x))},
    {"Ceil", "ceil_float", THIMBLE_F(std::ceil(x))},
    {"Cos", "cos_float", THIMBLE_F(std::cos(x))},
    {"Elu", "elu_float", THIMBLE_FP(x < 0 ? double(p.alpha) * std::expm1(x) : x), "alpha", nullptr, {1.0f, 0}},
    {"Erf", "erf_float", THIMBLE_F(std::erf(x))},
    {"Exp", "exp_float", THIMBLE_F(std::exp(x))},
    {"Floor", "floor_float", THIMBLE_F(std::floor(x))},
    {"HardSigmoid",
     "hard_sigmoid_float",
     THIMBLE_FP(hard_sigmoid(x, double(p.alpha), double(p.beta))),
     "alpha",
     "beta",
     {0.2f, 0.5f}},
    {"HardSwish", "hard_swish_float", THIMBLE_F(x* hard_sigmoid(x, 1.0 / 6, 0.5))},
    {"LeakyRelu", "leaky_relu_float", THIMBLE_FP(x < 0 ? double(p.alpha) * x : x), "alpha", nullptr, {0.01f, 0}},
    {"Log", "log_float", THIMBLE_F(std::log(x))},
    {"Neg", "neg_float", THIMBLE_F(-x)},
    {"Reciprocal", "reciprocal_float", THIMBLE_F(1 / x)},
    {"Round", "round_float", THIMBLE_F(std::nearbyint(x))},
    {"Sigmoid", "sigmoid_float", THIMBLE_F(1 / (1 + std::exp(-x)))},
    {"Sin", "sin_float", THIMBLE_F(std::sin(x))},
    {"Softplus", "softplus_float", THIMBLE_F(std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))))},
    {"Sqrt", "sqrt_float", THIMBLE_F(std::sqrt(x))},
    {"Tanh", "tanh_float", THIMBLE_F(std::tanh(x))},
};
#undef THIMBLE_F
#undef THIMBLE_FP

class UnaryOp : public Op {
 public:
  UnaryOp(const UnaryFunction& function, Parameters parameters) : function_(function), parameters_(parameters) {}

  std::string_view name() const override { return function_.name; }
  std::string attributes() const override {
    std::string text;
    if (function_.first) text = fmt::format("{}={}", function_.first, parameters_.alpha);
    if (function_.second) text += fmt::format(" {}={}", function_.second, parameters_.beta);
    return text;
  }
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string& node) const override {
    if (in[0].element == ElementType::boolean)
      throw Error(described(*this, node), "its operand is " + to_string(in[0]), "It takes numbers.");
    return {{in[0].quantization ? ElementType::float32 : in[0].element, in[0].shape, {}}};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    RealTensor out = in[0];
    for (double& v : out.values) v = function_.apply(v, parameters_);
    return {out};
  }
  void lower(Lowering& lowering, const Node& node) const override {
    const TensorType& in = node.inputs[0]->type;
    if (node.stored_as && integer_form(std::span(&in, 1), *node.stored_as)) {
      const auto f = [&](double x) { return function_.apply(x, parameters_); };
      return lower_as_table(lowering, node, table_values(f, in, *node.stored_as));
    }
    if (in.element != ElementType::float32)
      throw Error(described(node), fmt::format("{} of {} has no kernel", name(), to_string(in)),
                  "It takes float32, and int8 or uint8 with one scale.");
    Layer layer = elementwise_layer(lowering, node, function_.kernel, "unary_float.hpp", "Unary");
    layer.fields.push_back({"alpha", parameters_.alpha});
    layer.fields.push_back({"beta", parameters_.beta});
    lowering.add(std::move(layer));
  }
  bool elementwise_unary() const override { return true; }
  bool integer_form(std::span<const TensorType> in, const Storage& out) const override {
    return fits_table(in[0].element, in[0].quantization) && fits_table(out.element, out.quantization);
  }

 private:
  const UnaryFunction& function_;
  Parameters parameters_;
};

template <size_t index>
void import_function(ImportNode& n) {
  const UnaryFunction& f = functions[index];
  Parameters p = f.defaults;
  if (f.first) p.alpha = n.real(f.first, p.alpha);
  if (f.second) p.beta = n.real(f.second, p.beta);
  n.finish(std::make_shared<UnaryOp>(f, p), {n.required_input(0)});
}

constexpr size_t index_of(std::string_view name) {
  size_t i = 0;
  while (functions[i].name != name) ++i;  // a name that is not there does not compile
  return i;
}

}  // namespace

#define THIMBLE_UNARY(onnx_name, import)      \
  void import(ImportNode& n) {                \
    import_function<index_of(#onnx_name)>(n); \
  }
THIMBLE_UNARY(Abs, import_abs)
THIMBLE_UNARY(Ceil, import_ceil)
THIMBLE_UNARY(Cos, import_cos)
THIMBLE_UNARY(Elu, import_elu)
THIMBLE_UNARY(Erf, import_erf)
THIMBLE_UNARY(Exp, import_exp)
THIMBLE_UNARY(Floor, import_floor)
THIMBLE_UNARY(HardSigmoid, import_hard_sigmoid)
THIMBLE_UNARY(HardSwish, import_hard_swish)
THIMBLE_UNARY(LeakyRelu, import_leaky_relu)
THIMBLE_UNARY(Log, import_log)
THIMBLE_UNARY(Neg, import_neg)
THIMBLE_UNARY(Reciprocal, import_reciprocal)
THIMBLE_UNARY(Round, import_round)
THIMBLE_UNARY(Sigmoid, import_sigmoid)
THIMBLE_UNARY(Sin, import_sin)
THIMBLE_UNARY(Softplus, import_softplus)
THIMBLE_UNARY(Sqrt, import_sqrt)
THIMBLE_UNARY(Tanh, import_tanh)
#undef THIMBLE_UNARY

}  // namespace thimble::compiler
