// Conversions between reals and stored integers, as ONNX Runtime computes them in float32.
#pragma once
#include "thimble/math.hpp"
#include "thimble/quantize.pack.hpp"
#include "thimble/runs.hpp"

namespace thimble {

template <class T>
struct StoredLimits {  // of an integer type of 8 or 16 bits
  static constexpr int32_t low = T(-1) < T(0) ? -(int32_t(1) << (8 * sizeof(T) - 1)) : 0;
  static constexpr int32_t high = low + ((int32_t(1) << (8 * sizeof(T))) - 1);
};

// clamp(round_half_even(x / scale) + zero_point). The quotient is clamped first, so that adding 1.5 * 2^23 leaves the
// rounded integer in the low bits of the sum.
template <class T>
void quantize_run(const float* x, T* q, int32_t count, float scale, int32_t zero_point) {
  const float low = float(StoredLimits<T>::low - zero_point), high = float(StoredLimits<T>::high - zero_point);
  const int32_t bias = 0x4B400000 - zero_point;
  for (const float* const end = x + count; x != end; ++x) {
    float v = *x / scale;
    v = v > low ? v : low;
    v = v < high ? v : high;
    *q++ = T(int32_t(bits_of(v + 12582912.0f)) - bias);
  }
}

template <class T>
void dequantize_run(const T* q, float* x, int32_t count, float scale, int32_t zero_point) {
  for (const T* const end = q + count; q != end; ++q) *x++ = float(int32_t(*q) - zero_point) * scale;
}

template <class T>
void quantize_rows(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* q, const uint8_t* x) {
        quantize_run(reinterpret_cast<const float*>(x), reinterpret_cast<T*>(q), rows * layer.row_elements, layer.scale,
                     layer.zero_point);
      },
      out, in);
}

template <class T>
void dequantize_rows(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* x, const uint8_t* q) {
        dequantize_run(reinterpret_cast<const T*>(q), reinterpret_cast<float*>(x), rows * layer.row_elements,
                       layer.scale, layer.zero_point);
      },
      out, in);
}

inline void quantize_int8(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  quantize_rows<int8_t>(layer, in, out, y0, y1);
}
inline void quantize_uint8(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  quantize_rows<uint8_t>(layer, in, out, y0, y1);
}
inline void quantize_int16(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  quantize_rows<int16_t>(layer, in, out, y0, y1);
}
inline void dequantize_int8(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  dequantize_rows<int8_t>(layer, in, out, y0, y1);
}
inline void dequantize_uint8(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  dequantize_rows<uint8_t>(layer, in, out, y0, y1);
}
inline void dequantize_int16(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  dequantize_rows<int16_t>(layer, in, out, y0, y1);
}
inline void dequantize_int32(const Quantize& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  dequantize_rows<int32_t>(layer, in, out, y0, y1);
}

// Per axis, a whole tensor at once; the element types are the pointers'.
template <class T>
void quantize_axis(const QuantizeAxis& layer, const float* in, T* out) {
  for (int32_t o = 0; o < layer.outer; ++o)
    for (int32_t c = 0; c < layer.channels; ++c, in += layer.inner, out += layer.inner)
      quantize_run(in, out, layer.inner, layer.scales[c], layer.zero_points[c]);
}
template <class T>
void dequantize_axis(const QuantizeAxis& layer, const T* in, float* out) {
  for (int32_t o = 0; o < layer.outer; ++o)
    for (int32_t c = 0; c < layer.channels; ++c, in += layer.inner, out += layer.inner)
      dequantize_run(in, out, layer.inner, layer.scales[c], layer.zero_points[c]);
}

}  // namespace thimble
