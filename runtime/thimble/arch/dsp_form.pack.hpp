// The forms of the product kernels for cores with the DSP extension: when each is exact, and how two channels share
// halves.
#pragma once
#include <stdint.h>

namespace thimble {

// Three forms of each kernel, chosen by the layer's weights and output stage.
enum class DspForm {
  saturated,  // two channels share halves of 16 bits; the result only saturates at -128 and 127
  clamped,    // the same, then a clamp to [low, high]
  plain,      // one byte a weight, and the whole of requantize()
};

// The range of bias + sum of weights[i] * x[i] over all x in [-128, 127].
struct SumRange {
  int64_t low, high;
};
constexpr SumRange sum_range(const int8_t* weights, int32_t count, int64_t bias) {
  SumRange r{bias, bias};
  for (int32_t i = 0; i < count; ++i) {
    const int64_t w = weights[i];
    r.low += w > 0 ? w * -128 : w * 127;
    r.high += w > 0 ? w * 127 : w * -128;
  }
  return r;
}

// Channels a and b may share halves: a + 256*b fits 16 bits, and 256 times the sum of b fits an int32.
constexpr bool halves_shareable(const int8_t* a, const int8_t* b, int32_t count, int32_t bias_b) {
  for (int32_t i = 0; i < count; ++i)
    if (b[i] == -128 && a[i] < 0) return false;
  const SumRange r = sum_range(b, count, bias_b);
  const int64_t limit = int64_t(1) << 23;
  return r.low > -limit && r.high < limit;
}

// 256 * (sum * M / 2^32 + offset) fits an int32 for every |sum| < 2^23: below 2^30 and 2^30 + 2^22.
constexpr int32_t largest_shared_shift = 15;

// The fastest exact form of a layer. weights[out_channels][count], bias with the input's zero point folded in.
template <class Stage>
constexpr DspForm dsp_form(const int8_t* weights, const int32_t* bias, int32_t out_channels, int32_t count,
                           const Stage& stage) {
  if (stage.left_shift != 0 || stage.ties_to_even != 0 || stage.shift > largest_shared_shift) return DspForm::plain;
  for (int32_t c = 0; c + 1 < out_channels; c += 2)
    if (!halves_shareable(weights + int64_t(c) * count, weights + int64_t(c + 1) * count, count, bias[c + 1]))
      return DspForm::plain;
  return stage.low == -128 && stage.high == 127 ? DspForm::saturated : DspForm::clamped;
}

constexpr int32_t shared_half(int32_t a, int32_t b) {
  return a + 256 * b;
}
constexpr int32_t word_of_halves(int32_t low, int32_t high) {
  return int32_t((uint32_t(low) & 0xffff) | uint32_t(high) << 16);
}
constexpr int32_t word_of_bytes(const int32_t* b) {
  return int32_t((uint32_t(b[0]) & 0xff) | (uint32_t(b[1]) & 0xff) << 8 | (uint32_t(b[2]) & 0xff) << 16 |
                 uint32_t(b[3]) << 24);
}

}  // namespace thimble
