// The model hand_keypoints for cortex-m4.
// Made by Thimble 0.1.0: changes are lost when the model is compiled again.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace hand_keypoints {

// SHA-256 of the model file, and what made this code of it, for which core.
constexpr char model_hash[] = "b9c95dced15004a5e6a4162092e00726926ad847367993c967f2db193f1c46e9";
constexpr char thimble_version[] = "0.1.0";
constexpr char target[] = "cortex-m4";

// Input "input_1", float32[1,42].
namespace input {
using Element = float;
constexpr char name[] = "input_1";
constexpr size_t size = 42;  // elements
using Array = Element[size];
constexpr int32_t rank = 2;
constexpr int32_t shape[rank] = {1, 42};
}  // namespace input

// Output "Identity", float32[1,3].
namespace output {
using Element = float;
constexpr char name[] = "Identity";
constexpr size_t size = 3;  // elements
using Array = Element[size];
constexpr int32_t rank = 2;
constexpr int32_t shape[rank] = {1, 3};
}  // namespace output

class Model {
 public:
  static constexpr size_t arena_bytes = 248;    // memory for all values
  static constexpr size_t weight_bytes = 4412;  // of constants, in hand_keypoints_weights.cpp

  // Fill the input, run, read the output. run() overwrites the input: fill it anew each time.
  input::Array& input() { return reinterpret_cast<input::Array&>(arena_[0]); }
  void run();
  const output::Array& output() const { return reinterpret_cast<const output::Array&>(arena_[40]); }

  // The same with arrays of the caller's, which are copied.
  void run(const input::Array& in, output::Array& out);

 private:
  alignas(4) uint8_t arena_[arena_bytes];
};

}  // namespace hand_keypoints
