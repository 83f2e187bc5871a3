// Functions of two reals; Add, Sub and Mul of int8; and of integers where they fold.
#include "compiler/ops/binary.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/import_node.hpp"
#include "compiler/ops/broadcast_lowering.hpp"
#include "compiler/ops/described.hpp"
#include "compiler/ops/int8_sum.hpp"

namespace thimble::compiler {

namespace {

struct ArithmeticFacts {
  std::string_view name;  // ONNX's
  const char* verb;       // the kernels' names begin with it
  double (*apply)(double, double);
};

const ArithmeticFacts& facts(Arithmetic kind) {
  static const ArithmeticFacts table[] = {
      {"Add", "add", [](double a, double b) { return a + b; }},
      {"Sub", "subtract", [](double a, double b) { return a - b; }},
      {"Mul", "multiply", [](double a, double b) { return a * b; }},
      {"Div", "divide", [](double a, double b) { return a / b; }},
      {"Min", "minimum", [](double a, double b) { return std::min(a, b); }},
      {"Max", "maximum", [](double a, double b) { return std::max(a, b); }},
      {"Pow", "power", [](double a, double b) { return std::pow(a, b); }},
      {"PRelu", "prelu", [](double x, double slope) { return x < 0 ? slope * x : x; }}};
  return table[size_t(kind)];
}

bool is_real(const TensorType& t) {
  return t.element == ElementType::float32 || t.quantization;
}

bool is_int8(ElementType element, const std::optional<Quantization>& q) {
  return element == ElementType::int8 && q && !q->per_axis();
}

Int8Scale int8_scale(const TensorType& t) {
  return {t.quantization->scales[0], t.quantization->zero_points[0]};
}

Layer binary_layer(const Node& node, const BroadcastOperands& operands, const std::string& kernel,
                   const std::string& header, const std::string& constants) {
  Layer layer;
  layer.name = node.name;
  layer.kernel = kernel + (operands.alike ? "" : "_broadcast");
  layer.headers = {header};
  layer.constants_struct = constants + (operands.alike ? "" : "Broadcast");
  layer.fields = operands.fields;
  layer.inputs = operands.buffers;
  layer.outputs = {operands.output};
  if (operands.banded) layer.band = BandContract{};
  return layer;
}

void add_row_elements(Lowering& lowering, Layer& layer, const BroadcastOperands& operands) {
  if (!operands.alike) return;
  const Buffer& out = lowering.program().buffers[size_t(operands.output)];
  layer.fields.push_back({"row_elements", out.row_bytes / size_of(out.type.element)});
}

void lower_float(Lowering& lowering, const Node& node, Arithmetic kind, const ClampRange& clamp) {
  const BroadcastOperands operands = lower_broadcast(lowering, node);
  Layer layer = binary_layer(node, operands, std::string(facts(kind).verb) + "_float", "binary_float.hpp",
                             operands.alike ? "FloatBinary" : "Float");
  add_row_elements(lowering, layer, operands);
  layer.fields.push_back({"low", float(clamp.low)});
  layer.fields.push_back({"high", float(clamp.high)});
  lowering.add(std::move(layer));
}

std::string differing_note(int pairs) {
  return fmt::format("{} of 65536 pairs differ from ONNX Runtime by a step", pairs);
}

void lower_int8_sum(Lowering& lowering, const Node& node, bool subtract, StoredRange range) {
  const Int8SumProblem problem{int8_scale(node.inputs[0]->type),
                               int8_scale(node.inputs[1]->type),
                               int8_scale(node.outputs[0]->type),
                               subtract,
                               range.low,
                               range.high};
  const ChosenInt8Sum chosen = choose_int8_sum(problem, described(node));
  const BroadcastOperands operands = lower_broadcast(lowering, node);
  const bool helium = lowering.features().mve && operands.alike;
  const std::string kernel = chosen.ties_to_even ? "add_int8_ties_to_even" : "add_int8";
  Layer layer = binary_layer(node, operands, helium ? kernel + "_mve" : kernel,
                             helium ? "arch/mve_add_int8.hpp" : "binary_int8.hpp", "AddInt8");
  add_row_elements(lowering, layer, operands);
  const Int8Sum& s = chosen.sum;
  const std::vector<Field> fields = {{"sum.a_multiplier", int64_t(s.a_multiplier)},
                                     {"sum.b_multiplier", int64_t(s.b_multiplier)},
                                     {"sum.offset", int64_t(s.offset)},
                                     {"sum.shift", int64_t(s.shift)},
                                     {"sum.zero_point", int64_t(s.zero_point)},
                                     {"sum.low", int64_t(s.low)},
                                     {"sum.high", int64_t(s.high)}};
  layer.fields.insert(layer.fields.end(), fields.begin(), fields.end());
  layer.note = differing_note(chosen.differing);
  lowering.add(std::move(layer));
}

// ONNX Runtime's result: dequantize both, multiply, divide by the result's scale, each step rounded to float32.
int32_t reference_product(const Int8Scale& a, const Int8Scale& b, const Int8Scale& result, StoredRange range, int32_t x,
                          int32_t y) {
  const float product = (float(x - a.zero_point) * a.scale) * (float(y - b.zero_point) * b.scale);
  const double q = std::nearbyint(double(product / result.scale)) + result.zero_point;
  return int32_t(std::clamp(q, double(range.low), double(range.high)));
}

int differing_products(const Int8Product& p, const Int8Scale& a, const Int8Scale& b, const Int8Scale& result,
                       StoredRange range) {
  int count = 0;
  for (int32_t x = -128; x < 128; ++x)
    for (int32_t y = -128; y < 128; ++y)
      count += apply(p, int8_t(x), int8_t(y)) != reference_product(a, b, result, range, x, y);
  return count;
}

// The products of all stored numbers, as one channel of an output stage.
ChosenOutputStage product_stage(const Int8Scale& a, const Int8Scale& b, const Int8Scale& result, StoredRange range,
                                const std::string& where) {
  int64_t lowest = 0, highest = 0;
  for (int64_t x : {-128, 127})
    for (int64_t y : {-128, 127}) {
      const int64_t product = (x - a.zero_point) * (y - b.zero_point);
      lowest = std::min(lowest, product);
      highest = std::max(highest, product);
    }
  const ChannelRange channel{a.scale * b.scale / result.scale, lowest, highest};
  return choose_output_stage(std::span(&channel, 1), result.zero_point, range.low, range.high, where);
}

void lower_int8_product(Lowering& lowering, const Node& node, StoredRange range) {
  const Int8Scale a = int8_scale(node.inputs[0]->type), b = int8_scale(node.inputs[1]->type);
  const Int8Scale result = int8_scale(node.outputs[0]->type);
  const ChosenOutputStage chosen = product_stage(a, b, result, range, described(node));
  const BroadcastOperands operands = lower_broadcast(lowering, node);
  const bool common = chosen.stage.left_shift == 0 && chosen.stage.ties_to_even == 0;
  const bool helium = lowering.features().mve && common;
  Layer layer = binary_layer(node, operands,
                             helium   ? "multiply_int8_mve"
                             : common ? "multiply_int8_common"
                                      : "multiply_int8",
                             helium ? "arch/mve_multiply_int8.hpp" : "binary_int8.hpp", "MultiplyInt8");
  add_row_elements(lowering, layer, operands);
  layer.fields.push_back({"product.a_zero_point", int64_t(a.zero_point)});
  layer.fields.push_back({"product.b_zero_point", int64_t(b.zero_point)});
  layer.fields.push_back({"product.multiplier", int64_t(chosen.multipliers[0])});
  for (Field f : output_stage_fields(chosen.stage)) {
    f.name = "product.out." + f.name;
    layer.fields.push_back(std::move(f));
  }
  const Int8Product product{a.zero_point, b.zero_point, chosen.multipliers[0], chosen.stage};
  layer.note = differing_note(differing_products(product, a, b, result, range));
  lowering.add(std::move(layer));
}

}  // namespace

std::string_view BinaryOp::name() const {
  return facts(kind_).name;
}

std::string BinaryOp::attributes() const {
  std::string text = integers_ ? "integers" : "";
  if (!clamp_.open()) text += fmt::format("{}clamp=[{},{}]", text.empty() ? "" : " ", clamp_.low, clamp_.high);
  return text;
}

std::vector<TensorType> BinaryOp::infer(std::span<const TensorType> in, const std::string& node) const {
  TensorType out{ElementType::float32, broadcast_shape(in[0].shape, in[1].shape, described(*this, node)), {}};
  if (is_real(in[0]) && is_real(in[1])) return {out};
  if (in[0].element != in[1].element || in[0].element == ElementType::boolean || is_real(in[0]) || is_real(in[1]))
    throw Error(described(*this, node), fmt::format("its operands are {} and {}", to_string(in[0]), to_string(in[1])),
                "Both must be numbers of one type.");
  out.element = in[0].element;
  return {out};
}

std::vector<RealTensor> BinaryOp::eval(std::span<const RealTensor> in) const {
  RealTensor out{broadcast_shape(in[0].shape, in[1].shape, "eval"), {}};
  const int64_t count = element_count(out.shape);
  for (int64_t k = 0; k < count; ++k) {
    int64_t at[2] = {0, 0}, stride[2] = {1, 1}, rest = k;
    for (size_t i = out.shape.size(); i-- > 0; rest /= out.shape[i])
      for (size_t o : {0, 1}) {
        const size_t missing = out.shape.size() - in[o].shape.size();
        if (i < missing || in[o].shape[i - missing] == 1) continue;
        at[o] += rest % out.shape[i] * stride[o];
        stride[o] *= out.shape[i];
      }
    double v = facts(kind_).apply(in[0].values[size_t(at[0])], in[1].values[size_t(at[1])]);
    if (integers_) v = std::trunc(v);
    out.values.push_back(std::clamp(v, clamp_.low, clamp_.high));
  }
  return {out};
}

OpPtr BinaryOp::with_clamp(const ClampRange& range) const {
  return std::make_shared<BinaryOp>(kind_, clamp_.then(range), integers_);
}

bool BinaryOp::affine_in(size_t operand) const {
  return clamp_.open() && !integers_ && (kind_ < Arithmetic::divide || (kind_ == Arithmetic::divide && operand == 0));
}

bool BinaryOp::integer_form(std::span<const TensorType> in, const Storage& out) const {
  return kind_ < Arithmetic::divide && is_int8(in[0].element, in[0].quantization) &&
         is_int8(in[1].element, in[1].quantization) && is_int8(out.element, out.quantization);
}

void BinaryOp::lower(Lowering& lowering, const Node& node) const {
  const TensorType in[] = {node.inputs[0]->type, node.inputs[1]->type};
  if (node.stored_as && integer_form(in, *node.stored_as)) {
    const StoredRange range = stored_range(*node.stored_as, clamp_);
    if (kind_ == Arithmetic::multiply) return lower_int8_product(lowering, node, range);
    return lower_int8_sum(lowering, node, kind_ == Arithmetic::subtract, range);
  }
  for (const TensorType& t : {in[0], in[1], node.outputs[0]->type})
    if (t.element != ElementType::float32)
      throw Error(described(node),
                  fmt::format("{} of {} and {} giving {} has no kernel", name(), to_string(in[0]), to_string(in[1]),
                              to_string(node.outputs[0]->type)),
                  "At run time it computes float32; Add, Sub and Mul int8 with one scale a tensor, too.");
  lower_float(lowering, node, kind_, clamp_);
}

namespace {

OpPtr binary_op(const Value* a, Arithmetic kind) {
  const bool integers = is_integer(a->type.element) && !a->type.quantization;
  return std::make_shared<BinaryOp>(kind, ClampRange{}, integers);
}

void import_binary(ImportNode& n, Arithmetic kind) {
  Value *a = n.required_input(0), *b = n.required_input(1);
  n.finish(binary_op(a, kind), {a, b});
}

// Any number of operands, taken one after the other.
void import_variadic(ImportNode& n, Arithmetic kind) {
  Value* result = n.required_input(0);
  const size_t count = n.input_count();
  if (count == 1) return n.bind(0, result);
  for (size_t i = 1; i + 1 < count; ++i) result = n.emit(binary_op(result, kind), {result, n.required_input(i)});
  n.finish(binary_op(result, kind), {result, n.required_input(count - 1)});
}

}  // namespace

void import_add(ImportNode& n) {
  import_binary(n, Arithmetic::add);
}
void import_sub(ImportNode& n) {
  import_binary(n, Arithmetic::subtract);
}
void import_mul(ImportNode& n) {
  import_binary(n, Arithmetic::multiply);
}
void import_div(ImportNode& n) {
  import_binary(n, Arithmetic::divide);
}
void import_min(ImportNode& n) {
  import_variadic(n, Arithmetic::minimum);
}
void import_max(ImportNode& n) {
  import_variadic(n, Arithmetic::maximum);
}
void import_prelu(ImportNode& n) {
  import_binary(n, Arithmetic::prelu);
}

// The exponent may have a type of its own.
void import_pow(ImportNode& n) {
  Value *base = n.required_input(0), *exponent = n.required_input(1);
  if (exponent->is_constant() && !exponent->type.quantization && exponent->type.element != base->type.element)
    exponent = n.constant(from_real(to_real(*exponent->constant), {base->type.element, exponent->type.shape, {}}));
  n.finish(binary_op(base, Arithmetic::power), {base, exponent});
}

}  // namespace thimble::compiler
