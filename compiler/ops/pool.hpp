// Pool: MaxPool, AveragePool and their global forms, one op with a parameter.
#pragma once
#include <string>
#include <vector>

#include "compiler/lowering.hpp"
#include "compiler/op.hpp"

namespace thimble::compiler {

enum class PoolKind : uint8_t { max, average };

// One entry for each spatial axis: one for [N,C,L], two for [N,C,H,W].
struct PoolAttributes {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> pads_begin, pads_end;
  bool ceil_mode = false;          // a last window may begin inside the input and end beyond the padding
  bool count_include_pad = false;  // averages divide by the padding's positions too
  bool operator==(const PoolAttributes&) const = default;
};

// Positions along one axis, with `in` elements, that an average at output position `out` divides by.
int64_t counted_positions(const PoolAttributes& pool, size_t axis, int64_t in, int64_t out);

class Pool : public Op {
 public:
  Pool(PoolKind kind, PoolAttributes attributes, ClampRange clamp = {});

  PoolKind kind() const { return kind_; }
  const PoolAttributes& pool() const { return pool_; }
  const ClampRange& clamp() const { return clamp_; }
  // A pool of all spatial positions of `input` ([N,C,L] or [N,C,H,W]) into one.
  static Pool global(PoolKind kind, const Shape& input);

  std::string_view name() const override { return kind_ == PoolKind::max ? "MaxPool" : "AveragePool"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  OpPtr with_clamp(const ClampRange&) const override;
  bool commutes_with_storing() const override { return kind_ == PoolKind::max && clamp_.open(); }
  bool channelwise() const override { return true; }
  bool integer_form(std::span<const TensorType> inputs, const Storage& stored_as) const override;

  // The layer for one image: nhwc buffers of N = 1, or what has the same bytes.
  void lower_image(Lowering&, const Node& node, int in, int out) const;

 private:
  PoolKind kind_;
  PoolAttributes pool_;
  ClampRange clamp_;
};

}  // namespace thimble::compiler
