// Picks a part of a model, or a number that is likely to be trouble.
#pragma once
#include <onnx/onnx_pb.h>

#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "mutate.hpp"

namespace thimble::compiler::fuzz {

using onnx::AttributeProto;
using onnx::ModelProto;
using onnx::NodeProto;
using onnx::TensorProto;

inline constexpr int64_t odd_numbers[] = {0,
                                          1,
                                          -1,
                                          2,
                                          3,
                                          -2,
                                          7,
                                          64,
                                          255,
                                          65536,
                                          1000000007,
                                          2147483647,
                                          -2147483648,
                                          int64_t(1) << 40,
                                          std::numeric_limits<int64_t>::max(),
                                          std::numeric_limits<int64_t>::min()};
inline constexpr float odd_reals[] = {0.0f,
                                      -0.0f,
                                      1.0f,
                                      -1.0f,
                                      1e-38f,
                                      3e38f,
                                      0.003f,
                                      1e9f,
                                      std::numeric_limits<float>::infinity(),
                                      std::numeric_limits<float>::quiet_NaN()};

inline int64_t odd_number(Random& r) {
  return r.one_in(2) ? r.below(12) : r.pick(odd_numbers, std::size(odd_numbers));
}

template <class Messages>
auto* any(Messages& messages, Random& r) {
  return messages.empty() ? nullptr : messages.Mutable(r.below(messages.size()));
}
inline NodeProto* any_node(ModelProto& m, Random& r) {
  return any(*m.mutable_graph()->mutable_node(), r);
}
inline TensorProto* any_tensor(ModelProto& m, Random& r) {
  return any(*m.mutable_graph()->mutable_initializer(), r);
}
inline AttributeProto* any_attribute(ModelProto& m, Random& r) {
  std::vector<AttributeProto*> all;
  for (auto& n : *m.mutable_graph()->mutable_node())
    for (auto& a : *n.mutable_attribute()) all.push_back(&a);
  return all.empty() ? nullptr : all[size_t(r.below(int(all.size())))];
}
inline onnx::TypeProto* any_type(ModelProto& m, Random& r) {
  auto& g = *m.mutable_graph();
  auto* value = any(*(r.one_in(2) ? g.mutable_output() : g.mutable_input()), r);
  return value ? value->mutable_type() : nullptr;
}
inline std::string any_value(ModelProto& m, Random& r) {
  std::vector<std::string> names;
  for (const auto& n : m.graph().node()) names.insert(names.end(), n.output().begin(), n.output().end());
  for (const auto& v : m.graph().input()) names.push_back(v.name());
  for (const auto& t : m.graph().initializer()) names.push_back(t.name());
  return names.empty() ? "x" : names[size_t(r.below(int(names.size())))];
}

}  // namespace thimble::compiler::fuzz
