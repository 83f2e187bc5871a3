// Fully connected layers for cores with the DSP extension. The inputs are widened to 16 bits once; then four outputs
// share each load of them. Cost on a Cortex-M4 with shared halves: 0.84 instructions per MAC in the block, 28 and 3 a
// turn for four outputs around it.
#pragma once
#include "thimble/arch/dsp.hpp"
#include "thimble/arch/dsp_dense.pack.hpp"
#include "thimble/requantize.hpp"

namespace thimble {
namespace dsp {

// Eights of inputs in a turn of the loop: few, or many in more code.
constexpr int32_t dense_few_eights = 2, dense_many_eights = 8;
// A count that is no multiple of it enters the first turn late. Bytes of code to skip then: an eight has 27
// instructions, LDM of low registers is 2 bytes long, the others 4.
template <int32_t turn>
constexpr int32_t dense_entry_of(int32_t eights) {
  return int32_t(uint32_t(-eights) % uint32_t(turn)) * 104;
}

// Some whole groups of four outputs: their weights, the widened inputs, where the results go.
struct DenseGroups {
  const int32_t *x, *weights;
  int32_t count;
  int8_t* out;
};

#if THIMBLE_DSP_PRODUCT_LOOP
// With shared halves and the saturated output stage. r0 the inputs, r1 the weights, r2-r5 those of four inputs, r6 r7
// r12 lr eight inputs, r8-r11 the sums: of a, of a + 256*b, of c, of c + 256*d. SXTB16 takes a and c out of the shared
// halves in their place, after the sum of both was added: 27 instructions for 32 products, exact modulo 2^32. A result
// is ssat8((C + (sum * M >> 32)) >> shift), for b and d with 256 times the sum and C, and 8 more shift.
#define THIMBLE_HALVES(w, x, both, alone) \
  "smlad " both "," w "," x "," both "\n\t sxtb16 " w "," w "\n\t smlad " alone "," w "," x "," alone "\n\t"
#define THIMBLE_FOUR(x02, x13)                                                                          \
  "ldmia r1!,{r2-r5}\n\t" THIMBLE_HALVES("r2", x02, "r9", "r8") THIMBLE_HALVES("r3", x02, "r11", "r10") \
      THIMBLE_HALVES("r4", x13, "r9", "r8") THIMBLE_HALVES("r5", x13, "r11", "r10")
#define THIMBLE_EIGHT "ldmia r0!,{r6,r7,r12,lr}\n\t" THIMBLE_FOUR("r6", "r7") THIMBLE_FOUR("r12", "lr")
#define THIMBLE_TWO_EIGHTS THIMBLE_EIGHT THIMBLE_EIGHT
#define THIMBLE_TURNS(eights)                                                                                 \
  "ldmia r1!,{r8-r11}\n\t" THIMBLE_FETCH_TWO(r0, r2, start) "add pc,r2\n\t nop\n1:\n\t" eights THIMBLE_FETCH( \
      r2, x_end) "cmp r0,r2\n\t bne.w 1b\n\t"
#define THIMBLE_RESULTS \
  "ldmia r1!,{r2-r5}\n\t" THIMBLE_FETCH_TWO(                                                                      \
      r6, r7, offsets) "sub r9,r9,r8\n\t sub r11,r11,r10\n\t smmla r8,r8,r2,r6\n\t smmla r9,r9,r3,r7\n\t"         \
                       "smmla r10,r10,r4,r6\n\t smmla r11,r11,r5,r7\n\t" THIMBLE_FETCH_TWO(r6, r7, shifts)       \
                           "asr r8,r8,r6\n\t asr r9,r9,r7\n\t asr r10,r10,r6\n\t asr r11,r11,r7\n\t"              \
                           "ssat r8,#8,r8\n\t ssat r9,#8,r9\n\t ssat r10,#8,r10\n\t ssat r11,#8,r11\n\t"
#define THIMBLE_STORE                                                                                                  \
  THIMBLE_FETCH_TWO(r2, r3, out)                                                                                       \
  "strb r11,[r2,#3]\n\t strb r10,[r2,#2]\n\t strb r9,[r2,#1]\n\t strb r8,[r2],#4\n\t subs r3,#1\n\t" THIMBLE_PARK_TWO( \
      out, r2, r3)
template <int32_t turn>
THIMBLE_INLINE const int32_t* multiply_groups_of_halves(const DenseDsp& c, const DenseGroups& g) {
  const int32_t eights = dense_dsp_eights(c.inputs);
  register const int32_t* r1 __asm("r1") = g.weights;
  const ParkedTwo start = parked_two(g.x, dense_entry_of<turn>(eights));
  const ParkedTwo offsets = parked_two(c.offset, int32_t(uint32_t(c.offset) << 8));
  const ParkedTwo shifts = parked_two(c.shift, c.shift + 8);
  const Parked x_end = parked(g.x + eights * dense_eight_words);
  ParkedTwo out = parked_two(g.out, g.count);
#define THIMBLE_GROUPS(eights)                                                                                    \
  __asm volatile(THIMBLE_KEEPING_R7("2:\n\t" THIMBLE_TURNS(eights) THIMBLE_RESULTS THIMBLE_STORE "bne.w 2b\n\t")  \
                 : "+r"(r1), [out] "+" THIMBLE_PARKED_TWO(out)                                                    \
                 : [start] THIMBLE_PARKED_TWO(start), [offsets] THIMBLE_PARKED_TWO(offsets),                      \
                   [shifts] THIMBLE_PARKED_TWO(shifts), [x_end] THIMBLE_PARKED(x_end)                             \
                 : "r0", "r2", "r3", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "lr", \
                   "cc", "memory")
  if constexpr (turn == dense_few_eights)
    THIMBLE_GROUPS(THIMBLE_TWO_EIGHTS);
  else
    THIMBLE_GROUPS(THIMBLE_TWO_EIGHTS THIMBLE_TWO_EIGHTS THIMBLE_TWO_EIGHTS THIMBLE_TWO_EIGHTS);
#undef THIMBLE_GROUPS
  return r1;
}
#undef THIMBLE_STORE
#undef THIMBLE_RESULTS
#undef THIMBLE_TURNS
#undef THIMBLE_TWO_EIGHTS
#undef THIMBLE_EIGHT
#undef THIMBLE_FOUR
#undef THIMBLE_HALVES
#endif

// The sums of four outputs: of each, or with shared halves of a, a + 256*b, c, c + 256*d.
struct FourSums {
  int32_t of[4];
};

// Adds the products of the widened inputs [x, end) with the weights of four outputs.
template <bool shared_halves>
THIMBLE_INLINE void add_products(const int32_t* x, const int32_t* end, const int32_t*& weights, FourSums& sums) {
  for (; x != end; x += 2, weights += 4) {
    const int32_t x02 = load32(x), x13 = load32(x + 1);
    for (int32_t k = 0; k < 4; ++k) {
      const int32_t u = shared_halves ? weights[k / 2] : weights[k],
                    v = shared_halves ? weights[2 + k / 2] : weights[k];
      const bool both = shared_halves && k % 2 != 0;
      const int32_t w02 = both ? u : even_bytes(u), w13 = both ? v : shared_halves ? even_bytes(v) : odd_bytes(v);
      sums.of[k] = smlad(w13, x13, smlad(w02, x02, sums.of[k]));
    }
  }
}

template <bool shared_halves>
THIMBLE_INLINE const int32_t* multiply_groups_in_turn(const DenseDsp& c, DenseGroups g) {
  const OutputStage stage = output_stage(c);
  for (; g.count > 0; --g.count) {
    FourSums sums{{g.weights[0], g.weights[1], g.weights[2], g.weights[3]}};
    g.weights += 4;
    add_products<shared_halves>(g.x, g.x + dense_dsp_eights(c.inputs) * dense_eight_words, g.weights, sums);
    for (int32_t k = 0; k < 4; ++k) {
      const bool both = shared_halves && k % 2 != 0;
      const int32_t sum = both ? wrapping_sub(sums.of[k], sums.of[k - 1]) >> 8 : sums.of[k];
      *g.out++ = int8_t(requantize(sum, g.weights[k], stage));
    }
    g.weights += 4;
  }
  return g.weights;
}

// The results of all groups. Gives the weights of the next.
template <DspForm form, int32_t turn>
[[gnu::noinline]] const int32_t* multiply_groups(const DenseDsp& c, const DenseGroups& g) {
#if THIMBLE_DSP_PRODUCT_LOOP
  if constexpr (form != DspForm::plain) {
    const int32_t* const next = multiply_groups_of_halves<turn>(c, g);
    if constexpr (form == DspForm::clamped)
      for (int8_t* out = g.out; out != g.out + g.count * 4; ++out)
        *out = int8_t(*out < c.low ? c.low : *out > c.high ? c.high : *out);
    return next;
  }
#endif
  return multiply_groups_in_turn<form != DspForm::plain>(c, g);
}

THIMBLE_INLINE void put_four(int32_t four, int32_t*& to) {
  store32(to, even_bytes(four));
  store32(to + 1, odd_bytes(four));
  to += 2;
}

// Widens `count` inputs, {0,2} {1,3} of each four, and fills the last eight with zeros.
THIMBLE_INLINE void widen_inputs(const int8_t* in, int32_t count, int32_t* to) {
  const int32_t* const end = to + dense_dsp_eights(count) * dense_eight_words;
  for (const int8_t* const whole = in + (count & ~3); in != whole;) {
#if THIMBLE_DSP_ASSEMBLY
    __asm volatile("ldr r2,[%0],#4\n\t sxtb16 r3,r2,ror #8\n\t sxtb16 r2,r2\n\t strd r2,r3,[%1],#8"
                   : "+r"(in), "+r"(to)
                   :
                   : "r2", "r3", "memory");
#else
    put_four(load32(in), to);
    in += 4;
#endif
  }
  for (count &= 3; to != end; count = 0) put_four(load_bytes(in, count), to);
}

template <DspForm form, int32_t turn = dense_few_eights>
[[gnu::noinline]] void dense(const DenseDsp& c, const int8_t* in, int8_t* out, void* scratch) {
  int32_t* const x = static_cast<int32_t*>(scratch);
  for (int32_t row = 0; row < c.rows; ++row, in += c.inputs) {
    widen_inputs(in, c.inputs, x);
    const int32_t* weights = c.weights;
    // All whole groups, then what is left of one.
    int8_t four[4];
    for (int32_t left = c.outputs; left > 0;) {
      const bool whole = left >= 4;
      const int32_t count = whole ? left & ~3 : left;
      weights = multiply_groups<form, turn>(c, {x, weights, whole ? left >> 2 : 1, whole ? out : four});
      for (int32_t i = 0; !whole && i < left; ++i) out[i] = four[i];
      out += count;
      left -= count;
    }
  }
}

}  // namespace dsp

inline void dense_dsp(const DenseDsp& c, const int8_t* in, int8_t* out, void* scratch) {
  dsp::dense<DspForm::saturated>(c, in, out, scratch);
}
// The same with larger turns.
inline void dense_dsp_unrolled(const DenseDsp& c, const int8_t* in, int8_t* out, void* scratch) {
  dsp::dense<DspForm::saturated, dsp::dense_many_eights>(c, in, out, scratch);
}
inline void dense_dsp_clamped(const DenseDsp& c, const int8_t* in, int8_t* out, void* scratch) {
  dsp::dense<DspForm::clamped>(c, in, out, scratch);
}
inline void dense_dsp_plain(const DenseDsp& c, const int8_t* in, int8_t* out, void* scratch) {
  dsp::dense<DspForm::plain>(c, in, out, scratch);
}

}  // namespace thimble
