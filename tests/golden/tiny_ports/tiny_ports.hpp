// The model tiny_ports for host.
// Made by Thimble 0.1.0: changes are lost when the model is compiled again.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace tiny_ports {

// SHA-256 of the model file, and what made this code of it, for which core.
constexpr char model_hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char thimble_version[] = "0.1.0";
constexpr char target[] = "host";

// Input "left", int8[4]. real = (stored - zero_point) * scale.
namespace input_left {
using Element = int8_t;
constexpr char name[] = "left";
constexpr size_t size = 4;  // elements
using Array = Element[size];
constexpr int32_t rank = 1;
constexpr int32_t shape[rank] = {4};
constexpr float scale = 0.5f;
constexpr int32_t zero_point = 0;
Element quantize(float real);  // to the nearest step, ties to even; saturates
constexpr float dequantize(Element stored) { return float(stored - zero_point) * scale; }
}  // namespace input_left

// Input "input.right", int8[1,4].
namespace input_right {
using Element = int8_t;
constexpr char name[] = "input.right";
constexpr size_t size = 4;  // elements
using Array = Element[size];
constexpr int32_t rank = 2;
constexpr int32_t shape[rank] = {1, 4};
}  // namespace input_right

// Output "1", float32[].
namespace output_value_1 {
using Element = float;
constexpr char name[] = "1";
constexpr size_t size = 1;  // elements
using Array = Element[size];
constexpr int32_t rank = 0;
}  // namespace output_value_1

// Output "sum", int8[1,4]. real = (stored - zero_point) * scale.
namespace output_sum {
using Element = int8_t;
constexpr char name[] = "sum";
constexpr size_t size = 4;  // elements
using Array = Element[size];
constexpr int32_t rank = 2;
constexpr int32_t shape[rank] = {1, 4};
constexpr float scale = 0.25f;
constexpr int32_t zero_point = -128;
Element quantize(float real);  // to the nearest step, ties to even; saturates
constexpr float dequantize(Element stored) { return float(stored - zero_point) * scale; }
}  // namespace output_sum

// The firmware defines this. A run calls it behind each call of a layer's kernel (where rows stream, a layer is
// called many times), with the layer's index in layer_names.
extern "C" void tiny_ports_after_layer(int32_t layer);

constexpr const char* layer_names[] = {
    "weigh",
    "add",
};

// The memory that a model works in. Models that do not run at the same time may share it: put their arenas
// into a union. An output is there until the next run in the same memory.
struct Arena {
  alignas(8) uint8_t bytes[16];
};

class Model {
 public:
  static constexpr size_t arena_bytes = 16;   // memory for all values
  static constexpr size_t weight_bytes = 16;  // of constants, in tiny_ports_weights.cpp

  explicit Model(Arena& arena) : arena_(&arena) {}

  // Fill the inputs, run, read the outputs. run() keeps the input.
  input_left::Array& input_left() { return reinterpret_cast<input_left::Array&>(arena_->bytes[0]); }
  input_right::Array& input_right() { return reinterpret_cast<input_right::Array&>(arena_->bytes[4]); }
  void run();
  const output_value_1::Array& output_value_1() const {
    return reinterpret_cast<const output_value_1::Array&>(arena_->bytes[8]);
  }
  const output_sum::Array& output_sum() const { return reinterpret_cast<const output_sum::Array&>(arena_->bytes[12]); }

  // The same with arrays of the caller's, which are copied.
  void run(const input_left::Array& input_left_data, const input_right::Array& input_right_data,
      output_value_1::Array& output_value_1_data, output_sum::Array& output_sum_data);

 private:
  Arena* arena_;
};

}  // namespace tiny_ports
