// Layers of the model tiny_whole, where its values lie, and the order of its run.
#include "tiny_whole.hpp"

#include "tiny_whole_weights.hpp"
#include "thimble/arch/require_dsp.hpp"
#include "thimble/arch/require_unaligned_loads.hpp"
#include "thimble/no_fast_math.hpp"
#include "thimble/rows.hpp"

namespace tiny_whole {

namespace shapes {

struct CommonWindowShape {
  static constexpr bool fixed = false;
  static constexpr int32_t in_height = 9;
  static constexpr int32_t row_bytes = 4;
  static constexpr int32_t window = 3;
  static constexpr int32_t pad_top = 1;
  uint8_t stride;
};

}  // namespace shapes

namespace {

namespace tables {

// sigmoid of each int8
alignas(4) constexpr int8_t sigmoid_table[256] = {
    3, 10, 17, 24, 31, 38, 45, 52, 59, 66, 73, 80, 87, 94, 101, 108, 115, 122, -127, -120, -113, -106, -99, -92, -85,
    -78, -71, -64, -57, -50, -43, -36, -29, -22, -15, -8, -1, 6, 13, 20, 27, 34, 41, 48, 55, 62, 69, 76, 83, 90, 97,
    104, 111, 118, 125, -124, -117, -110, -103, -96, -89, -82, -75, -68, -61, -54, -47, -40, -33, -26, -19, -12, -5, 2,
    9, 16, 23, 30, 37, 44, 51, 58, 65, 72, 79, 86, 93, 100, 107, 114, 121, -128, -121, -114, -107, -100, -93, -86, -79,
    -72, -65, -58, -51, -44, -37, -30, -23, -16, -9, -2, 5, 12, 19, 26, 33, 40, 47, 54, 61, 68, 75, 82, 89, 96, 103,
    110, 117, 124, -125, -118, -111, -104, -97, -90, -83, -76, -69, -62, -55, -48, -41, -34, -27, -20, -13, -6, 1, 8,
    15, 22, 29, 36, 43, 50, 57, 64, 71, 78, 85, 92, 99, 106, 113, 120, 127, -122, -115, -108, -101, -94, -87, -80, -73,
    -66, -59, -52, -45, -38, -31, -24, -17, -10, -3, 4, 11, 18, 25, 32, 39, 46, 53, 60, 67, 74, 81, 88, 95, 102, 109,
    116, 123, -126, -119, -112, -105, -98, -91, -84, -77, -70, -63, -56, -49, -42, -35, -28, -21, -14, -7, 0, 7, 14, 21,
    28, 35, 42, 49, 56, 63, 70, 77, 84, 91, 98, 105, 112, 119, 126, -123, -116, -109, -102, -95, -88, -81, -74, -67,
    -60, -53, -46, -39, -32, -25, -18, -11, -4,
};

}  // namespace tables

namespace layers {

// model/block/first
constexpr thimble::Window<shapes::CommonWindowShape> block_first = {
    {
        1,  // stride
    },
    weights::block_first_weights,  // weights
    5,                             // bias
};

// model/block/second
constexpr thimble::Window<shapes::CommonWindowShape> block_second = {
    {
        1,  // stride
    },
    weights::block_first_weights,  // weights
    5,                             // bias
};

// model/block/add
constexpr thimble::AddRows block_add = {
    4,  // row_bytes
};

// model/strided
constexpr thimble::Window<shapes::CommonWindowShape> strided = {
    {
        2,  // stride
    },
    weights::block_first_weights,  // weights
    5,                             // bias
};

// model/sigmoid: a chain of 3 operators as one table
constexpr thimble::Lookup sigmoid = {
    4,                      // row_bytes
    tables::sigmoid_table,  // table
};

// model/head
constexpr thimble::Dense head = {
    20,  // inputs
    2,   // outputs
    {
        -1000,  // low
        1000,   // high
    },                      // range
    0.5f,                   // scale
    weights::head_weights,  // weights
    nullptr,                // bias
};

}  // namespace layers

// Memory map of the arena, 204 bytes. A value lives from the layer that makes it to the last one that reads it.
//
//  at  bytes  value         type           layout  lives
//   0     36  image         int8[1,1,9,4]  flat    input - block_first
//  36     36  block_first   int8[1,1,9,4]  nhwc    block_first - block_add
//  72     36  block_second  int8[1,1,9,4]  nhwc    block_second - block_add
// 108     36  block_sum     int8[1,1,9,4]  nhwc    block_add - strided
// 144     20  strided       int8[1,1,5,4]  nhwc    strided - sigmoid
// 164     20  sigmoid       int8[1,1,5,4]  nhwc    sigmoid - head
// 184      8  scores        float32[1,2]   flat    head - output
// 192      4  scratch                              block_first
// 196      4  scratch                              block_second
// 200      4  scratch                              strided

// One run: views of the values, and the layers in order.
struct Inference {
  uint8_t* arena;

  // Rows: where the first lies, bytes of each, how many are in memory.
  thimble::RowRing image_nhwc() const { return {arena + 0, 4, 9}; }
  thimble::RowRing block_first() const { return {arena + 36, 4, 9}; }
  thimble::RowRing block_second() const { return {arena + 72, 4, 9}; }
  thimble::RowRing block_sum() const { return {arena + 108, 4, 9}; }
  thimble::RowRing strided() const { return {arena + 144, 4, 5}; }
  thimble::RowRing sigmoid() const { return {arena + 164, 4, 5}; }
  int8_t* model_sigmoid_flat() const { return reinterpret_cast<int8_t*>(arena + 164); }
  float* scores() const { return reinterpret_cast<float*>(arena + 184); }

  void run() {
    thimble::window_sum(layers::block_first, image_nhwc(), block_first(), 0, 9, arena + 192);
    thimble::window_sum(layers::block_second, block_first(), block_second(), 0, 9, arena + 196);
    thimble::add_rows(layers::block_add, block_second(), block_first(), block_sum(), 0, 9);
    thimble::window_sum(layers::strided, block_sum(), strided(), 0, 5, arena + 200);
    thimble::lookup(layers::sigmoid, strided(), sigmoid(), 0, 5);
    thimble::dense(layers::head, model_sigmoid_flat(), scores());
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

}  // namespace tiny_whole
