// Layers of the model tiny_dense, where its values lie, and the order of its run.
#include "tiny_dense.hpp"

#include "tiny_dense_weights.hpp"
#include "thimble/nearest_step.hpp"
#include "thimble/no_fast_math.hpp"
#include "thimble/rows.hpp"

namespace tiny_dense {

namespace {

namespace layers {

constexpr thimble::Dense dense = {
    3,  // inputs
    2,  // outputs
    {
        -1000,  // low
        1000,   // high
    },                       // range
    0.5f,                    // scale
    weights::dense_weights,  // weights
    weights::dense_bias,     // bias
};

}  // namespace layers

// Memory map of the arena, 12 bytes. A value lives from the layer that makes it to the last one that reads it.
//
// at  bytes  value  type          layout  lives
//  0      3  x      int8[1,3]     flat    input - dense
//  4      8  y      float32[1,2]  flat    dense - output

// One run: views of the values, and the layers in order.
struct Inference {
  uint8_t* arena;

  int8_t* x() const { return reinterpret_cast<int8_t*>(arena + 0); }
  float* y() const { return reinterpret_cast<float*>(arena + 4); }

  void run() {
    thimble::dense(layers::dense, x(), y());
  }
};

}  // namespace

input::Element input::quantize(float real) {
  return thimble::nearest_step<Element>(real, scale, zero_point);
}

void Model::run() {
  Inference{arena_}.run();
}

void Model::run(const input::Array& in, output::Array& out) {
  __builtin_memcpy(input(), in, sizeof in);
  run();
  __builtin_memcpy(out, output(), sizeof out);
}

}  // namespace tiny_dense
