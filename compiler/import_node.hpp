// What an op's importer sees of one ONNX node. Implemented by onnx/import.cpp; ops know no protobuf.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "compiler/error.hpp"
#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

// Every attribute that the node has must be read by one of the calls below: one that nobody reads is an error, for an
// attribute ignored is a model miscompiled.
class ImportNode {
 public:
  virtual ~ImportNode() = default;
  virtual const std::string& name() const = 0;  // for messages: "Conv 'block1/conv'"
  virtual int64_t opset() const = 0;            // version of the node's domain

  virtual size_t input_count() const = 0;
  virtual Value* input(size_t i) const = 0;           // null when absent (optional, empty name, or past the end)
  virtual Value* required_input(size_t i) const = 0;  // throws Error when absent
  virtual size_t output_count() const = 0;
  virtual bool output_used(size_t i) const = 0;  // a node or the model reads it, so that it must be bound

  // Integers saturate at 2^31 - 1 on both sides: no dimension reaches that, and sums and products of two cannot
  // overflow. `tensor` gives them exactly.
  virtual bool has(const std::string& attribute) = 0;  // counts as read
  virtual int64_t integer(const std::string& attribute, int64_t if_absent) = 0;
  virtual int64_t required_integer(const std::string& attribute) = 0;
  virtual float real(const std::string& attribute, float if_absent) = 0;
  virtual std::string text(const std::string& attribute, const std::string& if_absent) = 0;
  virtual std::vector<int64_t> integers(const std::string& attribute, std::vector<int64_t> if_absent) = 0;
  virtual std::optional<std::vector<float>> reals(const std::string& attribute) = 0;
  // A tensor attribute; numbers and lists of numbers are taken as tensors, too (int64 and float32).
  virtual std::optional<Tensor> tensor(const std::string& attribute) = 0;
  // An attribute that is ONNX's number of an element type (`to` of Cast), as ours: float16 and double are float32.
  // Throws Error when the type is not supported.
  virtual std::optional<ElementType> element(const std::string& attribute) = 0;

  // Operand i as integers, for operands that must be known at compile time (shapes, axes, pads). Throws Error, naming
  // `what`, when it is not a constant; nullopt when it is absent.
  virtual std::optional<std::vector<int64_t>> constant_integers(size_t i, const std::string& what) const = 0;
  virtual std::optional<std::vector<double>> constant_reals(size_t i, const std::string& what) const = 0;

  // Makes a node with one result: an intermediate value, or (finish) output 0 of this node, under its ONNX name. Folds
  // it at once when all operands are constant and op->folds_early().
  virtual Value* emit(OpPtr op, std::vector<Value*> inputs, std::optional<Storage> stored_as = {}) = 0;
  virtual void finish(OpPtr op, std::vector<Value*> inputs, std::optional<Storage> stored_as = {}) = 0;
  virtual Value* constant(Tensor) = 0;           // a new constant value
  virtual void bind(size_t output, Value*) = 0;  // an existing value is this node's output (Identity)

  // An Error about this node: "Conv 'block1/conv': <what>. <remedy>"
  virtual Error error(const std::string& what, const std::string& remedy) const = 0;
};

// One line of ops.inc.
struct OpEntry {
  const char* onnx_name;
  void (*import)(ImportNode&);
  bool moves_data;  // output 0 shares input 0's quantization: the importer carries a DequantizeLinear's parameters back
                    // over it
  // Quantization that the node declares for its input 0 (DequantizeLinear with constant parameters); null for others.
  std::optional<Quantization> (*declares)(ImportNode&);
  const char* notes;  // what is supported, one line, for `thimble ops` and docs/operators.md
};
const std::vector<OpEntry>& op_table();                // in the order of ops.inc
const OpEntry* find_op(const std::string& onnx_name);  // null when not supported

}  // namespace thimble::compiler
