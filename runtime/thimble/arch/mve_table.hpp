// Any function of one stored byte, on cores with Helium 16 at a time.
#pragma once
#include "thimble/arch/mve.hpp"
#include "thimble/runs.hpp"
#include "thimble/table.pack.hpp"

namespace thimble {
namespace mve {

// Looks `count` bytes up, none or more: load, gather, store for 16 of them.
THIMBLE_INLINE void look_up(const uint8_t* values, const uint8_t* from, uint8_t* to, int32_t count) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "wlstp.8 lr,%[count],2f\n1:\n\t vldrb.u8 q0,[%[from]],#16\n\t vldrb.u8 q1,[%[values],q0]\n\t"
      "vstrb.8 q1,[%[to]],#16\n\t letp lr,1b\n2:\n\t"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count), [values] "r"(values)
      : "lr", "q0", "q1", "memory");
#else
  for (; count > 0; --count) *to++ = values[*from++];
#endif
}

}  // namespace mve

inline void table_mve(const Table& layer, const RowView& in, const RowRing& out, int32_t y0, int32_t y1) {
  for_each_run(
      y0, y1,
      [&](int32_t rows, uint8_t* q, const uint8_t* x) { mve::look_up(layer.values, x, q, rows * layer.row_elements); },
      out, in);
}

}  // namespace thimble
