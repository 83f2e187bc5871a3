// Fully connected layers for cores with the DSP extension. The inputs are widened to 16 bits once; then four outputs
// share each load of them. Cost on a Cortex-M4 in the block: 0.84 instructions per MAC, and about 15 an output.
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

// Turns of eight inputs done in one go; a count that is no multiple of it enters the first late.
constexpr int32_t dense_turns = 4;
// Bytes of code to skip then: a turn has 27 instructions, LDM of low registers is 2 bytes long, the others 4.
constexpr int32_t dense_entry_of(int32_t turns) {
  return int32_t(uint32_t(-turns) % uint32_t(dense_turns)) * 104;
}

// Adds the products of the widened inputs [x, end), one turn or more, with the weights of four outputs. SXTB16 takes a
// and c out of the shared halves in their place, after the sum of both was added: 27 instructions for 32 products.
template <bool shared_halves>
THIMBLE_INLINE void add_turns(const int32_t* x, const int32_t* end, const int32_t*& weights, FourSums& sums) {
#if THIMBLE_DSP_PRODUCT_LOOP
  if constexpr (shared_halves) {
#define THIMBLE_HALVES(w, x, both, alone) \
  "smlad " both "," w "," x "," both "\n\t sxtb16 " w "," w "\n\t smlad " alone "," w "," x "," alone "\n\t"
#define THIMBLE_QUAD(x02, x13)                                                                          \
  "ldmia r1!,{r2-r5}\n\t" THIMBLE_HALVES("r2", x02, "r9", "r8") THIMBLE_HALVES("r3", x02, "r11", "r10") \
      THIMBLE_HALVES("r4", x13, "r9", "r8") THIMBLE_HALVES("r5", x13, "r11", "r10")
#define THIMBLE_TURN "ldmia r0!,{r6,r7,r12,lr}\n\t" THIMBLE_QUAD("r6", "r7") THIMBLE_QUAD("r12", "lr")
    register const int32_t* r0 __asm("r0") = x;
    register const int32_t* r1 __asm("r1") = weights;
    register int32_t r8 __asm("r8") = sums.a;
    register int32_t r9 __asm("r9") = sums.b;
    register int32_t r10 __asm("r10") = sums.c;
    register int32_t r11 __asm("r11") = sums.d;
    const Parked entry = parked(dense_entry_of(int32_t(end - x) / dense_turn_words)), parked_end = parked(end);
    __asm volatile(THIMBLE_KEEPING_R7(THIMBLE_FETCH(r2, entry) "add pc,r2\n\t nop\n1:\n\t" THIMBLE_TURN THIMBLE_TURN
                                          THIMBLE_TURN THIMBLE_TURN THIMBLE_FETCH(r2, end) "cmp r0,r2\n\t bne.w 1b\n\t")
                   : "+r"(r0), "+r"(r1), "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r11)
                   : [entry] THIMBLE_PARKED(entry), [end] THIMBLE_PARKED(parked_end)
                   : "r2", "r3", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r12", "lr", "cc", "memory");
#undef THIMBLE_TURN
#undef THIMBLE_QUAD
#undef THIMBLE_HALVES
    weights = r1;
    sums = {r8, r9, r10, r11};
    return;
  }
#endif
  for (; x != end; x += 2, weights += 4) {
    const int32_t x02 = load32(x), x13 = load32(x + 1);
    const auto add = [&](int32_t& sum, int32_t w02, int32_t w13) { sum = smlad(w13, x13, smlad(w02, x02, sum)); };
    if (shared_halves) {
      add(sums.a, even_bytes(weights[0]), even_bytes(weights[2]));
      add(sums.b, weights[0], weights[2]);
      add(sums.c, even_bytes(weights[1]), even_bytes(weights[3]));
      add(sums.d, weights[1], weights[3]);
    } else {
      add(sums.a, even_bytes(weights[0]), odd_bytes(weights[0]));
      add(sums.b, even_bytes(weights[1]), odd_bytes(weights[1]));
      add(sums.c, even_bytes(weights[2]), odd_bytes(weights[2]));
      add(sums.d, even_bytes(weights[3]), odd_bytes(weights[3]));
    }
  }
}

// Widens `count` inputs, {0,2} {1,3} of each four, and fills the last turn with zeros.
inline void widen_inputs(const int8_t* in, int32_t count, int32_t* to, const int32_t* end) {
  for (; to != end; in += 4, count -= 4, to += 2) {
    const int32_t v = count >= 4 ? load32(in) : count > 0 ? load_bytes(in, count) : 0;
    store32(to, even_bytes(v));
    store32(to + 1, odd_bytes(v));
  }
}

template <DspForm form, class Layer>
THIMBLE_INLINE void dense(const Layer& c, const int8_t* in, int8_t* out, void* scratch) {
  constexpr bool shared = form != DspForm::plain;
  const OutputStage stage = output_stage(c);
  // `scaled`: 256 times the sum.
  const auto result = [&](int32_t sum, int32_t multiplier, bool scaled) {
    if constexpr (form == DspForm::plain) return int8_t(requantize(sum, multiplier, stage));
    const int32_t offset = scaled ? int32_t(uint32_t(stage.offset) << 8) : stage.offset;
    const int32_t q = saturate8<0>(smmla(sum, multiplier, offset) >> (scaled ? stage.shift + 8 : stage.shift));
    if constexpr (form == DspForm::clamped) return int8_t(q < stage.low ? stage.low : q > stage.high ? stage.high : q);
    return int8_t(q);
  };
  const auto second = [](int32_t b, int32_t a) { return shared ? wrapping_sub(b, a) : b; };
  int32_t* const x = static_cast<int32_t*>(scratch);
  int32_t* const end = x + dense_dsp_turns(c.inputs) * dense_turn_words;
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs) {
    widen_inputs(in, c.inputs, x, end);
    const int32_t* weights = c.weights;
    for (int32_t left = c.outputs; left > 0; left -= 4) {
      FourSums s{weights[0], weights[1], weights[2], weights[3]};
      weights += 4;
      add_turns<shared>(x, end, weights, s);
      // Outputs that do not exist have the place of the last that does, and are overwritten.
      const int32_t last = left < 4 ? left - 1 : 3;
      out[last] = result(second(s.d, s.c), weights[3], shared);
      out[last < 2 ? last : 2] = result(s.c, weights[2], false);
      out[last < 1 ? last : 1] = result(second(s.b, s.a), weights[1], shared);
      out[0] = result(s.a, weights[0], false);
      weights += 4;
      out += last + 1;
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
