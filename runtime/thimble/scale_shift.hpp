// x * scale + shift, each channel with its own: normalization at run time.
#pragma once
#include "thimble/runs.hpp"
#include "thimble/scale_shift.pack.hpp"

namespace thimble {

// Exact in place: an element is read before it is written, and no other reads it. NaN passes the clamp.
inline void scale_shift(const ScaleShift& c, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* to, const uint8_t* from) {
        float* y = reinterpret_cast<float*>(to);
        const float* x = reinterpret_cast<const float*>(from);
        for (int32_t group = rows * c.groups; group > 0; --group)
          for (int32_t m = 0; m < c.channels; ++m) {
            const float scale = c.scale[m], shift = c.shift[m];
            for (int32_t i = 0; i < c.inner; ++i) {
              const float v = *x++ * scale + shift;
              *y++ = v < c.low ? c.low : v > c.high ? c.high : v;
            }
          }
      },
      out, in);
}

}  // namespace thimble
