// When pools of int8 can take eight channels at a time, or 16.
#pragma once
#include "thimble/pool.pack.hpp"

namespace thimble {

// Channels that are taken at once: the last such block ends at the last channel, over those of the block before.
constexpr int32_t pool_block = 8, pool_block_mve = 16;

// A channel's sum fits a half of a word: 255 * 256 < 2^16, -128 * 256 = -2^15.
template <class Shape>
constexpr bool averages_in_halves(const Shape& c) {
  return c.channels >= pool_block && c.kernel_height * c.kernel_width <= 256;
}

}  // namespace thimble
