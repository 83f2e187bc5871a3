// Fully connected layers for cores with Helium: four outputs share each load of sixteen inputs. 9.5 instructions for 64
// products on a Cortex-M55, 10 where the inputs are no multiple of 32, and 25 for four results.
#pragma once
#include "thimble/arch/mve_dense.pack.hpp"
#include "thimble/arch/mve_rows.hpp"

namespace thimble {
namespace mve {

#if THIMBLE_MVE_ASSEMBLY
// 64 products: sixteen inputs in q0, the weights of four outputs one after the other.
#define THIMBLE_MVE_FOUR_ROWS                                                                                   \
  "vldrb.u8 q0,[%[in]],#16\n\t vldrb.u8 q1,[%[w]],#16\n\t vmladava.s8 %[a],q0,q1\n\t"                           \
  "vldrb.u8 q2,[%[w]],#16\n\t vmladava.s8 %[b],q0,q2\n\t vldrb.u8 q1,[%[w]],#16\n\t vmladava.s8 %[c],q0,q1\n\t" \
  "vldrb.u8 q2,[%[w]],#16\n\t vmladava.s8 %[d],q0,q2\n\t"
#define THIMBLE_MVE_FOUR_SUMS(loop)                                                                              \
  __asm volatile("ldrd %[a],%[b],[%[bias]],#8\n\t ldrd %[c],%[d],[%[bias]],#8\n\t" loop                          \
                 "vmov %q[s][2],%q[s][0],%[a],%[c]\n\t vmov %q[s][3],%q[s][1],%[b],%[d]\n\t"                     \
                 : [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), [d] "=&Te"(d), [s] "=&w"(s), [w] "+&r"(weights), \
                   [bias] "+&r"(bias), [in] "+&r"(in)                                                            \
                 : [turns] "r"(turns)                                                                            \
                 : "lr", "q0", "q1", "q2", "memory")
#endif

// The sums of four outputs; goes on behind their weights and biases. The last turn of a depth that is no multiple of 32
// is predicated: nothing behind the inputs is read.
template <bool by_32>
THIMBLE_INLINE void sum_rows(const int8_t* in, int32_t inputs, const int8_t*& weights, const int32_t*& bias,
                             int32_t* sums) {
#if THIMBLE_MVE_ASSEMBLY
  int32_t a, b, c, d;
  int32x4_t s;
  const int32_t turns = by_32 ? inputs / 32 : inputs;
  if constexpr (by_32)
    THIMBLE_MVE_FOUR_SUMS("dls lr,%[turns]\n1:\n\t" THIMBLE_MVE_FOUR_ROWS THIMBLE_MVE_FOUR_ROWS "le lr,1b\n\t");
  else
    THIMBLE_MVE_FOUR_SUMS("dlstp.8 lr,%[turns]\n1:\n\t" THIMBLE_MVE_FOUR_ROWS "letp lr,1b\n\t");
  vst1q_s32(sums, s);
#else
  for (int32_t k = 0; k < 4; ++k) sums[k] = *bias++;
  for (int32_t v = 0; v < inputs; v += 16)
    for (int32_t k = 0; k < 4; ++k)
      for (int32_t i = v; i < v + 16; ++i, ++weights)
        if (i < inputs) sums[k] += in[i] * *weights;
#endif
}

// The first `left` of four results. It equals requantize(): see store_quad of mve_quad.hpp.
THIMBLE_INLINE void store_four(const int32_t* sums, const int32_t* multipliers, bool one_multiplier, int32_t left,
                               const OutputStage& stage, int8_t* out) {
#if THIMBLE_MVE_ASSEMBLY
  const int32x4_t m = one_multiplier ? vdupq_n_s32(*multipliers) : vld1q_s32(multipliers);
  int32x4_t s = vld1q_s32(sums);
  __asm volatile(
      "vmulh.s32 %q[s],%q[s],%q[m]\n\t vrshl.s32 %q[s],%[shift]\n\t vqmovnb.s32 %q[s],%q[s]\n\t"
      "vqadd.s16 %q[s],%q[s],%[zero]\n\t vqmovnb.s16 %q[s],%q[s]\n\t vctp.32 %[left]\n\t vpst\n\t"
      "vstrbt.32 %q[s],[%[out]]\n\t"
      : [s] "+w"(s)
      : [m] "w"(m), [shift] "r"(-stage.shift), [zero] "r"(stage.offset >> stage.shift), [left] "r"(left), [out] "l"(out)
      : "memory");
#else
  for (int32_t k = 0; k < 4 && k < left; ++k) {
    const int32_t high = multiply_high(sums[k], multipliers[one_multiplier ? 0 : k]);
    const int32_t q = (high + stage.offset) >> stage.shift;
    out[k] = int8_t(q < -128 ? -128 : q > 127 ? 127 : q);
  }
#endif
}

template <bool saturates, bool by_32, class Layer>
THIMBLE_INLINE void dense_rows(const Layer& layer, const int8_t* in, int8_t* out) {
  const OutputStage stage = output_stage(layer);
  const int32_t inputs = layer.inputs, outputs = layer.outputs, step = layer.multiplier_step;
  for (int32_t row = 0; row < layer.rows; ++row, in += inputs, out += outputs) {
    const int8_t* weights = layer.weights;
    const int32_t *bias = layer.bias, *multipliers = layer.multipliers;
    for (int32_t o = 0; o < outputs; o += 4, multipliers += 4 * step) {
      int32_t sums[4];
      sum_rows<by_32>(in, inputs, weights, bias, sums);
      if constexpr (saturates) {
        store_four(sums, multipliers, step == 0, outputs - o, stage, out + o);
      } else {
        for (int32_t k = 0; k < 4 && o + k < outputs; ++k)
          out[o + k] = int8_t(requantize(sums[k], multipliers[k * step], stage));
      }
    }
  }
}

template <bool saturates, class Layer>
THIMBLE_INLINE void dense(const Layer& layer, const int8_t* in, int8_t* out) {
  if (layer.inputs % 32 == 0)
    dense_rows<saturates, true>(layer, in, out);
  else
    dense_rows<saturates, false>(layer, in, out);
  if (saturates && (layer.low > -128 || layer.high < 127))
    clamp_bytes(out, layer.rows * layer.outputs, layer.low, layer.high);
}

}  // namespace mve

template <class Shape>
void dense_mve(const DenseMve<Shape>& layer, const int8_t* in, int8_t* out) {
  mve::dense<true>(layer, in, out);
}
template <class Shape>
void dense_plain_mve(const DenseMve<Shape>& layer, const int8_t* in, int8_t* out) {
  mve::dense<false>(layer, in, out);
}

}  // namespace thimble
