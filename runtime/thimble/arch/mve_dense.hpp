// Fully connected layers for cores with Helium: four outputs share each load of sixteen inputs. 10 instructions for 64
// products on a Cortex-M55.
#pragma once
#include "thimble/arch/mve.hpp"
#include "thimble/arch/mve_dense.pack.hpp"

namespace thimble {
namespace mve {

// Adds the products of `count` inputs, one or more, with four rows of weights. The last turn is predicated: nothing
// behind a row is read.
THIMBLE_INLINE void add_four_rows(const int8_t* in, const int8_t* const* rows, int32_t count, int32_t* sums) {
#if THIMBLE_MVE_ASSEMBLY
  register int32_t r0 __asm("r0") = sums[0];
  register int32_t r2 __asm("r2") = sums[1];
  register int32_t r4 __asm("r4") = sums[2];
  register int32_t r6 __asm("r6") = sums[3];
  const int8_t *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
  __asm volatile(
      "dlstp.8 lr,%[count]\n1:\n\t vldrb.u8 q0,[%[in]],#16\n\t vldrb.u8 q1,[%[a]],#16\n\t vmladava.s8 r0,q0,q1\n\t"
      "vldrb.u8 q2,[%[b]],#16\n\t vmladava.s8 r2,q0,q2\n\t vldrb.u8 q3,[%[c]],#16\n\t vmladava.s8 r4,q0,q3\n\t"
      "vldrb.u8 q1,[%[d]],#16\n\t vmladava.s8 r6,q0,q1\n\t letp lr,1b\n\t"
      : "+r"(r0), "+r"(r2), "+r"(r4), "+r"(r6), [in] "+r"(in), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d)
      : [count] "r"(count)
      : "lr", "q0", "q1", "q2", "q3", "memory");
  sums[0] = r0;
  sums[1] = r2;
  sums[2] = r4;
  sums[3] = r6;
#else
  for (int32_t k = 0; k < 4; ++k)
    for (int32_t i = 0; i < count; ++i) sums[k] += in[i] * rows[k][i];
#endif
}

}  // namespace mve

template <class Shape>
void dense_mve(const DenseMve<Shape>& c, const int8_t* in, int8_t* out) {
  const OutputStage stage = output_stage(c);
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs, out += c.outputs)
    for (int32_t o = 0; o < c.outputs; o += 4) {
      const int32_t block = c.outputs - o < 4 ? c.outputs - o : 4;
      const int8_t* rows[4];
      int32_t sums[4];
      for (int32_t k = 0; k < 4; ++k) {  // outputs that do not exist repeat the last
        const int32_t output = o + (k < block ? k : block - 1);
        rows[k] = c.weights + output * c.inputs;
        sums[k] = c.bias[output];
      }
      mve::add_four_rows(in, rows, c.inputs, sums);
      for (int32_t k = 0; k < block; ++k)
        out[o + k] = int8_t(requantize(sums[k], c.multipliers[(o + k) * c.multiplier_step], stage));
    }
}

}  // namespace thimble
