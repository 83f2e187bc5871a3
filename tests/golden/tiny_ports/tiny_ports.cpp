// Layers of the model tiny_ports, where its values lie, and the order of its run.
#include "tiny_ports.hpp"

#include "tiny_ports_weights.hpp"
#include "thimble/arch/require_unaligned_loads.hpp"
#include "thimble/nearest_step.hpp"
#include "thimble/no_fast_math.hpp"
#include "thimble/rows.hpp"

namespace tiny_ports {

namespace {

namespace layers {

constexpr thimble::Dense weigh = {
    4,  // inputs
    1,  // outputs
    {
        -1000,  // low
        1000,   // high
    },                       // range
    0.5f,                    // scale
    weights::weigh_weights,  // weights
    nullptr,                 // bias
};

constexpr thimble::AddRows add = {
    4,  // row_bytes
};

}  // namespace layers

// Memory map of the arena, 16 bytes. A value lives from the layer that makes it to the last one that reads it.
//
// at  bytes  value        type       layout  lives
//  0      4  left         int8[4]    flat    input - add
//  4      4  input_right  int8[1,4]  flat    input - add
//  8      4  value_1      float32[]  flat    weigh - output
// 12      4  sum          int8[1,4]  flat    add - output

// One run: views of the values, and the layers in order.
struct Inference {
  uint8_t* arena;

  // Rows: where the first lies, bytes of each, how many are in memory.
  thimble::RowRing left_rows() const { return {arena + 0, 4, 1}; }
  int8_t* left() const { return reinterpret_cast<int8_t*>(arena + 0); }
  thimble::RowRing input_right() const { return {arena + 4, 4, 1}; }
  float* value_1() const { return reinterpret_cast<float*>(arena + 8); }
  thimble::RowRing sum() const { return {arena + 12, 4, 1}; }

  void run() {
    thimble::dense(layers::weigh, left(), value_1());
    tiny_ports_after_layer(0);
    thimble::add_rows(layers::add, left_rows(), input_right(), sum(), 0, 1);
    tiny_ports_after_layer(1);
  }
};

}  // namespace

input_left::Element input_left::quantize(float real) {
  return thimble::nearest_step<Element>(real, scale, zero_point);
}

output_sum::Element output_sum::quantize(float real) {
  return thimble::nearest_step<Element>(real, scale, zero_point);
}

void Model::run() {
  Inference{arena_->bytes}.run();
}

void Model::run(const input_left::Array& input_left_data, const input_right::Array& input_right_data,
    output_value_1::Array& output_value_1_data, output_sum::Array& output_sum_data) {
  __builtin_memcpy(input_left(), input_left_data, sizeof input_left_data);
  __builtin_memcpy(input_right(), input_right_data, sizeof input_right_data);
  run();
  __builtin_memcpy(output_value_1_data, output_value_1(), sizeof output_value_1_data);
  __builtin_memcpy(output_sum_data, output_sum(), sizeof output_sum_data);
}

}  // namespace tiny_ports
