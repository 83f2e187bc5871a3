// The product of a panel of three pixels with pairs of output channels, for cores with the DSP extension: all registers
// are dealt out by hand. Three pixels by two channels take 14 registers: six sums, two addresses, two words of weights,
// three of the panel and one besides.
#pragma once
#include "thimble/arch/dsp.hpp"

namespace thimble::dsp {

constexpr int32_t panel_pixels = 3;

// The panel holds three pixels as halves, in quads of four values each: words {0,2} of pixels 0, 1, 2, then {1,3} of
// the same. The weights of a quad are two words, for two output channels a and b:
//   shared halves: {a0+256*b0, a2+256*b2} {a1+256*b1, a3+256*b3}. SXTB16 gives a alone; the word as it is gives the sum
//     of both, so that channel b is (both - a) / 256. 17 instructions for 24 products. Exact modulo 2^32, hence exact
//     whenever |sum of b| < 2^23; a + 256*b must fit 16 bits: b > -128 where a < 0.
//   plain: the bytes a0..a3, then b0..b3. 19 instructions for 24 products.
struct Sums {
  int32_t a[panel_pixels];
  int32_t b[panel_pixels];  // shared halves: 256 times channel b, plus channel a. Plain: channel b
};

// Quads in a turn of the kernels that shall be small.
constexpr int32_t quads_per_small_turn = 4;

// Where a run of `quads` quads enters a turn: bytes of code to skip. LDM is 2 bytes long, the others 4.
template <bool shared_halves, int32_t turn = quads_per_turn>
constexpr int32_t entry_of(int32_t quads) {
  constexpr int32_t quad_code_bytes = shared_halves ? 64 : 72;
  return int32_t(uint32_t(-quads) % turn) * quad_code_bytes;
}
// The same behind a first quad that is done: up to all of a turn are skipped.
template <int32_t turn = quads_per_turn>
constexpr int32_t entry_behind_first(int32_t quads) {
  return quads == 1 ? turn * 64 : entry_of<true, turn>(quads - 1);
}

// A panel times pairs of channels. The words of a pair: bias of a, bias of b (shared halves: of a + 256*b), the quads'
// weights, multipliers of a and b.
struct Product {
  const int32_t *panel, *panel_end;
  const int32_t *weights, *weights_end;  // of whole pairs
  int32_t entry;                         // entry_of the quads, for the product loop entry_behind_first
  int32_t offset, shift;                 // OutputStage
  int32_t second;                        // from a pair's first result to its second
};

// Where the pixels of a panel go: the first, and how far from there the others. A pixel that does not exist has the
// place of one that does and stands before it: results are written from the last pixel to the first, so that it is
// overwritten.
struct PanelOut {
  int8_t* first;
  int32_t to_second, to_third;
};

#if THIMBLE_DSP_ASSEMBLY
// r0 the panel, r1 the weights, r2-r4 three pixels, r5 r6 the weights of a quad, r7 those of channel a alone, r8-r10
// the sums of channel a, r11 r12 lr of channel b.
#define THIMBLE_ADD_PIXELS(weights, x, y, z, from_x, from_y, from_z)                                         \
  "smlad " x "," weights ",r2," from_x "\n\t smlad " y "," weights ",r3," from_y "\n\t smlad " z "," weights \
  ",r4," from_z "\n\t"
#define THIMBLE_ADD_A(weights) THIMBLE_ADD_PIXELS(weights, "r8", "r9", "r10", "r8", "r9", "r10")
#define THIMBLE_ADD_B(weights) THIMBLE_ADD_PIXELS(weights, "r11", "r12", "lr", "r11", "r12", "lr")
#define THIMBLE_QUAD_SHARED                                                           \
  "ldrd r5,r6,[r1],#8\n\t ldmia r0!,{r2-r4}\n\t sxtb16 r7,r5\n\t" THIMBLE_ADD_A("r7") \
      THIMBLE_ADD_B("r5") "ldmia r0!,{r2-r4}\n\t sxtb16 r7,r6\n\t" THIMBLE_ADD_A("r7") THIMBLE_ADD_B("r6")
#define THIMBLE_QUAD_PLAIN \
  "ldrd r5,r6,[r1],#8\n\t ldmia r0!,{r2-r4}\n\t sxtb16 r7,r5\n\t" THIMBLE_ADD_A("r7") "sxtb16 r7,r6\n\t"       \
  THIMBLE_ADD_B("r7") "ldmia r0!,{r2-r4}\n\t sxtb16 r7,r5,ror #8\n\t" THIMBLE_ADD_A("r7") "sxtb16 r7,r6,ror #8\n\t" \
  THIMBLE_ADD_B("r7")
#define THIMBLE_4(x) x x x x
#define THIMBLE_8(x) THIMBLE_4(x) THIMBLE_4(x)
// A turn of quads, entered late, until the panel ends.
#define THIMBLE_TURNS(quads) \
  THIMBLE_FETCH(r7, entry)   \
  "add pc,r7\n\t nop\n1:\n\t" quads THIMBLE_FETCH(r7, end) "cmp r0,r7\n\t bne.w 1b\n\t"
#endif

// Adds the products of the panel, one quad or more, to the sums. `weights` moves on. `small`: in turns of
// quads_per_small_turn.
template <bool shared_halves, bool small = false>
THIMBLE_INLINE void mac32(const Product& p, const int32_t*& weights, Sums& sums) {
#if THIMBLE_DSP_PRODUCT_LOOP
  register const int32_t* r0 __asm("r0") = p.panel;
  register const int32_t* r1 __asm("r1") = weights;
  register int32_t r8 __asm("r8") = sums.a[0];
  register int32_t r9 __asm("r9") = sums.a[1];
  register int32_t r10 __asm("r10") = sums.a[2];
  register int32_t r11 __asm("r11") = sums.b[0];
  register int32_t r12 __asm("r12") = sums.b[1];
  register int32_t lr __asm("lr") = sums.b[2];
  const Parked entry = parked(p.entry), end = parked(p.panel_end);
#define THIMBLE_MAC(turns)                                                                           \
  __asm volatile(THIMBLE_KEEPING_R7(turns)                                                           \
                 : "+r"(r0), "+r"(r1), "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(lr) \
                 : [entry] THIMBLE_PARKED(entry), [end] THIMBLE_PARKED(end)                          \
                 : "r2", "r3", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "cc", "memory")
  if constexpr (shared_halves && small)
    THIMBLE_MAC(THIMBLE_TURNS(THIMBLE_4(THIMBLE_QUAD_SHARED)));
  else if constexpr (shared_halves)
    THIMBLE_MAC(THIMBLE_TURNS(THIMBLE_8(THIMBLE_QUAD_SHARED)));
  else if constexpr (small)
    THIMBLE_MAC(THIMBLE_TURNS(THIMBLE_4(THIMBLE_QUAD_PLAIN)));
  else
    THIMBLE_MAC(THIMBLE_TURNS(THIMBLE_8(THIMBLE_QUAD_PLAIN)));
#undef THIMBLE_MAC
  weights = r1;
  sums = {{r8, r9, r10}, {r11, r12, lr}};
#else
  for (const int32_t* panel = p.panel; panel != p.panel_end; panel += 2 * panel_pixels, weights += 2)
    for (int32_t i = 0; i < panel_pixels; ++i) {
      const int32_t x02 = load32(panel + i), x13 = load32(panel + panel_pixels + i), u = weights[0], v = weights[1];
      const auto add = [&](int32_t sum, int32_t w02, int32_t w13) { return smlad(w13, x13, smlad(w02, x02, sum)); };
      sums.a[i] =
          shared_halves ? add(sums.a[i], even_bytes(u), even_bytes(v)) : add(sums.a[i], even_bytes(u), odd_bytes(u));
      sums.b[i] = shared_halves ? add(sums.b[i], u, v) : add(sums.b[i], even_bytes(v), odd_bytes(v));
    }
#endif
}

#if THIMBLE_DSP_PRODUCT_LOOP
// The product loop over pairs of channels with shared halves and the saturated output stage: a pair's results are
// `second` apart, the next pair is 2 * second further. A result is ssat8((C + (sum * M >> 32)) >> shift), for channel b
// with 256 times the sum and C, and 8 more shift: SMMLA and SSAT. The first quad takes the biases as its addends.
// Around the quads a pair's six results take 30 instructions where quads, shift and place are known at compile time and
// the results are NHWC, 32 where they are planes; all at run time: 37, and 3 for each turn of 8 quads.
#define THIMBLE_FIRST_QUAD                                                                                            \
  "ldrd r10,lr,[r1],#8\n\t" THIMBLE_FETCH(                                                                            \
      r0, panel) "ldrd r5,r6,[r1],#8\n\t ldmia r0!,{r2-r4}\n\t sxtb16 r7,r5\n\t" THIMBLE_ADD_PIXELS("r7", "r8", "r9", \
                                                                                                    "r10", "r10",     \
                                                                                                    "r10", "r10")     \
      THIMBLE_ADD_PIXELS("r5", "r11", "r12", "lr", "lr", "lr",                                                        \
                         "lr") "ldmia r0!,{r2-r4}\n\t sxtb16 r7,r6\n\t" THIMBLE_ADD_A("r7") THIMBLE_ADD_B("r6")
#define THIMBLE_SCALE \
  "ldrd r5,r6,[r1],#8\n\t sub r11,r11,r8\n\t sub r12,r12,r9\n\t sub lr,lr,r10\n\t" THIMBLE_FETCH_TWO(          \
      r7, r4, offsets) "smmla r8,r8,r5,r7\n\t smmla r9,r9,r5,r7\n\t smmla r10,r10,r5,r7\n\t smmla r11,r11,r6,r4\n\t" \
  "smmla r12,r12,r6,r4\n\t smmla lr,lr,r6,r4\n\t"
#define THIMBLE_SATURATE_BY(shift_a, shift_b)                                                        \
  "ssat r8,#8,r8,asr " shift_a "\n\t ssat r9,#8,r9,asr " shift_a "\n\t ssat r10,#8,r10,asr " shift_a \
  "\n\t"                                                                                             \
  "ssat r11,#8,r11,asr " shift_b "\n\t ssat r12,#8,r12,asr " shift_b "\n\t ssat lr,#8,lr,asr " shift_b "\n\t"
// SSAT takes its shift from the instruction: the shifts that most layers have are entered at their place, 26 bytes
// each; the others shift beforehand. r0 gets the weights' end.
#define THIMBLE_SHIFT_SATURATE                                                                                  \
  THIMBLE_FETCH_TWO(r6, r0, shift)                                                                              \
  "add r7,r6,#8\n\t asr r8,r8,r6\n\t asr r9,r9,r6\n\t asr r10,r10,r6\n\t asr r11,r11,r7\n\t asr r12,r12,r7\n\t" \
  "asr lr,lr,r7\n\t ssat r8,#8,r8\n\t ssat r9,#8,r9\n\t ssat r10,#8,r10\n\t ssat r11,#8,r11\n\t"                \
  "ssat r12,#8,r12\n\t ssat lr,#8,lr\n\t"
#define THIMBLE_SATURATE            \
  THIMBLE_FETCH_TWO(r7, r0, ladder) \
  "add pc,r7\n\t nop\n\t"                                                                                        \
  THIMBLE_SATURATE_BY("#4", "#12") "b.n 5f\n\t" THIMBLE_SATURATE_BY("#5", "#13") "b.n 5f\n\t"                    \
  THIMBLE_SATURATE_BY("#6", "#14") "b.n 5f\n\t" THIMBLE_SATURATE_BY("#7", "#15") "b.n 5f\n\t"                    \
  THIMBLE_SATURATE_BY("#8", "#16") "b.n 5f\n\t" THIMBLE_SHIFT_SATURATE "5:\n\t"
constexpr int32_t ladder_entry(int32_t shift) {
  return (shift >= 4 && shift <= 8 ? shift - 4 : 5) * 26;
}
// A pair's second results are r5 behind the first.
#define THIMBLE_STORE                                                                                  \
  THIMBLE_FETCH_TWO(r2, r5, out)                                                                       \
  THIMBLE_FETCH_TWO(r3, r4, places)                                                                    \
  "add r6,r2,r5\n\t strb lr,[r6,r4]\n\t strb r10,[r2,r4]\n\t strb r12,[r6,r3]\n\t strb r9,[r2,r3]\n\t" \
  "strb r11,[r6]\n\t strb r8,[r2]\n\t add r2,r6,r5\n\t" THIMBLE_PARK_TWO(out, r2, r5) "cmp r1,r0\n\t"
#define THIMBLE_LOOP(body, ...)                                                                                    \
  __asm volatile(                                                                                                  \
      THIMBLE_KEEPING_R7("2:\n\t" THIMBLE_FIRST_QUAD body "bne.w 2b\n\t")                                          \
      : "+r"(r1), [out] "+" THIMBLE_PARKED_TWO(out)                                                                \
      : [panel] THIMBLE_PARKED(panel), [offsets] THIMBLE_PARKED_TWO(offsets), [places] THIMBLE_PARKED_TWO(places), \
        __VA_ARGS__                                                                                                \
      : "r0", "r2", "r3", "r4", "r5", "r6", THIMBLE_CLOBBERS_R7 "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory")
#define THIMBLE_LOOP_OPERANDS                                                       \
  register const int32_t* r1 __asm("r1") = p.weights;                               \
  const Parked panel = parked(p.panel);                                             \
  const ParkedTwo offsets = parked_two(p.offset, int32_t(uint32_t(p.offset) << 8)); \
  const ParkedTwo places = parked_two(to.to_second, to.to_third)

// All sizes at run time.
THIMBLE_INLINE void product_loop(const Product& p, const PanelOut& to) {
  THIMBLE_LOOP_OPERANDS;
  ParkedTwo out = parked_two(to.first, p.second);
  const Parked entry = parked(p.entry), end = parked(p.panel_end);
  const ParkedTwo ladder = parked_two(ladder_entry(p.shift), p.weights_end);
  const ParkedTwo shift = parked_two(p.shift, p.weights_end);
  THIMBLE_LOOP(THIMBLE_TURNS(THIMBLE_8(THIMBLE_QUAD_SHARED)) THIMBLE_SCALE THIMBLE_SATURATE THIMBLE_STORE,
               [entry] THIMBLE_PARKED(entry), [end] THIMBLE_PARKED(end), [shift] THIMBLE_PARKED_TWO(shift),
               [ladder] THIMBLE_PARKED_TWO(ladder));
}

// The same in little code, with entry_behind_first<quads_per_small_turn>.
THIMBLE_INLINE void product_loop_small(const Product& p, const PanelOut& to) {
  THIMBLE_LOOP_OPERANDS;
  ParkedTwo out = parked_two(to.first, p.second);
  const Parked entry = parked(p.entry), end = parked(p.panel_end);
  const ParkedTwo shift = parked_two(p.shift, p.weights_end);
  THIMBLE_LOOP(THIMBLE_TURNS(THIMBLE_4(THIMBLE_QUAD_SHARED)) THIMBLE_SCALE THIMBLE_SHIFT_SATURATE THIMBLE_STORE,
               [entry] THIMBLE_PARKED(entry), [end] THIMBLE_PARKED(end), [shift] THIMBLE_PARKED_TWO(shift));
}

// Quads, shift and distance of a pair's results known at compile time. Up to 17 quads are straight code.
template <int quads, int shift, int second>
THIMBLE_INLINE void product_loop(const Product& p, const PanelOut& to) {
  THIMBLE_LOOP_OPERANDS;
  ParkedTwo out = parked_two(to.first, p.weights_end);
  constexpr bool straight = quads <= 2 * quads_per_turn + 1;  // then these two go unused
  const Parked entry = straight ? panel : parked(p.entry), end = straight ? panel : parked(p.panel_end);
// Both channels of a pixel are one half-word where they are neighbours. r5 is the weights' end.
#define THIMBLE_STORE_FIXED                                                                                     \
  THIMBLE_FETCH_TWO(r2, r5, out)                                                                                \
  THIMBLE_FETCH_TWO(r3, r4, places)                                                                             \
  ".if %c[second] == 1\n\t bfi r10,lr,#8,#8\n\t bfi r9,r12,#8,#8\n\t bfi r8,r11,#8,#8\n\t strh r10,[r2,r4]\n\t" \
  "strh r9,[r2,r3]\n\t strh r8,[r2],#2\n\t .else\n\t addw r6,r2,%[second]\n\t strb lr,[r6,r4]\n\t"              \
  "strb r10,[r2,r4]\n\t strb r12,[r6,r3]\n\t strb r9,[r2,r3]\n\t strb r11,[r6]\n\t strb r8,[r2]\n\t"            \
  "addw r2,r6,%[second]\n\t .endif\n\t" THIMBLE_PARK_TWO(out, r2, r5) "cmp r1,r5\n\t"
// As long as quads are left. GCC has to see the lines: it takes their number for the length of the code.
#define THIMBLE_QUAD_IF_MORE \
  ".if thimble_quads < %c[quads]\n\t" THIMBLE_QUAD_SHARED ".set thimble_quads,thimble_quads+1\n\t.endif\n\t"
#define THIMBLE_FIXED_LOOP(more)                                                                                   \
  THIMBLE_LOOP(more THIMBLE_SCALE THIMBLE_SATURATE_BY("%[shift]", "%[shift_b]") THIMBLE_STORE_FIXED,               \
               [entry] THIMBLE_PARKED(entry), [end] THIMBLE_PARKED(end), [second] "i"(second), [shift] "i"(shift), \
               [shift_b] "i"(shift + 8), [quads] "i"(quads))
  if constexpr (straight)
    THIMBLE_FIXED_LOOP(".set thimble_quads,1\n\t" THIMBLE_8(THIMBLE_QUAD_IF_MORE) THIMBLE_8(THIMBLE_QUAD_IF_MORE));
  else
    THIMBLE_FIXED_LOOP(THIMBLE_TURNS(THIMBLE_8(THIMBLE_QUAD_SHARED)));
#undef THIMBLE_FIXED_LOOP
#undef THIMBLE_QUAD_IF_MORE
#undef THIMBLE_STORE_FIXED
}
#undef THIMBLE_LOOP_OPERANDS
#undef THIMBLE_LOOP
#undef THIMBLE_STORE
#undef THIMBLE_SATURATE
#undef THIMBLE_SHIFT_SATURATE
#undef THIMBLE_SATURATE_BY
#undef THIMBLE_SCALE
#undef THIMBLE_FIRST_QUAD
#endif
#if THIMBLE_DSP_ASSEMBLY
#undef THIMBLE_TURNS
#undef THIMBLE_8
#undef THIMBLE_4
#undef THIMBLE_QUAD_PLAIN
#undef THIMBLE_QUAD_SHARED
#undef THIMBLE_ADD_B
#undef THIMBLE_ADD_A
#undef THIMBLE_ADD_PIXELS
#endif

// Widens four values of one pixel; `panel` points at the pixel's first word of the quad and moves on to the next quad.
THIMBLE_INLINE void put_quad(int32_t four, int32_t*& panel) {
  store32(panel, even_bytes(four));
  store32(panel + panel_pixels, odd_bytes(four));
  panel += 2 * panel_pixels;
}

// Widens four values of three pixels: 10 instructions for 12 values.
THIMBLE_INLINE void put_three(const int8_t*& pixel0, const int8_t*& pixel1, const int8_t*& pixel2, int32_t*& panel) {
#if THIMBLE_DSP_ASSEMBLY
  __asm volatile(
      "ldr r2,[%[p0]],#4\n\t ldr r3,[%[p1]],#4\n\t ldr r4,[%[p2]],#4\n\t sxtb16 r5,r2,ror #8\n\t sxtb16 r2,r2\n\t"
      "sxtb16 r6,r3,ror #8\n\t sxtb16 r3,r3\n\t sxtb16 r8,r4,ror #8\n\t sxtb16 r4,r4\n\t stmia %[panel]!,{r2-r6,r8}"
      : [p0] "+r"(pixel0), [p1] "+r"(pixel1), [p2] "+r"(pixel2), [panel] "+r"(panel)
      :
      : "r2", "r3", "r4", "r5", "r6", "r8", "memory");
#else
  int32_t *second = panel + 1, *third = panel + 2;
  put_quad(load32(pixel0), panel);
  put_quad(load32(pixel1), second);
  put_quad(load32(pixel2), third);
  pixel0 += 4;
  pixel1 += 4;
  pixel2 += 4;
#endif
}

}  // namespace thimble::dsp
