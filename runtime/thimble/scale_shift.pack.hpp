// Constants of the kernel that scales and shifts each channel.
#pragma once
#include <stdint.h>

namespace thimble {

// A row is `groups` times all channels, each `inner` elements: NHWC has a group for each pixel and inner 1, a flat
// [N,C,...] a group for each image.
struct ScaleShift {
  int32_t groups, channels, inner;
  const float* scale;  // [channels]
  const float* shift;  // [channels]
  float low, high;     // the activation's clamp; infinite where open
};

}  // namespace thimble
