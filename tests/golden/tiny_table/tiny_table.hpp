// The model tiny_table for cortex-m4.
// Made by Thimble 0.1.0: changes are lost when the model is compiled again.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace tiny_table {

// SHA-256 of the model file, and what made this code of it, for which core.
constexpr char model_hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char thimble_version[] = "0.1.0";
constexpr char target[] = "cortex-m4";

// Input "image", int8[1,1,9,4].
namespace input {
using Element = int8_t;
constexpr char name[] = "image";
constexpr size_t size = 36;  // elements
using Array = Element[size];
constexpr int32_t rank = 4;
constexpr int32_t shape[rank] = {1, 1, 9, 4};
}  // namespace input

// Output "scores", float32[1,2].
namespace output {
using Element = float;
constexpr char name[] = "scores";
constexpr size_t size = 2;  // elements
using Array = Element[size];
constexpr int32_t rank = 2;
constexpr int32_t shape[rank] = {1, 2};
}  // namespace output

class Model {
 public:
  static constexpr size_t arena_bytes = 204;   // memory for all values
  static constexpr size_t weight_bytes = 163;  // of constants, in tiny_table_weights.cpp

  // Fill the input, run, read the output. run() overwrites the input: fill it anew each time.
  input::Array& input() { return reinterpret_cast<input::Array&>(arena_[0]); }
  void run();
  const output::Array& output() const { return reinterpret_cast<const output::Array&>(arena_[184]); }

  // The same with arrays of the caller's, which are copied.
  void run(const input::Array& in, output::Array& out);

 private:
  alignas(4) uint8_t arena_[arena_bytes];
};

}  // namespace tiny_table
