// Fully connected layers for cores with the DSP extension. A row of inputs is widened once; four outputs share each
// load of it. Cost on a Cortex-M4 in the block: 0.875 instructions per MAC with shared halves, 1.125 in the plain form.
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

// The widened inputs are words {0,2} {1,3} for each quad.
template <bool shared_halves>
constexpr int32_t dense_entry_of(int32_t quads) {
  constexpr int32_t quad_code_bytes = shared_halves ? 54 : 70;  // LDM is 2 bytes long, the others 4
  return int32_t(uint32_t(-quads) % quads_per_turn) * quad_code_bytes;
}

// Adds the products of the inputs [in, end), one quad or more, with the weights of four outputs.
template <bool shared_halves>
THIMBLE_INLINE void mac_four(const int32_t* in, const int32_t* end, int32_t entry, const int32_t*& weights,
                             FourSums& sums) {
#if THIMBLE_DSP_ASSEMBLY
#define THIMBLE_QUAD_SHARED                                                                   \
  "ldmia r1!,{r4-r7}\n\t ldrd r8,r9,[r0],#8\n\t sxtb16 r12,r4\n\t smlad r3,r4,r8,r3\n\t"      \
  "smlad r2,r12,r8,r2\n\t sxtb16 r12,r5\n\t smlad r11,r5,r8,r11\n\t smlad r10,r12,r8,r10\n\t" \
  "sxtb16 r12,r6\n\t smlad r3,r6,r9,r3\n\t smlad r2,r12,r9,r2\n\t sxtb16 r12,r7\n\t"          \
  "smlad r11,r7,r9,r11\n\t smlad r10,r12,r9,r10\n\t"
#define THIMBLE_QUAD_PLAIN                                                                       \
  "ldmia r1!,{r4-r7}\n\t ldrd r8,r9,[r0],#8\n\t sxtb16 r12,r4\n\t smlad r2,r12,r8,r2\n\t"        \
  "sxtb16 r12,r4,ror #8\n\t smlad r2,r12,r9,r2\n\t sxtb16 r12,r5\n\t smlad r3,r12,r8,r3\n\t"     \
  "sxtb16 r12,r5,ror #8\n\t smlad r3,r12,r9,r3\n\t sxtb16 r12,r6\n\t smlad r10,r12,r8,r10\n\t"   \
  "sxtb16 r12,r6,ror #8\n\t smlad r10,r12,r9,r10\n\t sxtb16 r12,r7\n\t smlad r11,r12,r8,r11\n\t" \
  "sxtb16 r12,r7,ror #8\n\t smlad r11,r12,r9,r11\n\t"
#define THIMBLE_8(x) x x x x x x x x
#define THIMBLE_QUADS(quad)                                                                                    \
  __asm volatile(THIMBLE_KEEPING_R7("add pc,r12\n\t nop\n1:\n\t" THIMBLE_8(quad) "cmp r0,lr\n\t bne.w 1b\n\t") \
                 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(lr)           \
                 :                                                                                             \
                 : "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "cc", "memory")
  register const int32_t* r0 __asm("r0") = in;
  register const int32_t* r1 __asm("r1") = weights;
  register int32_t r2 __asm("r2") = sums.a;
  register int32_t r3 __asm("r3") = sums.b;
  register int32_t r10 __asm("r10") = sums.c;
  register int32_t r11 __asm("r11") = sums.d;
  register int32_t r12 __asm("r12") = entry;
  register const int32_t* lr __asm("lr") = end;
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
  for (; in != end; in += 2, weights += 4) {
    const int32_t x02 = load32(in), x13 = load32(in + 1);
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
#endif
}

// The same for a pair of outputs, a and b.
template <bool shared_halves>
THIMBLE_INLINE void mac_two(const int32_t* in, const int32_t* end, const int32_t*& weights, FourSums& sums) {
  for (; in != end; in += 2, weights += 2) {
    const int32_t x02 = load32(in), x13 = load32(in + 1), u = weights[0], v = weights[1];
    if (shared_halves) {
      sums.a = smlad(even_bytes(v), x13, smlad(even_bytes(u), x02, sums.a));
      sums.b = smlad(v, x13, smlad(u, x02, sums.b));
    } else {
      sums.a = smlad(odd_bytes(u), x13, smlad(even_bytes(u), x02, sums.a));
      sums.b = smlad(odd_bytes(v), x13, smlad(even_bytes(v), x02, sums.b));
    }
  }
}

// Widens a row of inputs; the last quad is filled up with zeros. Gives the end.
inline int32_t* widen_inputs(const int8_t* in, int32_t inputs, int32_t* to) {
  for (; inputs >= 4; inputs -= 4, in += 4, to += 2) {
    const int32_t v = load32(in);
    to[0] = even_bytes(v);
    to[1] = odd_bytes(v);
  }
  if (inputs > 0) {
    to[0] = halves(in[0], inputs > 2 ? in[2] : 0);
    to[1] = halves(inputs > 1 ? in[1] : 0, 0);
    to += 2;
  }
  return to;
}

template <DspForm form, class Layer>
THIMBLE_INLINE void dense(const Layer& c, const int8_t* in, int8_t* out, void* scratch) {
  constexpr bool shared = form != DspForm::plain;
  const OutputStage stage = output_stage(c);
  int32_t* const widened = static_cast<int32_t*>(scratch);
  const int32_t entry = dense_entry_of<shared>(dense_dsp_quads(c.inputs));
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
    const int32_t* const end = widen_inputs(in, c.inputs, widened);
    const int32_t* weights = c.weights;
    int32_t o = 0;
    for (; o + 4 <= c.outputs; o += 4) {
      FourSums s{c.bias[o], bias_of_both(o), c.bias[o + 2], bias_of_both(o + 2)};
      mac_four<shared>(widened, end, entry, weights, s);
      out[o] = result(s.a, o, false);
      out[o + 1] = result(second(s.b, s.a), o + 1, shared);
      out[o + 2] = result(s.c, o + 2, false);
      out[o + 3] = result(second(s.d, s.c), o + 3, shared);
    }
    for (; o < c.outputs; o += 2) {
      const bool paired = o + 1 < c.outputs;
      FourSums s{c.bias[o], paired ? bias_of_both(o) : shared ? c.bias[o] : 0, 0, 0};
      mac_two<shared>(widened, end, weights, s);
      out[o] = result(s.a, o, false);
      if (paired) out[o + 1] = result(second(s.b, s.a), o + 1, shared);
    }
  }
}

}  // namespace dsp

template <class Shape>
void dense_dsp(const DenseDsp<Shape>& c, const int8_t* in, int8_t* out, void* scratch) {
  dsp::dense<DspForm::saturated>(c, in, out, scratch);
}
template <class Shape>
void dense_dsp_clamped(const DenseDsp<Shape>& c, const int8_t* in, int8_t* out, void* scratch) {
  dsp::dense<DspForm::clamped>(c, in, out, scratch);
}
template <class Shape>
void dense_dsp_plain(const DenseDsp<Shape>& c, const int8_t* in, int8_t* out, void* scratch) {
  dsp::dense<DspForm::plain>(c, in, out, scratch);
}

}  // namespace thimble
