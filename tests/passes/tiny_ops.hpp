// Ops for tests of passes that name no op, and short ways to build graphs and compare them.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "compiler/error.hpp"
#include "compiler/interpret.hpp"
#include "compiler/ir/graph.hpp"
#include "passes/check_passes.hpp"
#include "passes/passes.hpp"

namespace thimble::compiler::tiny {

inline TensorType floats(Shape shape) {
  return {ElementType::float32, std::move(shape), {}};
}
inline TensorType bytes(Shape shape, float scale, int zero_point) {
  return {ElementType::int8, std::move(shape), Quantization{{scale}, {zero_point}}};
}

// y = factor * x, clipped to a range: stands for a layer that takes an activation over.
class Scale : public Op {
 public:
  explicit Scale(double factor, bool early = true, ClampRange clamp = {})
      : factor_(factor), early_(early), clamp_(clamp) {}
  std::string_view name() const override { return "Scale"; }
  std::string attributes() const override {
    std::string text = "factor=" + std::to_string(factor_);
    if (!clamp_.open()) text += fmt::format(" clamp=[{},{}]", clamp_.low, clamp_.high);
    return text;
  }
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string&) const override {
    return {floats(in[0].shape)};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    RealTensor out = in[0];
    for (double& v : out.values) v = std::clamp(v * factor_, clamp_.low, clamp_.high);
    return {out};
  }
  void lower(Lowering&, const Node&) const override {}
  OpPtr with_clamp(const ClampRange& r) const override {
    return std::make_shared<Scale>(factor_, early_,
                                   ClampRange{std::max(r.low, clamp_.low), std::min(r.high, clamp_.high)});
  }
  bool folds_early() const override { return early_; }
  bool integer_form(std::span<const TensorType> in, const Storage& s) const override {
    return in[0].element == ElementType::int8 && in[0].quantization && s.element == ElementType::int8;
  }

 private:
  double factor_;
  bool early_;
  ClampRange clamp_;
};

// clamp(x): stands for Relu and Clip.
class Clamp : public Op {
 public:
  explicit Clamp(double low, double high = ClampRange{}.high) : range_{low, high} {}
  std::string_view name() const override { return "Clamp"; }
  std::string attributes() const override { return fmt::format("[{},{}]", range_.low, range_.high); }
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string&) const override {
    return {floats(in[0].shape)};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    RealTensor out = in[0];
    for (double& v : out.values) v = std::clamp(v, range_.low, range_.high);
    return {out};
  }
  void lower(Lowering&, const Node&) const override {}
  std::optional<ClampRange> clamp_range() const override { return range_; }
  bool elementwise_unary() const override { return true; }

 private:
  ClampRange range_;
};

// The operand, stored otherwise: stands for QuantizeLinear and DequantizeLinear.
class Store : public Op {
 public:
  std::string_view name() const override { return "Store"; }
  std::string attributes() const override { return ""; }
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string&) const override {
    return {floats(in[0].shape)};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override { return {in[0]}; }
  void lower(Lowering&, const Node&) const override {}
  bool is_identity() const override { return true; }
  bool elementwise_unary() const override { return true; }
};

// Vectors one after the other: stands for Concat and, with one operand, for what moves data.
class Join : public Op {
 public:
  std::string_view name() const override { return "Join"; }
  std::string attributes() const override { return ""; }
  std::vector<TensorType> infer(std::span<const TensorType> in, const std::string&) const override {
    TensorType joined = in[0];
    joined.shape[0] = 0;
    for (const TensorType& t : in) {
      ensure(t.quantization == in[0].quantization, "Join of different quantizations");
      joined.shape[0] += t.shape[0];
    }
    return {joined};
  }
  std::vector<RealTensor> eval(std::span<const RealTensor> in) const override {
    RealTensor out{{0}, {}};
    for (const RealTensor& t : in) out.values.insert(out.values.end(), t.values.begin(), t.values.end());
    out.shape[0] = int64_t(out.values.size());
    return {out};
  }
  void lower(Lowering&, const Node&) const override {}
  bool commutes_with_storing() const override { return true; }
};

// A node of one result named `name`.
inline Value* add(Graph& g, OpPtr op, std::vector<Value*> in, std::string name, std::optional<Storage> stored_as = {}) {
  return g.append({std::move(op), std::move(in), name, {name}, std::move(stored_as)})->outputs[0];
}
template <class Op, class... A>
OpPtr make(A&&... a) {
  return std::make_shared<Op>(std::forward<A>(a)...);
}

// Runs a pass the way the pipeline does, and requires that no value moved by more than `steps`.
inline ReportLines apply(Graph& g, void (*pass)(Graph&, ReportLines&), int steps) {
  const Values inputs = complete_inputs(g, {});
  const Values before = interpret(g, inputs);
  ReportLines lines;
  pass(g, lines);
  g.sweep();
  verify(g);
  CHECK(first_difference(g, inputs, before, steps).value_or("") == "");
  return lines;
}

// Names of the ops in execution order: "Conv Relu Add".
inline std::string ops_of(const Graph& g) {
  std::string text;
  for (const Node* n : g.nodes()) text += (text.empty() ? "" : " ") + std::string(n->op->name());
  return text;
}

// Whether the channels (axis 1) of `now` are channels of `before`, in order, to the bit.
inline bool is_part_of(const Tensor& now, const Tensor& before) {
  const int64_t have = before.type.shape[1], kept = now.type.shape[1];
  const int64_t inner = element_count(before.type.shape) / have;
  if (element_count(now.type.shape) != kept * inner) return false;
  int64_t from = 0;
  for (int64_t c = 0; c < kept; ++c, ++from) {
    const auto same = [&] {
      return std::equal(now.bytes.begin() + c * inner, now.bytes.begin() + (c + 1) * inner,
                        before.bytes.begin() + from * inner);
    };
    while (from < have && !same()) ++from;
    if (from == have) return false;
  }
  return true;
}

}  // namespace thimble::compiler::tiny
