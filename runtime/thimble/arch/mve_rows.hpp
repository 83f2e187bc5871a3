// Moves of rows and pixels for the kernels for Helium, and the clamp of finished rows.
#pragma once
#include "thimble/arch/mve.hpp"
#include "thimble/rows.hpp"

namespace thimble::mve {

// Copies the first `lanes` of 16 bytes each from `count` places, none or more, `from_step` bytes apart, to places
// `to_step` bytes apart.
THIMBLE_INLINE void copy_pixels(const int8_t* from, int32_t from_step, int8_t* to, int32_t to_step, int32_t count,
                                int32_t lanes) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "vctp.8 %[lanes]\n\t wls lr,%[count],2f\n1:\n\t vpstt\n\t vldrbt.u8 q0,[%[from]]\n\t vstrbt.8 q0,[%[to]]\n\t"
      "add %[from],%[from],%[from_step]\n\t add %[to],%[to],%[to_step]\n\t le lr,1b\n2:\n\t"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count), [from_step] "r"(from_step), [to_step] "r"(to_step), [lanes] "r"(lanes)
      : "lr", "q0", "memory");
#else
  for (; count > 0; --count, from += from_step, to += to_step)
    for (int32_t i = 0; i < lanes; ++i) to[i] = from[i];
#endif
}

// Copies `lanes` bytes each from `count` places, none or more, that lie one behind the other: byte i of each goes to
// offsets[i], `to_step` bytes from one place to the next. All 16 offsets are there.
THIMBLE_INLINE void scatter_bytes(const int8_t* from, int8_t* to, int32_t to_step, const uint8_t* offsets,
                                  int32_t count, int32_t lanes) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "vldrb.u8 q1,[%[offsets]]\n\t vctp.8 %[lanes]\n\t wls lr,%[count],2f\n1:\n\t vpstt\n\t vldrbt.u8 q0,[%[from]]\n\t"
      "vstrbt.8 q0,[%[to],q1]\n\t add %[from],%[from],%[lanes]\n\t add %[to],%[to],%[to_step]\n\t le lr,1b\n2:\n\t"
      : [from] "+r"(from), [to] "+r"(to)
      : [count] "r"(count), [offsets] "r"(offsets), [to_step] "r"(to_step), [lanes] "r"(lanes)
      : "lr", "q0", "q1", "memory");
#else
  for (; count > 0; --count, from += lanes, to += to_step)
    for (int32_t i = 0; i < lanes; ++i) to[offsets[i]] = from[i];
#endif
}

// Clamps `count` bytes.
THIMBLE_INLINE void clamp_bytes(int8_t* bytes, int32_t count, int32_t low, int32_t high) {
#if THIMBLE_MVE_ASSEMBLY
  __asm volatile(
      "vdup.8 q1,%[low]\n\t vdup.8 q2,%[high]\n\t wlstp.8 lr,%[count],2f\n1:\n\t vldrb.u8 q0,[%[bytes]]\n\t"
      "vmax.s8 q0,q0,q1\n\t vmin.s8 q0,q0,q2\n\t vstrb.8 q0,[%[bytes]],#16\n\t letp lr,1b\n2:\n\t"
      : [bytes] "+r"(bytes)
      : [count] "r"(count), [low] "r"(low), [high] "r"(high)
      : "lr", "q0", "q1", "q2", "memory");
#else
  for (; count > 0; --count, ++bytes) *bytes = int8_t(*bytes < low ? low : *bytes > high ? high : *bytes);
#endif
}

// Clamps rows [y0, y1) of `row_bytes` bytes, if the layer's range is none of all int8.
template <class Layer>
THIMBLE_INLINE void clamp_rows(const Layer& layer, const RowRing& out, int32_t y0, int32_t y1, int32_t row_bytes) {
  if (layer.low <= -128 && layer.high >= 127) return;
  for (int32_t y = y0; y < y1; ++y)
    clamp_bytes(reinterpret_cast<int8_t*>(out.row(y)), row_bytes, layer.low, layer.high);
}

}  // namespace thimble::mve
