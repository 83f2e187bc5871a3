// An ONNX node made in a test: what an op's importer sees, without protobuf.
#pragma once
#include <map>
#include <set>
#include <variant>

#include "compiler/import_node.hpp"
#include "compiler/interpret.hpp"
#include "compiler/onnx/tensor_proto.hpp"

namespace thimble::compiler::test {

using Attribute = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, Tensor>;

class FakeNode : public ImportNode {
 public:
  FakeNode(std::string type, int64_t opset, std::map<std::string, Attribute> attributes = {}, size_t outputs = 1)
      : name_(type + " 'n'"),
        type_(std::move(type)),
        opset_(opset),
        outputs_(outputs),
        attributes_(std::move(attributes)) {}

  FakeNode& input(TensorType type) {
    inputs_.push_back(graph.add_input("x" + std::to_string(inputs_.size()), std::move(type)));
    return *this;
  }
  FakeNode& constant_input(Tensor t) {
    inputs_.push_back(graph.add_constant("c" + std::to_string(inputs_.size()), std::move(t)));
    return *this;
  }
  FakeNode& absent_input() {
    inputs_.push_back(nullptr);
    return *this;
  }
  // Imports the node and gives the graph, its outputs set; every attribute must have been read.
  Graph& import() {
    const OpEntry* entry = find_op(type_);
    ensure(entry != nullptr, "no op " + type_);
    results_.assign(outputs_, nullptr);
    entry->import(*this);
    for (Value* v : results_) graph.outputs.push_back(v);
    for (const auto& [name, value] : attributes_) ensure(read_.count(name) > 0, "attribute '" + name + "' is not read");
    return graph;
  }
  Graph graph;

  const std::string& name() const override { return name_; }
  int64_t opset() const override { return opset_; }
  size_t input_count() const override { return inputs_.size(); }
  Value* input(size_t i) const override { return i < inputs_.size() ? inputs_[i] : nullptr; }
  Value* required_input(size_t i) const override {
    if (!input(i)) throw error("operand " + std::to_string(i) + " is absent", "Give it.");
    return input(i);
  }
  size_t output_count() const override { return outputs_; }
  bool output_used(size_t i) const override { return i < outputs_; }
  bool has(const std::string& a) override {
    read_.insert(a);
    return attributes_.count(a) > 0;
  }
  int64_t integer(const std::string& a, int64_t if_absent) override { return get<int64_t>(a, if_absent); }
  int64_t required_integer(const std::string& a) override {
    if (!has(a)) throw error("attribute '" + a + "' is absent", "Give it.");
    return integer(a, 0);
  }
  float real(const std::string& a, float if_absent) override { return get<float>(a, if_absent); }
  std::string text(const std::string& a, const std::string& if_absent) override {
    return get<std::string>(a, if_absent);
  }
  std::vector<int64_t> integers(const std::string& a, std::vector<int64_t> if_absent) override {
    return get<std::vector<int64_t>>(a, std::move(if_absent));
  }
  std::optional<std::vector<float>> reals(const std::string& a) override {
    if (!has(a)) return {};
    return get<std::vector<float>>(a, {});
  }
  std::optional<Tensor> tensor(const std::string& a) override {
    if (!has(a)) return {};
    return get<Tensor>(a, {});
  }
  std::optional<ElementType> element(const std::string& a) override {
    if (!has(a)) return {};
    return element_type(int(integer(a, 0)));
  }
  std::optional<std::vector<int64_t>> constant_integers(size_t i, const std::string& what) const override {
    const auto all = constant_reals(i, what);
    if (!all) return {};
    return std::vector<int64_t>(all->begin(), all->end());
  }
  std::optional<std::vector<double>> constant_reals(size_t i, const std::string& what) const override {
    if (!input(i)) return {};
    if (!input(i)->is_constant()) throw error(what + " is no constant", "Make it one.");
    return to_real(*input(i)->constant).values;
  }
  Value* emit(OpPtr op, std::vector<Value*> in, std::optional<Storage> stored_as) override {
    return add(std::move(op), std::move(in), "t" + std::to_string(made_++), stored_as);
  }
  void finish(OpPtr op, std::vector<Value*> in, std::optional<Storage> stored_as) override {
    results_.at(0) = add(std::move(op), std::move(in), "y", stored_as);
  }
  Value* constant(Tensor t) override { return graph.add_constant("k" + std::to_string(made_++), std::move(t)); }
  void bind(size_t output, Value* v) override { results_.at(output) = v; }
  Error error(const std::string& what, const std::string& remedy) const override { return Error(name_, what, remedy); }

 private:
  template <class T>
  T get(const std::string& a, T if_absent) {
    return has(a) ? std::get<T>(attributes_.at(a)) : if_absent;
  }
  Value* add(OpPtr op, std::vector<Value*> in, const std::string& output, const std::optional<Storage>& stored_as) {
    return graph.append({std::move(op), std::move(in), name_, {output}, stored_as})->outputs[0];
  }

  std::string name_, type_;
  int64_t opset_;
  size_t outputs_;
  std::map<std::string, Attribute> attributes_;
  std::set<std::string> read_;
  std::vector<Value*> inputs_, results_;
  int made_ = 0;
};

inline TensorType floats(Shape shape) {
  return {ElementType::float32, std::move(shape), {}};
}
inline TensorType int8s(Shape shape, float scale, int zero_point) {
  return {ElementType::int8, std::move(shape), Quantization{{scale}, {zero_point}}};
}
inline Tensor shape_operand(const std::vector<int64_t>& values) {
  return Tensor::of<int64_t>({int64_t(values.size())}, values);
}
// The type of the node's first result.
inline TensorType result_type(FakeNode& node) {
  return node.import().outputs.at(0)->type;
}

}  // namespace thimble::compiler::test
