// A dimension has a number, a name, or neither. A name stands for the same number everywhere.
#include "compiler/onnx/dimensions.hpp"

#include <onnx/onnx_pb.h>

#include <set>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

using onnx::TensorShapeProto;
using Dimension = TensorShapeProto::Dimension;

// Exporters write 0 and -1 for "not known", too.
bool open(const Dimension& d) {
  return !d.has_dim_value() || d.dim_value() <= 0;
}

class Binder {
 public:
  Binder(onnx::GraphProto& graph, const std::string& where) : graph_(graph), where_(where) {}

  void name(const std::string& dimension, int64_t value, const std::string& option) {
    if (value <= 0)
      throw Error(option, fmt::format("dimension '{}' is {}", dimension, value), "Dimensions are 1 or more.");
    const auto [it, is_new] = named_.emplace(dimension, value);
    if (!is_new && it->second != value)
      throw Error(option, fmt::format("dimension '{}' is {} here, {} elsewhere", dimension, value, it->second),
                  "Give one number for it.");
  }

  void shape(const std::string& input, const Shape& shape) {
    const std::string option = "--shape " + input;
    for (auto& value : *graph_.mutable_input()) {
      if (value.name() != input) continue;
      auto& tensor = *value.mutable_type()->mutable_tensor_type();
      if (tensor.shape().dim_size() != int(shape.size()))
        throw Error(option,
                    fmt::format("{} has rank {}, the input's rank is {}", to_string(shape), shape.size(),
                                tensor.shape().dim_size()),
                    "Give a number for each dimension.");
      for (size_t i = 0; i < shape.size(); ++i) set(*tensor.mutable_shape()->mutable_dim(int(i)), shape[i], option);
      return;
    }
    std::vector<std::string> names;
    for (const auto& value : graph_.input()) names.push_back(value.name());
    throw Error(option, "the model has no such input", fmt::format("Its inputs: {}.", fmt::join(names, ", ")));
  }

  // Leading dimensions that are still open, and the names they have, become 1.
  void open_leading_dimensions(std::vector<std::string>& notes) {
    for (auto& value : *graph_.mutable_input()) {
      auto& shape = *value.mutable_type()->mutable_tensor_type()->mutable_shape();
      if (shape.dim_size() == 0 || !open(shape.dim(0)) || named_.count(shape.dim(0).dim_param()) > 0) continue;
      if (!shape.dim(0).dim_param().empty()) named_[shape.dim(0).dim_param()] = 1;
      shape.mutable_dim(0)->set_dim_value(1);
      notes.push_back(
          fmt::format("input '{}': the leading dimension, which the model leaves open, is 1", value.name()));
    }
  }

  // Writes the numbers in, and refuses what is still open.
  void finish() {
    std::vector<std::string> left;
    for (auto& value : *graph_.mutable_input()) {
      auto& tensor = *value.mutable_type()->mutable_tensor_type();
      for (int i = 0; i < tensor.shape().dim_size(); ++i) {
        Dimension& d = *tensor.mutable_shape()->mutable_dim(i);
        fill(d);
        if (open(d))
          left.push_back(fmt::format("input '{}': dimension {}{}", value.name(), i,
                                     d.dim_param().empty() ? "" : " ('" + d.dim_param() + "')"));
      }
    }
    if (!left.empty())
      throw Error(where_, fmt::format("{} dimensions are open: {}", left.size(), fmt::join(left, "; ")),
                  "Bind them with --dim name=value or --shape input=1x2x3.");
    for (auto& value : *graph_.mutable_output()) {
      if (!value.type().tensor_type().has_shape()) continue;
      auto& tensor = *value.mutable_type()->mutable_tensor_type();
      for (auto& d : *tensor.mutable_shape()->mutable_dim()) fill(d);
      // An open dimension of an output is whatever inference says.
      for (auto& d : *tensor.mutable_shape()->mutable_dim())
        if (d.has_dim_value() && d.dim_value() <= 0) d.clear_value();
    }
    graph_.clear_value_info();
  }

  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& value : graph_.input())
      for (const auto& d : value.type().tensor_type().shape().dim())
        if (!d.dim_param().empty()) all.insert(d.dim_param());
    return all;
  }

 private:
  void set(Dimension& d, int64_t value, const std::string& option) {
    if (value <= 0) throw Error(option, fmt::format("a dimension is {}", value), "Dimensions are 1 or more.");
    if (!open(d) && d.dim_value() != value)
      throw Error(option, fmt::format("a dimension is {}, the model has {} there", value, d.dim_value()),
                  "Only dimensions that the model leaves open can be given.");
    if (!d.dim_param().empty()) name(d.dim_param(), value, option);
    d.set_dim_value(value);
  }

  void fill(Dimension& d) {
    const auto it = named_.find(d.dim_param());
    if (open(d) && it != named_.end()) d.set_dim_value(it->second);
  }

  onnx::GraphProto& graph_;
  const std::string& where_;
  std::map<std::string, int64_t> named_;
};

}  // namespace

void bind_dimensions(onnx::ModelProto& model, const std::map<std::string, int64_t>& dimensions,
                     const std::map<std::string, Shape>& shapes, const std::string& where,
                     std::vector<std::string>& notes) {
  for (const auto& value : model.graph().input())
    if (!value.type().has_tensor_type())
      throw Error(where + ", input '" + value.name() + "'", "it is no tensor",
                  "Inputs must be tensors: sequences, maps and optional values are not supported.");
  Binder binder(*model.mutable_graph(), where);
  const std::set<std::string> names = binder.names();
  for (const auto& [name, value] : dimensions) {
    if (names.count(name) == 0)
      throw Error("--dim " + name, "no input of the model has such a dimension",
                  names.empty() ? "All its dimensions have numbers."
                                : fmt::format("Its open dimensions: {}.", fmt::join(names, ", ")));
    binder.name(name, value, "--dim " + name);
  }
  for (const auto& [input, shape] : shapes) binder.shape(input, shape);
  binder.open_leading_dimensions(notes);
  binder.finish();
}

}  // namespace thimble::compiler
