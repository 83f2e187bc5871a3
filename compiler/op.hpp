// What a node does. An op is immutable and holds its own meaning: shape rule, evaluation, lowering.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/tensor.hpp"
#include "compiler/ir/type.hpp"

namespace thimble::compiler {

struct Node;
class Lowering;
class Op;
struct Target;
using OpPtr = std::shared_ptr<const Op>;

// A range of real numbers; infinite where open.
struct ClampRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open() const {
    return low == -std::numeric_limits<double>::infinity() && high == std::numeric_limits<double>::infinity();
  }
  bool operator==(const ClampRange&) const = default;
  // The range that clips to this one and then to `next`.
  ClampRange then(const ClampRange& next) const {
    return {std::clamp(low, next.low, next.high), std::clamp(high, next.low, next.high)};
  }
};

// An op computes on real numbers. Where its operands or its result are quantized, the very same op is the integer
// layer: the types say so (Node::outputs' type), and lower() picks the integer kernel.
class Op {
 public:
  virtual ~Op() = default;
  virtual std::string_view name() const = 0;   // ONNX's name: "Conv"
  virtual std::string attributes() const = 0;  // canonical text of every attribute: printing, and equality for CSE

  // Types of the results for operands of these types. An optional operand that is absent is a TensorType with
  // element float32 and shape {} listed in no span: ops with optional operands hold which are present.
  // Throws Error (where = `node`) when the operands do not fit. Quantized operands of an op that computes give a
  // float32 result here; Graph::append then stores it as the node's Storage asks. An op that only moves data keeps the
  // operand's type.
  virtual std::vector<TensorType> infer(std::span<const TensorType> inputs, const std::string& node) const = 0;

  // The op's meaning, in double precision.
  virtual std::vector<RealTensor> eval(std::span<const RealTensor> inputs) const = 0;

  // Appends the layers of `node` to the program.
  virtual void lower(Lowering&, const Node& node) const = 0;

  // --- properties that many passes ask for; the default is "no" ---

  // Clips: Relu and Clip answer with their range.
  virtual std::optional<ClampRange> clamp_range() const { return {}; }
  // This op with its result clipped to `range`, after what it clips to already (ClampRange::then); null when it cannot.
  virtual OpPtr with_clamp(const ClampRange&) const { return nullptr; }
  // The result holds the first operand's elements, all or some, in another order or shape, so that it shares its
  // quantization and commutes with any elementwise function: Reshape, Transpose, MaxPool without... (data only).
  virtual bool moves_data() const { return false; }
  // Storing the real operands in a quantized type and then applying the op gives what applying it and then storing
  // gives: each element of the result is one of an operand's, chosen by place or by order (MaxPool, Concat, Gather, and
  // all that move data). With operands of one quantized type, infer() answers with that type.
  virtual bool commutes_with_storing() const { return moves_data(); }
  // Channel c (axis 1) of the result follows from channel c of each operand alone, the same way for every c: pools,
  // elementwise functions of operands of equal shape. Operands may be single numbers.
  virtual bool channelwise() const { return elementwise_unary(); }
  // With the other operands constant, each element of the result is a * x + b, where x is the element at the same place
  // of operand `operand`: BatchNormalization, Add, Sub, Mul, Div in its dividend.
  virtual bool affine_in(size_t /*operand*/) const { return false; }
  // The result's numbers are the operand's: only how they are stored may differ (QuantizeLinear, DequantizeLinear).
  virtual bool is_identity() const { return false; }
  // A function of each single element (Relu, Sigmoid, QuantizeLinear ...): a chain of them on int8 is a 256-byte table.
  virtual bool elementwise_unary() const { return false; }
  // Whether lower() has an integer kernel for these operand types with the result stored so.
  virtual bool integer_form(std::span<const TensorType>, const Storage&) const { return false; }
  // The border, 1 or more pixels, of planes that this node reads operand 0 from on `target` (depthwise convolution on a
  // DSP core); 0: it reads NHWC.
  virtual int32_t planes_border(const Node&, const Target&) const { return 0; }
  // Constant folding keeps off while quantized forms are still to be found (DequantizeLinear of weights).
  virtual bool folds_early() const { return true; }
  // Multiply-accumulates of one run, by the usual count (bias, padding taps included, elementwise work not).
  virtual int64_t macs(std::span<const TensorType> /*inputs*/, std::span<const TensorType> /*outputs*/) const {
    return 0;
  }
};

// The op whose result is its operand, unchanged. An output of the graph that is an input, or another output, needs a
// value of its own, and so this node.
OpPtr copy_op();

}  // namespace thimble::compiler
