// Conv: 1-D and 2-D convolution with its attributes resolved: explicit pads, every stride and dilation written out.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/op.hpp"

namespace thimble::compiler {

class ImportNode;

// One entry for each spatial axis: one for [N,C,L], two for [N,C,H,W].
struct ConvAttributes {
  std::vector<int64_t> strides;
  std::vector<int64_t> dilations;
  std::vector<int64_t> pads_begin;  // zeros before the first element; negative entries are refused
  std::vector<int64_t> pads_end;    // and behind the last
  int64_t group = 1;
  bool operator==(const ConvAttributes&) const = default;
};

// result = clamp(conv(operand 0, weights [M, C/group, kernel...]) + bias [M]); the bias is operand 2 where has_bias().
class Conv : public Op {
 public:
  Conv(ConvAttributes attributes, bool has_bias, ClampRange clamp = {});

  const ConvAttributes& conv() const { return conv_; }
  bool has_bias() const { return has_bias_; }
  const ClampRange& clamp() const { return clamp_; }
  // Every input channel has its own filters: group == input channels.
  bool depthwise(const TensorType& input) const { return conv_.group == input.shape[1]; }

  // This convolution with other pads: a Pad with zeros before it folded in, or taken out.
  std::shared_ptr<const Conv> with_pads(std::vector<int64_t> begin, std::vector<int64_t> end) const;
  // This convolution reading a bias as operand 2.
  std::shared_ptr<const Conv> with_bias() const;
  // This convolution with another number of groups (channels taken out of a depthwise one).
  std::shared_ptr<const Conv> with_group(int64_t group) const;

  std::string_view name() const override { return "Conv"; }
  std::string attributes() const override;
  std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const override;
  std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const override;
  void lower(Lowering&, const Node& node) const override;
  OpPtr with_clamp(const ClampRange&) const override;
  bool integer_form(std::span<const TensorType> inputs, const Storage& stored_as) const override;
  int32_t planes_border(const Node&, const Target&) const override;
  int64_t macs(std::span<const TensorType> inputs, std::span<const TensorType> outputs) const override;

 private:
  ConvAttributes conv_;
  bool has_bias_;
  ClampRange clamp_;
};

// The convolution that the attributes of an ONNX node say, for operands of these shapes; throws the node's Error.
std::shared_ptr<const Conv> conv_of(ImportNode& node, const Shape& input, const Shape& weights, bool has_bias);

}  // namespace thimble::compiler
