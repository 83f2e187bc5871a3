// Mutations of model files: fields that mean something, and plain bytes.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <span>
#include <string>

namespace thimble::compiler::fuzz {

// xorshift64*: the same numbers everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Du;
  }
  int below(int n) { return n <= 0 ? 0 : int((next() >> 16) % uint64_t(n)); }
  bool one_in(int n) { return below(n) == 0; }
  template <class T>
  const T& pick(const T* values, size_t n) {
    return values[size_t(below(int(n)))];
  }

 private:
  uint64_t state_;
};

// One way to change a model. It may find nothing to change.
struct Mutation {
  const char* name;
  void (*apply)(onnx::ModelProto&, Random&);
  bool weights;  // it changes the bytes of a tensor, not the structure around them
};
std::span<const Mutation> node_mutations();
std::span<const Mutation> value_mutations();

// Changes, removes, inserts or repeats bytes of a file, or cuts it short. Mostly keeps out of the tensors' bytes: gives
// whether it did.
bool mutate_bytes(std::string& file, const onnx::ModelProto& model, Random& random);

}  // namespace thimble::compiler::fuzz
