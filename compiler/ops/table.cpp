// The 256 results are computed here, once, as ONNX Runtime would at each run.
#include "compiler/ops/table.hpp"

#include <cmath>

#include "compiler/error.hpp"

namespace thimble::compiler {

bool fits_table(ElementType element, const std::optional<Quantization>& q) {
  return (element == ElementType::int8 || element == ElementType::uint8) && q && !q->per_axis();
}

namespace {
// The stored number whose bits are `bits`.
int32_t stored(uint8_t bits, ElementType element) {
  return element == ElementType::int8 ? int32_t(int8_t(bits)) : int32_t(bits);
}
}  // namespace

TableValues table_values(const std::function<double(double)>& f, const TensorType& in, const Storage& out) {
  ensure(fits_table(in.element, in.quantization) && fits_table(out.element, out.quantization),
         "table: " + to_string(in) + " does not fit");
  const float in_scale = in.quantization->scales[0], out_scale = out.quantization.scales[0];
  const int32_t in_zero = in.quantization->zero_points[0], out_zero = out.quantization.zero_points[0];
  TableValues values;
  for (int i = 0; i < 256; ++i) {
    const float x = float(stored(uint8_t(i), in.element) - in_zero) * in_scale;
    const float y = float(f(double(x)));
    const double q = std::nearbyint(double(y / out_scale)) + out_zero;
    const double low = lowest(out.element), high = highest(out.element);
    // NaN, which only a function outside its domain gives, is stored as the zero point.
    values[size_t(i)] = uint8_t(int32_t(std::isnan(q) ? out_zero : std::clamp(q, low, high)));
  }
  return values;
}

std::string TableOp::attributes() const {
  std::string hex;
  for (uint8_t v : values_) hex += fmt::format("{:02x}", v);
  return fmt::format("values={} in={} out={}", hex, to_string(TensorType{element_, {}, quantization_}),
                     to_string(TensorType{out_.element, {}, out_.quantization}));
}

std::vector<TensorType> TableOp::infer(std::span<const TensorType> in, const std::string& node) const {
  ensure(in[0].element == element_ && in[0].quantization == quantization_,
         "table '" + node + "' is made for another type than " + to_string(in[0]));
  return {{out_.element, in[0].shape, out_.quantization}};
}

std::vector<RealTensor> TableOp::eval(std::span<const RealTensor> in) const {
  RealTensor out = in[0];
  const double in_scale = double(quantization_.scales[0]), out_scale = double(out_.quantization.scales[0]);
  for (double& v : out.values) {
    const auto q = int32_t(std::nearbyint(v / in_scale)) + quantization_.zero_points[0];
    v = (stored(values_[uint8_t(q)], out_.element) - out_.quantization.zero_points[0]) * out_scale;
  }
  return {out};
}

void TableOp::lower(Lowering& lowering, const Node& node) const {
  lower_as_table(lowering, node, values_);
}

OpPtr make_table(const std::function<double(double)>& f, const TensorType& in, const Storage& out) {
  return std::make_shared<TableOp>(table_values(f, in, out), in, out);
}

void lower_as_table(Lowering& lowering, const Node& node, const TableValues& values) {
  const bool helium = lowering.features().mve;
  Layer layer = elementwise_layer(lowering, node, helium ? "table_mve" : "table",
                                  helium ? "arch/mve_table.hpp" : "table.hpp", "Table");
  const ConstantArray array =
      ConstantArray::of(node.name + "_table", "result for each operand, indexed by its bits as an unsigned byte",
                        std::vector<uint8_t>(values.begin(), values.end()), false);
  layer.fields.push_back({"values", Field::Array{lowering.constant(array)}});
  lowering.add(std::move(layer));
}

}  // namespace thimble::compiler
