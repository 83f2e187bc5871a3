// Reads attributes and constant operands.
#include "compiler/onnx/node_reader.hpp"

#include <onnx/defs/schema.h>

#include <algorithm>

#include "compiler/onnx/tensor_proto.hpp"

namespace thimble::compiler {

namespace {

using onnx::AttributeProto;

int64_t saturated(int64_t v) {
  constexpr int64_t most = (int64_t(1) << 31) - 1;
  return std::clamp(v, -most, most);
}

std::string type_name(AttributeProto::AttributeType type) {
  std::string name = AttributeProto::AttributeType_Name(type);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return name;
}

}  // namespace

std::string label(const onnx::NodeProto& node) {
  const std::string& name = !node.name().empty() ? node.name() : node.output_size() > 0 ? node.output(0) : "";
  return node.op_type() + " '" + name + "'";
}

NodeReader::NodeReader(const onnx::NodeProto& proto, int64_t opset, std::vector<Value*> inputs)
    : proto_(proto), name_(label(proto)), opset_(opset), inputs_(std::move(inputs)) {
  for (const auto& a : proto.attribute()) attributes_[a.name()] = &a;
}

Value* NodeReader::required_input(size_t i) const {
  if (!input(i)) throw error(fmt::format("operand {} is absent", i), "The op needs it: correct the model.");
  return input(i);
}

const AttributeProto* NodeReader::find(const std::string& attribute) {
  read_.insert(attribute);
  const auto it = attributes_.find(attribute);
  return it == attributes_.end() ? nullptr : it->second;
}

const AttributeProto* NodeReader::find(const std::string& attribute, AttributeProto::AttributeType type) {
  const AttributeProto* a = find(attribute);
  if (a && a->type() != type)
    throw error(
        fmt::format("attribute '{}' is of type {}, it must be {}", attribute, type_name(a->type()), type_name(type)),
        "Correct the model.");
  return a;
}

int64_t NodeReader::integer(const std::string& attribute, int64_t if_absent) {
  const auto* a = find(attribute, AttributeProto::INT);
  return a ? saturated(a->i()) : if_absent;
}

int64_t NodeReader::required_integer(const std::string& attribute) {
  if (!has(attribute)) throw error("attribute '" + attribute + "' is absent", "The op needs it: correct the model.");
  return integer(attribute, 0);
}

float NodeReader::real(const std::string& attribute, float if_absent) {
  const auto* a = find(attribute, AttributeProto::FLOAT);
  return a ? a->f() : if_absent;
}

std::string NodeReader::text(const std::string& attribute, const std::string& if_absent) {
  const auto* a = find(attribute, AttributeProto::STRING);
  return a ? a->s() : if_absent;
}

std::vector<int64_t> NodeReader::integers(const std::string& attribute, std::vector<int64_t> if_absent) {
  const auto* a = find(attribute, AttributeProto::INTS);
  if (!a) return if_absent;
  std::vector<int64_t> values;
  for (int64_t v : a->ints()) values.push_back(saturated(v));
  return values;
}

std::optional<std::vector<float>> NodeReader::reals(const std::string& attribute) {
  const auto* a = find(attribute, AttributeProto::FLOATS);
  if (!a) return {};
  return std::vector<float>(a->floats().begin(), a->floats().end());
}

std::optional<Tensor> NodeReader::tensor(const std::string& attribute) {
  const AttributeProto* a = find(attribute);
  if (!a) return {};
  switch (a->type()) {
    case AttributeProto::TENSOR:
      return to_tensor(a->t(), name_ + ", attribute '" + attribute + "'");
    case AttributeProto::INT:
      return Tensor::of<int64_t>({}, {a->i()});
    case AttributeProto::INTS:
      return Tensor::of<int64_t>({a->ints_size()}, {a->ints().begin(), a->ints().end()});
    case AttributeProto::FLOAT:
      return Tensor::of<float>({}, {a->f()});
    case AttributeProto::FLOATS:
      return Tensor::of<float>({a->floats_size()}, {a->floats().begin(), a->floats().end()});
    default:
      throw error(
          fmt::format("attribute '{}' is of type {}, it must be a tensor or numbers", attribute, type_name(a->type())),
          "Correct the model.");
  }
}

std::optional<ElementType> NodeReader::element(const std::string& attribute) {
  const auto* a = find(attribute, AttributeProto::INT);
  if (!a) return {};
  const int type = int(saturated(a->i()));
  if (!runs_as(type))
    throw error(fmt::format("attribute '{}' asks for elements of type {}", attribute, onnx_type_name(type)),
                "Use float32, int8, uint8, int16, int32, int64 or bool.");
  return element_type(type);
}

const Tensor* NodeReader::constant_operand(size_t i, const std::string& what) const {
  const Value* value = input(i);
  if (!value) return nullptr;
  if (!value->is_constant())
    throw error(fmt::format("{} (operand {}, '{}') is not known at compile time", what, i, value->name),
                "Only constants are supported here: simplify the model, or bind its dimensions.");
  return value->constant.get();
}

std::optional<std::vector<int64_t>> NodeReader::constant_integers(size_t i, const std::string& what) const {
  const Tensor* tensor = constant_operand(i, what);
  if (!tensor) return {};
  if (tensor->type.element == ElementType::float32)
    throw error(fmt::format("{} (operand {}) is float32, it must be integers", what, i), "Correct the model.");
  std::vector<int64_t> values;
  for (int64_t k = 0; k < element_count(tensor->type.shape); ++k) values.push_back(saturated(tensor->integer(k)));
  return values;
}

std::optional<std::vector<double>> NodeReader::constant_reals(size_t i, const std::string& what) const {
  const Tensor* tensor = constant_operand(i, what);
  if (!tensor) return {};
  return to_real(*tensor).values;
}

bool NodeReader::is_default(const AttributeProto& attribute) const {
  const auto* schema = onnx::OpSchemaRegistry::Schema(proto_.op_type(), int(opset_), proto_.domain());
  if (!schema) return false;
  const auto it = schema->attributes().find(attribute.name());
  if (it == schema->attributes().end()) return false;
  AttributeProto bare = attribute;
  bare.clear_doc_string();
  return bare.SerializeAsString() == it->second.default_value.SerializeAsString();
}

void NodeReader::check_all_read() const {
  std::vector<std::string> unread;
  for (const auto& [name, attribute] : attributes_)
    if (read_.count(name) == 0 && !is_default(*attribute)) unread.push_back("'" + name + "'");
  if (!unread.empty())
    throw error(fmt::format("attribute {} is not supported", fmt::join(unread, ", ")),
                "Remove it if the model does not depend on it.");
}

}  // namespace thimble::compiler
