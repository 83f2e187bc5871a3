// 3x3 convolutions of stride 1 by Winograd's F(2x2, 3x3) in exact integers, for cores with the DSP extension: 16
// products for four results instead of 36. The transformed weights take 32 bytes for every 9, the panel 64 bytes a
// channel.
#pragma once
#include <stdint.h>

#include "thimble/arch/dsp_form.pack.hpp"
#include "thimble/band.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

constexpr int32_t winograd_most_channels = 64;  // of the input

// in_channels is a multiple of 4, out_channels even; the result is NHWC.
struct WinogradDsp {
  int32_t in_height, in_width, in_channels;
  int32_t out_height, out_width, out_channels;
  int32_t pad_top, pad_left;
  int32_t in_zero_point;
  int32_t offset, shift;   // OutputStage's
  const int32_t* weights;  // pack_winograd_dsp
};

constexpr int32_t winograd_positions = 16;  // of a tile of 4x4 values

// Panel of two tiles, sums of two channels, a pixel of padding.
constexpr int32_t winograd_dsp_scratch_bytes(int32_t in_channels) {
  return winograd_positions * (in_channels * 4 + 16) + in_channels;
}

constexpr BandContract winograd_dsp_contract(int32_t pad_top) {
  BandContract c;
  c.window = 3;
  c.pad_top = pad_top;
  c.step = 2;
  return c;
}

// The results carry a factor of 4, which is 2 more bits of shift: 4 * (sum * M / 2^32 + offset) fits an int32 for
// |sum| < 2^27 and shifts up to 19. weights[out_channels][count], bias with the input's zero point folded in.
template <class Stage>
constexpr bool winograd_dsp_fits(const int8_t* weights, const int32_t* bias, int32_t out_channels, int32_t count,
                                 const Stage& stage) {
  if (stage.left_shift != 0 || stage.ties_to_even != 0 || stage.low != -128 || stage.high != 127 || stage.shift > 19)
    return false;
  if (count > 9 * winograd_most_channels) return false;
  const int64_t limit = int64_t(1) << 27;
  for (int32_t c = 0; c < out_channels; ++c) {
    const SumRange r = sum_range(weights + int64_t(c) * count, count, bias[c]);
    if (r.low <= -limit || r.high >= limit) return false;
  }
  return true;
}

constexpr int32_t packed_winograd_dsp_words(int32_t in_channels, int32_t out_channels) {
  return out_channels * (winograd_positions * in_channels / 2 + 2);
}

// Four times the transformed weight at row y, column x of the tile: (2G) g (2G)', g the 3x3 kernel, |result| <= 9 *
// 128.
constexpr int32_t winograd_weight(const int8_t* kernel, int32_t step, int32_t y, int32_t x) {
  constexpr int32_t g[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};
  int32_t sum = 0;
  for (int32_t a = 0; a < 3; ++a)
    for (int32_t b = 0; b < 3; ++b) sum += g[y][a] * g[x][b] * kernel[(a * 3 + b) * step];
  return sum;
}

// weights: [out_channels][3][3][in_channels]. For each pair of channels, position and quad of inputs four words: inputs
// 0 2 and 1 3 of the first channel, then of the second. Behind a pair's positions for both channels four times the
// bias, and the multiplier.
constexpr void pack_winograd_dsp(int32_t in, int32_t out_channels, const int8_t* weights, const int32_t* bias,
                                 const int32_t* multipliers, int32_t* packed) {
  for (int32_t c = 0; c < out_channels; c += 2) {
    for (int32_t position = 0; position < winograd_positions; ++position)
      for (int32_t i = 0; i < in; i += 4)
        for (int32_t k = 0; k < 2; ++k)
          for (int32_t e = 0; e < 2; ++e) {
            const int8_t* const kernel = weights + int64_t(c + k) * 9 * in + i + e;
            *packed++ = word_of_halves(winograd_weight(kernel, in, position / 4, position % 4),
                                       winograd_weight(kernel + 2, in, position / 4, position % 4));
          }
    for (int32_t k = c; k < c + 2; ++k) {
      *packed++ = bias[k] * 4;
      *packed++ = multipliers[k];
    }
  }
}

}  // namespace thimble
