// What a banded kernel promises to the planner: which rows it reads, and what memory one call needs.
#pragma once
#include <stdint.h>

namespace thimble {

// Output row y reads input rows [y*stride - pad_top, y*stride - pad_top + window), clipped to the image. Calls of one
// inference come in order, without gaps, from row 0 to the height; what a call must do follows from y0 and y1 alone.
struct BandContract {
  int32_t window = 1;  // input rows one output row reads (dilation included)
  int32_t stride = 1;
  int32_t pad_top = 0;
  int32_t step = 1;  // bands start at a multiple of step, and have a multiple of it or end at the height (Winograd: 2)
  bool pairs_pixels = false;  // an odd band_rows * width wastes half a product at the end of each call
  int32_t state_bytes = 0;    // live from the call with y0 == 0, which sets it, to the one that ends at the height: the
                              // first bytes of the scratch
};

}  // namespace thimble
