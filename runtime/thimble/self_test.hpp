// How a self-test tells whether an output is the one recorded.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "thimble/math.hpp"

namespace thimble {

// CRC-32 (IEEE 802.3: reflected, polynomial 0x04c11db7), a bit at a time: small rather than fast.
inline uint32_t checksum(const void* data, size_t size) {
  const uint8_t* bytes = static_cast<const uint8_t*>(data);
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int32_t bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
  }
  return ~crc;
}

// Whether each float is within 1e-3 of the recorded one relatively, or within 1e-5 of the largest magnitude recorded.
inline bool close(const float* made, const float* recorded, size_t count) {
  float largest = 0.0f;
  for (size_t i = 0; i < count; ++i) largest = absolute(recorded[i]) > largest ? absolute(recorded[i]) : largest;
  for (size_t i = 0; i < count; ++i)
    if (!(absolute(made[i] - recorded[i]) <= 1e-3f * absolute(recorded[i]) + 1e-5f * largest)) return false;
  return true;
}

}  // namespace thimble
