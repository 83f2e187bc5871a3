// Fully connected layers for cores with the DSP extension. Four outputs share each load of the inputs. Cost on a
// Cortex-M4 in the block: 1 instruction per MAC with shared halves, 1.25 in the plain form. (Inputs widened beforehand
// would save an eighth, and cost twice their bytes of RAM.)
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_dense.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {
namespace dsp {

// Sums of outputs a, b, c, d; with shared halves b and d hold 256 times theirs, plus a or c.
struct FourSums {
  int32_t a, b, c, d;
};

// One quad of inputs, as bytes of a word, for four outputs or for a pair.
template <bool shared_halves>
THIMBLE_INLINE void add_quad_of_four(int32_t in, const int32_t* weights, FourSums& sums) {
  const int32_t x02 = even_bytes(in), x13 = odd_bytes(in);
  if (shared_halves) {
    sums.a = smlad(even_bytes(weights[2]), x13, smlad(even_bytes(weights[0]), x02, sums.a));
    sums.b = smlad(weights[2], x13, smlad(weights[0], x02, sums.b));
    sums.c = smlad(even_bytes(weights[3]), x13, smlad(even_bytes(weights[1]), x02, sums.c));
    sums.d = smlad(weights[3], x13, smlad(weights[1], x02, sums.d));
  } else {
    sums.a = smlad(odd_bytes(weights[0]), x13, smlad(even_bytes(weights[0]), x02, sums.a));
    sums.b = smlad(odd_bytes(weights[1]), x13, smlad(even_bytes(weights[1]), x02, sums.b));
    sums.c = smlad(odd_bytes(weights[2]), x13, smlad(even_bytes(weights[2]), x02, sums.c));
    sums.d = smlad(odd_bytes(weights[3]), x13, smlad(even_bytes(weights[3]), x02, sums.d));
  }
}
template <bool shared_halves>
THIMBLE_INLINE void add_quad_of_two(int32_t in, const int32_t* weights, FourSums& sums) {
  const int32_t x02 = even_bytes(in), x13 = odd_bytes(in), u = weights[0], v = weights[1];
  if (shared_halves) {
    sums.a = smlad(even_bytes(v), x13, smlad(even_bytes(u), x02, sums.a));
    sums.b = smlad(v, x13, smlad(u, x02, sums.b));
  } else {
    sums.a = smlad(odd_bytes(u), x13, smlad(even_bytes(u), x02, sums.a));
    sums.b = smlad(odd_bytes(v), x13, smlad(even_bytes(v), x02, sums.b));
  }
}

template <bool shared_halves>
constexpr int32_t dense_entry_of(int32_t quads) {
  constexpr int32_t quad_code_bytes = shared_halves ? 62 : 78;  // LDM is 2 bytes long, the others 4
  return int32_t(uint32_t(-quads) % quads_per_turn) * quad_code_bytes;
}

// Adds the products of the whole quads of inputs [in, end), one or more, with the weights of four outputs.
template <bool shared_halves>
THIMBLE_INLINE void add_quads_of_four(const int8_t* in, const int8_t* end, int32_t entry, const int32_t*& weights,
                                      FourSums& sums) {
#if THIMBLE_DSP_ASSEMBLY
#define THIMBLE_QUAD_SHARED                                                                             \
  "ldr r9,[r0],#4\n\t ldmia r1!,{r4-r7}\n\t sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t sxtb16 r12,r4\n\t" \
  "smlad r3,r4,r8,r3\n\t smlad r2,r12,r8,r2\n\t sxtb16 r12,r5\n\t smlad r11,r5,r8,r11\n\t"              \
  "smlad r10,r12,r8,r10\n\t sxtb16 r12,r6\n\t smlad r3,r6,r9,r3\n\t smlad r2,r12,r9,r2\n\t"             \
  "sxtb16 r12,r7\n\t smlad r11,r7,r9,r11\n\t smlad r10,r12,r9,r10\n\t"
#define THIMBLE_QUAD_PLAIN                                                                              \
  "ldr r9,[r0],#4\n\t ldmia r1!,{r4-r7}\n\t sxtb16 r8,r9\n\t sxtb16 r9,r9,ror #8\n\t sxtb16 r12,r4\n\t" \
  "smlad r2,r12,r8,r2\n\t sxtb16 r12,r4,ror #8\n\t smlad r2,r12,r9,r2\n\t sxtb16 r12,r5\n\t"            \
  "smlad r3,r12,r8,r3\n\t sxtb16 r12,r5,ror #8\n\t smlad r3,r12,r9,r3\n\t sxtb16 r12,r6\n\t"            \
  "smlad r10,r12,r8,r10\n\t sxtb16 r12,r6,ror #8\n\t smlad r10,r12,r9,r10\n\t sxtb16 r12,r7\n\t"        \
  "smlad r11,r12,r8,r11\n\t sxtb16 r12,r7,ror #8\n\t smlad r11,r12,r9,r11\n\t"
#define THIMBLE_8(x) x x x x x x x x
#define THIMBLE_QUADS(quad)                                                                                    \
  __asm volatile(THIMBLE_KEEPING_R7("add pc,r12\n\t nop\n1:\n\t" THIMBLE_8(quad) "cmp r0,lr\n\t bne.w 1b\n\t") \
                 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(lr)           \
                 :                                                                                             \
                 : "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "cc", "memory")
  register const int8_t* r0 __asm("r0") = in;
  register const int32_t* r1 __asm("r1") = weights;
  register int32_t r2 __asm("r2") = sums.a;
  register int32_t r3 __asm("r3") = sums.b;
  register int32_t r10 __asm("r10") = sums.c;
  register int32_t r11 __asm("r11") = sums.d;
  register int32_t r12 __asm("r12") = entry;
  register const int8_t* lr __asm("lr") = end;
  if constexpr (shared_halves)
    THIMBLE_QUADS(THIMBLE_QUAD_SHARED);
  else
    THIMBLE_QUADS(THIMBLE_QUAD_PLAIN);
  weights = r1;
  sums = {r2, r3, r10, r11};
#undef THIMBLE_QUADS
#undef THIMBLE_8
#undef THIMBLE_QUAD_PLAIN
#undef THIMBLE_QUAD_SHARED
#else
  static_cast<void>(entry);
  for (; in != end; in += 4, weights += 4) add_quad_of_four<shared_halves>(load32(in), weights, sums);
#endif
}

template <DspForm form, class Layer>
THIMBLE_INLINE void dense(const Layer& c, const int8_t* in, int8_t* out) {
  constexpr bool shared = form != DspForm::plain;
  const OutputStage stage = output_stage(c);
  const int32_t whole = c.inputs / 4 * 4, rest = c.inputs % 4, entry = dense_entry_of<shared>(c.inputs / 4);
  // `scaled`: 256 times the sum.
  const auto result = [&](int32_t sum, int32_t o, bool scaled) {
    const int32_t multiplier = c.multipliers[o * c.multiplier_step];
    if constexpr (form == DspForm::plain) return int8_t(requantize(sum, multiplier, stage));
    const int32_t offset = scaled ? int32_t(uint32_t(stage.offset) << 8) : stage.offset;
    const int32_t q = saturate8<0>(smmla(sum, multiplier, offset) >> (scaled ? stage.shift + 8 : stage.shift));
    if constexpr (form == DspForm::clamped) return int8_t(q < stage.low ? stage.low : q > stage.high ? stage.high : q);
    return int8_t(q);
  };
  const auto bias_of_both = [&](int32_t o) {
    return shared ? int32_t(uint32_t(c.bias[o]) + 256u * uint32_t(c.bias[o + 1])) : c.bias[o + 1];
  };
  const auto second = [](int32_t b, int32_t a) { return shared ? wrapping_sub(b, a) : b; };
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs, out += c.outputs) {
    const int8_t* const end = in + whole;
    const int32_t last = load_bytes(end, rest);
    const int32_t* weights = c.weights;
    int32_t o = 0;
    for (; o + 4 <= c.outputs; o += 4) {
      FourSums s{c.bias[o], bias_of_both(o), c.bias[o + 2], bias_of_both(o + 2)};
      if (in != end) add_quads_of_four<shared>(in, end, entry, weights, s);
      if (rest != 0) {
        add_quad_of_four<shared>(last, weights, s);
        weights += 4;
      }
      out[o] = result(s.a, o, false);
      out[o + 1] = result(second(s.b, s.a), o + 1, shared);
      out[o + 2] = result(s.c, o + 2, false);
      out[o + 3] = result(second(s.d, s.c), o + 3, shared);
    }
    for (; o < c.outputs; o += 2) {
      const bool paired = o + 1 < c.outputs;
      FourSums s{c.bias[o], paired ? bias_of_both(o) : shared ? c.bias[o] : 0, 0, 0};
      for (const int8_t* x = in; x != end; x += 4, weights += 2) add_quad_of_two<shared>(load32(x), weights, s);
      if (rest != 0) {
        add_quad_of_two<shared>(last, weights, s);
        weights += 2;
      }
      out[o] = result(s.a, o, false);
      if (paired) out[o + 1] = result(second(s.b, s.a), o + 1, shared);
    }
  }
}

}  // namespace dsp

template <class Shape>
void dense_dsp(const DenseDsp<Shape>& c, const int8_t* in, int8_t* out) {
  dsp::dense<DspForm::saturated>(c, in, out);
}
template <class Shape>
void dense_dsp_clamped(const DenseDsp<Shape>& c, const int8_t* in, int8_t* out) {
  dsp::dense<DspForm::clamped>(c, in, out);
}
template <class Shape>
void dense_dsp_plain(const DenseDsp<Shape>& c, const int8_t* in, int8_t* out) {
  dsp::dense<DspForm::plain>(c, in, out);
}

}  // namespace thimble
