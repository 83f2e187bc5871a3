// Layers of the model hand_keypoints, where its values lie, and the order of its run.
#include "hand_keypoints.hpp"

#include "hand_keypoints_weights.hpp"
#include "thimble/arch/require_dsp.hpp"
#include "thimble/arch/require_unaligned_loads.hpp"
#include "thimble/dense.hpp"
#include "thimble/no_fast_math.hpp"
#include "thimble/rows.hpp"
#include "thimble/softmax.hpp"

namespace hand_keypoints {

namespace shapes {

struct CommonDenseShape {
  static constexpr bool fixed = false;
  static constexpr int32_t rows = 1;
  uint8_t inputs;
  uint8_t outputs;
};

struct CommonSoftmaxShape {
  static constexpr bool fixed = false;
  static constexpr int32_t outer = 1;
  static constexpr int32_t count = 3;
  static constexpr int32_t inner = 1;
};

}  // namespace shapes

namespace {

namespace layers {

// Relu__5
constexpr thimble::DenseF32<shapes::CommonDenseShape> Relu_5 = {
    {
        42,  // inputs
        20,  // outputs
    },
    weights::Relu_5_weights,  // weights
    weights::Relu_5_bias,     // bias
    0.0f,                     // low
    __builtin_inff(),         // high
};

// Relu__10
constexpr thimble::DenseF32<shapes::CommonDenseShape> Relu_10 = {
    {
        20,  // inputs
        10,  // outputs
    },
    weights::Relu_10_weights,  // weights
    weights::Relu_10_bias,     // bias
    0.0f,                      // low
    __builtin_inff(),          // high
};

// Add__16
constexpr thimble::DenseF32<shapes::CommonDenseShape> Add_16 = {
    {
        10,  // inputs
        3,   // outputs
    },
    weights::Add_16_weights,  // weights
    weights::Add_16_bias,     // bias
    -__builtin_inff(),        // low
    __builtin_inff(),         // high
};

constexpr thimble::SoftmaxF32<shapes::CommonSoftmaxShape> Identity = {
    {},  // shapes::CommonSoftmaxShape
};

}  // namespace layers

// Memory map of the arena, 248 bytes. A value lives from the layer that makes it to the last one that reads it.
//
//  at  bytes  value      type           layout  lives
//   0    168  input_1    float32[1,42]  flat    input - Relu_5
//   0     40  Relu_10_0  float32[1,10]  flat    Relu_10 - Add_16
//  40     12  Add_16_0   float32[1,3]   flat    Add_16 - Identity
//  40     12  Identity   float32[1,3]   flat    Identity - output
// 168     80  Relu_5_0   float32[1,20]  flat    Relu_5 - Relu_10

// One run: views of the values, and the layers in order.
struct Inference {
  uint8_t* arena;

  // Rows: where the first lies, bytes of each, how many are in memory.
  float* input_1() const { return reinterpret_cast<float*>(arena + 0); }
  float* Relu_5_0() const { return reinterpret_cast<float*>(arena + 168); }
  float* Relu_10_0() const { return reinterpret_cast<float*>(arena + 0); }
  thimble::RowRing Add_16_0_rows() const { return {arena + 40, 12, 1}; }
  float* Add_16_0() const { return reinterpret_cast<float*>(arena + 40); }
  thimble::RowRing Identity() const { return {arena + 40, 12, 1}; }

  void run() {
    thimble::dense_f32(layers::Relu_5, input_1(), Relu_5_0());
    thimble::dense_f32(layers::Relu_10, Relu_5_0(), Relu_10_0());
    thimble::dense_f32(layers::Add_16, Relu_10_0(), Add_16_0());
    thimble::softmax_f32(layers::Identity, Add_16_0_rows(), Identity(), 0, 1);
  }
};

}  // namespace

void Model::run() {
  Inference{arena_}.run();
}

void Model::run(const input::Array& in, output::Array& out) {
  __builtin_memcpy(input(), in, sizeof in);
  run();
  __builtin_memcpy(out, output(), sizeof out);
}

}  // namespace hand_keypoints
