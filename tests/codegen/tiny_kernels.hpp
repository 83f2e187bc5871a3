// Kernels of the hand-made programs, put before the generated code by -include: simple and wholly known to the tests.
#pragma once
#include "thimble/rows.hpp"

namespace thimble {

struct WindowShape {
  static constexpr bool fixed = false;
  int32_t in_height, row_bytes, window, stride, pad_top;
};

// Each byte of an output row is a weighted sum of the bytes above and below it, modulo 256.
template <class Shape>
struct Window : Shape {
  const int8_t* weights;  // [window]
  int32_t bias;
};

template <class Shape>
void window_sum(const Window<Shape>& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1,
                void* scratch) {
  uint8_t* sums = static_cast<uint8_t*>(scratch);
  for (int32_t y = y0; y < y1; ++y) {
    for (int32_t i = 0; i < layer.row_bytes; ++i) sums[i] = uint8_t(layer.bias);
    for (int32_t k = 0; k < layer.window; ++k) {
      const int32_t from = y * layer.stride - layer.pad_top + k;
      if (from < 0 || from >= layer.in_height) continue;
      for (int32_t i = 0; i < layer.row_bytes; ++i) sums[i] = uint8_t(sums[i] + in.row(from)[i] * layer.weights[k]);
    }
    for (int32_t i = 0; i < layer.row_bytes; ++i) out.row(y)[i] = sums[i];
  }
}

struct Lookup {
  int32_t row_bytes;
  const int8_t* table;  // [256]
};
inline void lookup(const Lookup& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for (int32_t y = y0; y < y1; ++y)
    for (int32_t i = 0; i < layer.row_bytes; ++i) out.row(y)[i] = uint8_t(layer.table[in.row(y)[i]]);
}

struct AddRows {
  int32_t row_bytes;
};
inline void add_rows(const AddRows& layer, const RowView& a, const RowView& b, const RowRing& out, int32_t y0,
                     int32_t y1) {
  for (int32_t y = y0; y < y1; ++y)
    for (int32_t i = 0; i < layer.row_bytes; ++i) out.row(y)[i] = uint8_t(a.row(y)[i] + b.row(y)[i]);
}

struct Range {
  int32_t low, high;
};
struct Dense {
  int32_t inputs, outputs;
  Range range;
  float scale;
  const float* weights;  // [outputs][inputs]
  const float* bias;     // null: none
};
inline void dense(const Dense& layer, const int8_t* in, float* out) {
  for (int32_t o = 0; o < layer.outputs; ++o) {
    float sum = layer.bias == nullptr ? 0.0f : layer.bias[o];
    for (int32_t i = 0; i < layer.inputs; ++i) sum += float(in[i]) * layer.weights[o * layer.inputs + i];
    sum *= layer.scale;
    out[o] = sum < float(layer.range.low)    ? float(layer.range.low)
             : sum > float(layer.range.high) ? float(layer.range.high)
                                             : sum;
  }
}

}  // namespace thimble
