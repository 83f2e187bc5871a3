// Rows of an activation, whole or in a ring: the view every banded kernel reads and writes through.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace thimble {

// Row y lies at base + (y mod ring_rows) * row_bytes. A whole tensor has ring_rows == its height. Only rows inside the
// image exist.
template <class Byte>
struct Rows {
  Byte* base;
  int32_t row_bytes;
  int32_t ring_rows;
  Byte* row(int32_t y) const { return base + uint32_t(y) % uint32_t(ring_rows) * uint32_t(row_bytes); }
  operator Rows<const Byte>() const { return {base, row_bytes, ring_rows}; }
};
using RowView = Rows<const uint8_t>;  // read
using RowRing = Rows<uint8_t>;        // written

// The earlier of two rows.
inline int32_t min(int32_t a, int32_t b) {
  return a < b ? a : b;
}

}  // namespace thimble
