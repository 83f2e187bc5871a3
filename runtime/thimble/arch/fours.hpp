// The product of depthwise_fours: what it is told, and its C++ form for cores without one in assembly.
#pragma once
#include <stdint.h>

#include "thimble/arch/rv32.hpp"
#include "thimble/arch/v6m.hpp"
#include "thimble/arch/v7m.hpp"
#include "thimble/requantize.hpp"

namespace thimble {

// Four pixels of a depthwise convolution: one output channel of each input channel. The assembly knows the members by
// their places.
struct Fours {
  const int32_t* table;  // for each position of the kernel, where it lies for each pixel: bytes from `base`
  int32_t skipped_code;  // fours_skipped_code()
  const int32_t* table_end;
  const int8_t* base;
  const int8_t* weights;    // [channel][position]
  int32_t weights_skip;     // between the channels
  const int32_t* channels;  // bias and multiplier
  int32_t channels_step;    // bytes from channel to channel
  int32_t offset, shift;    // OutputStage
  int32_t low, high;        //
  int8_t* to[4];            // results; the same place twice where there are less than four pixels
  int32_t out_step;         // bytes from a channel's result to the next one's
  const int8_t* base_end;   // `base`, and an input channel more for each channel
  int32_t pad;              // value of the padding
  int32_t out, kept;
};

#if THIMBLE_RV32_ASSEMBLY || THIMBLE_V6M_ASSEMBLY || THIMBLE_V7M_ASSEMBLY

// Where a position beside the image lies.
inline int32_t fours_beside(const int8_t* base, const int8_t* padding) {
  return int32_t(uintptr_t(padding) - uintptr_t(base));
}

#else

// The scratch may be too far away for an int32.
inline int32_t fours_beside(const int8_t*, const int8_t*) {
  return INT32_MIN;
}
constexpr int32_t fours_skipped_code(int32_t) {
  return 0;
}

inline void four_pixels(Fours& f) {
  const OutputStage stage{f.offset, f.shift, 0, 0, f.low, f.high, 0};
  const int8_t* w = f.weights;
  const int32_t* channel = f.channels;
  int32_t to = 0;
  for (const int8_t* base = f.base; base != f.base_end; ++base, w += f.weights_skip, to += f.out_step) {
    int32_t sums[4] = {channel[0], channel[0], channel[0], channel[0]};
    for (const int32_t* place = f.table; place != f.table_end; ++w)
      for (int32_t& sum : sums) {
        const int32_t at = *place++;
        sum += *w * (at == INT32_MIN ? f.pad : base[at]);
      }
    for (int32_t i = 0; i < 4; ++i) f.to[i][to] = int8_t(requantize(sums[i], channel[1], stage));
    channel += f.channels_step / 4;
  }
}

#endif

}  // namespace thimble
