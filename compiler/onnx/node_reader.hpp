// One ONNX node as its op's import function sees it: attributes with their types checked and their reading recorded,
// operands by position. What a node makes goes to the importer.
#pragma once
#include <onnx/onnx_pb.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/import_node.hpp"

namespace thimble::compiler {

class NodeReader : public ImportNode {
 public:
  // `inputs`: the node's operands, null where absent.
  NodeReader(const onnx::NodeProto& proto, int64_t opset, std::vector<Value*> inputs);

  const std::string& name() const override { return name_; }
  int64_t opset() const override { return opset_; }
  size_t input_count() const override { return inputs_.size(); }
  Value* input(size_t i) const override { return i < inputs_.size() ? inputs_[i] : nullptr; }
  Value* required_input(size_t i) const override;
  size_t output_count() const override { return size_t(proto_.output_size()); }

  bool has(const std::string& attribute) override { return find(attribute) != nullptr; }
  int64_t integer(const std::string& attribute, int64_t if_absent) override;
  int64_t required_integer(const std::string& attribute) override;
  float real(const std::string& attribute, float if_absent) override;
  std::string text(const std::string& attribute, const std::string& if_absent) override;
  std::vector<int64_t> integers(const std::string& attribute, std::vector<int64_t> if_absent) override;
  std::optional<std::vector<float>> reals(const std::string& attribute) override;
  std::optional<Tensor> tensor(const std::string& attribute) override;
  std::optional<ElementType> element(const std::string& attribute) override;

  std::optional<std::vector<int64_t>> constant_integers(size_t i, const std::string& what) const override;
  std::optional<std::vector<double>> constant_reals(size_t i, const std::string& what) const override;

  Error error(const std::string& what, const std::string& remedy) const override { return Error(name_, what, remedy); }

  // Throws Error naming the attributes that nobody read and that are not what they are when absent.
  void check_all_read() const;

 protected:
  const onnx::NodeProto& proto_;

 private:
  const onnx::AttributeProto* find(const std::string& attribute);  // null when absent; counts as read
  // The same, of this type; another type is an Error.
  const onnx::AttributeProto* find(const std::string& attribute, onnx::AttributeProto::AttributeType type);
  bool is_default(const onnx::AttributeProto& attribute) const;
  const Tensor* constant_operand(size_t i, const std::string& what) const;  // null when absent

  std::string name_;
  int64_t opset_;
  std::vector<Value*> inputs_;
  std::map<std::string, const onnx::AttributeProto*> attributes_;
  std::set<std::string> read_;
};

// "Conv 'block1/conv'": a node's op and its name, or its first output's where it has none.
std::string label(const onnx::NodeProto& node);

}  // namespace thimble::compiler
