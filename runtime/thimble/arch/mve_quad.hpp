// The inner product of Helium's dense convolutions, a quad of channels by two pixels, and its output stage.
#pragma once
#include "thimble/arch/mve.hpp"
#include "thimble/arch/mve_conv.pack.hpp"

namespace thimble::mve {

// Values under the kernel, and the bytes that their vectors take: what a loop over the depth needs.
struct Depth {
  int32_t values, bytes;
};

// Where the values of two pixels lie and where their results go.
struct PixelPair {
  const int8_t* from[2];
  int8_t* to[2];
};

// Vectors of the depth, where they are known and whole; else 0.
template <class Layer>
constexpr int32_t whole_vectors() {
  if constexpr (Layer::fixed)
    return Layer::kernel_height * Layer::kernel_width * Layer::in_channels % 16 == 0
               ? Layer::kernel_height * Layer::kernel_width * Layer::in_channels / 16
               : 0;
  else
    return 0;
}

#if THIMBLE_MVE_ASSEMBLY

using Words = int32x4_t;

// What a layer's results share: its shift, negative, and its zero point, in vectors.
struct Narrowing {
  int32x4_t shift;
  int16x8_t zero;
  Narrowing(int32_t offset, int32_t s) : shift(vdupq_n_s32(-s)), zero(vdupq_n_s16(int16_t(offset >> s))) {}
};

// 64 products: channels a and b in q0 and q1, pixels in q2 and q3; 8 instructions, 0.125 a product.
#define THIMBLE_MVE_22(p0, p1)                                                                    \
  "vldrb.u8 q0,[%[w]],#16\n\t vldrb.u8 q2," p0 "\n\t vmladava.s8 %[a0],q0,q2\n\t vldrb.u8 q3," p1 \
  "\n\t vmladava.s8 %[a1],q0,q3\n\t vldrb.u8 q1,[%[w]],#16\n\t vmladava.s8 %[b0],q1,q2\n\t"       \
  "vmladava.s8 %[b1],q1,q3\n\t"
#define THIMBLE_MVE_22_NEXT THIMBLE_MVE_22("[%[p0]],#16", "[%[p1]],#16")
#define THIMBLE_MVE_22_AT(offset) THIMBLE_MVE_22("[%[p0],#" offset "]", "[%[p1],#" offset "]")
#define THIMBLE_MVE_LOOP(steps) "dls lr,%[turns]\n1:\n\t" steps "le lr,1b\n\t"
#define THIMBLE_MVE_BIASES "ldrd %[a0],%[b0],[%[c]],#8\n\t mov %[a1],%[a0]\n\t mov %[b1],%[b0]\n\t"
#define THIMBLE_MVE_TO_LANES(b, a) \
  "vmov %q[s0][" b "],%q[s0][" a   \
  "],%[a0],%[b0]\n\t"              \
  "vmov %q[s1][" b "],%q[s1][" a "],%[a1],%[b1]\n\t"
#define THIMBLE_MVE_REWIND "sub %[p0],%[p0],%[back]\n\t sub %[p1],%[p1],%[back]\n\t"
// Both pairs of a quad: `products` adds those of one, `rewind` goes back to the pixels' first values.
#define THIMBLE_MVE_QUAD(products, rewind)                                                                             \
  __asm volatile(THIMBLE_MVE_BIASES products THIMBLE_MVE_TO_LANES("2", "0")                                            \
                     rewind THIMBLE_MVE_BIASES products THIMBLE_MVE_TO_LANES("3", "1")                                 \
                 : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [b0] "=&Te"(b0), [b1] "=&Te"(b1), [s0] "=&w"(s0), [s1] "=&w"(s1), \
                   [w] "+&r"(w), [c] "+&r"(c), [p0] "+&r"(p0), [p1] "+&r"(p1)                                          \
                 : [turns] "r"(turns), [back] "r"(back)                                                                \
                 : "lr", "q0", "q1", "q2", "q3", "memory")

// The sums of a quad of channels for two pixels; goes on behind the quad's weights and biases. A loop over a depth that
// is not known to be whole vectors is predicated: nothing behind a pixel is read.
template <class Layer>
THIMBLE_INLINE void sum_quad(const Depth& depth, const int8_t*& w, const int32_t*& c, const PixelPair& pixels,
                             Words& s0, Words& s1) {
  constexpr int32_t vectors = whole_vectors<Layer>();
  int32_t a0, a1, b0, b1;
  const int8_t *p0 = pixels.from[0], *p1 = pixels.from[1];
  const int32_t back = depth.bytes;
  if constexpr (vectors == 0) {
    const int32_t turns = depth.values;
    THIMBLE_MVE_QUAD("dlstp.8 lr,%[turns]\n1:\n\t" THIMBLE_MVE_22_NEXT "letp lr,1b\n\t", THIMBLE_MVE_REWIND);
  } else if constexpr (vectors == 1) {
    const int32_t turns = 0;
    THIMBLE_MVE_QUAD(THIMBLE_MVE_22_AT("0"), "");
  } else if constexpr (vectors == 2) {
    const int32_t turns = 0;
    THIMBLE_MVE_QUAD(THIMBLE_MVE_22_AT("0") THIMBLE_MVE_22_AT("16"), "");
  } else if constexpr (vectors == 4) {
    const int32_t turns = 0;
    THIMBLE_MVE_QUAD(THIMBLE_MVE_22_AT("0") THIMBLE_MVE_22_AT("16") THIMBLE_MVE_22_AT("32") THIMBLE_MVE_22_AT("48"),
                     "");
  } else if constexpr (vectors % 3 == 0) {
    const int32_t turns = vectors / 3;
    THIMBLE_MVE_QUAD(THIMBLE_MVE_LOOP(THIMBLE_MVE_22_NEXT THIMBLE_MVE_22_NEXT THIMBLE_MVE_22_NEXT), THIMBLE_MVE_REWIND);
  } else if constexpr (vectors % 2 == 0) {
    const int32_t turns = vectors / 2;
    THIMBLE_MVE_QUAD(THIMBLE_MVE_LOOP(THIMBLE_MVE_22_NEXT THIMBLE_MVE_22_NEXT), THIMBLE_MVE_REWIND);
  } else {
    const int32_t turns = vectors;
    THIMBLE_MVE_QUAD(THIMBLE_MVE_LOOP(THIMBLE_MVE_22_NEXT), THIMBLE_MVE_REWIND);
  }
}

// Four results of two pixels: the high half of the product, the rounding shift, the zero point, saturated. It equals
// requantize(): saturation to int16 first takes nothing from that to int8. Pixel 0 ends in the lower half of each word,
// pixel 1 in the upper.
#define THIMBLE_MVE_NARROW_QUAD                                                                               \
  "vldrw.u32 q0,[%[c]],#16\n\t vmulh.s32 %q[s0],%q[s0],q0\n\t vmulh.s32 %q[s1],%q[s1],q0\n\t"                 \
  "vrshl.s32 %q[s0],%q[s0],%q[shift]\n\t vrshl.s32 %q[s1],%q[s1],%q[shift]\n\t vqmovnb.s32 %q[s0],%q[s0]\n\t" \
  "vqmovnt.s32 %q[s0],%q[s1]\n\t vqadd.s16 %q[s0],%q[s0],%q[zero]\n\t vqmovnb.s16 %q[s0],%q[s0]\n\t"

// Writes a quad's results and goes on behind them and the quad's multipliers.
THIMBLE_INLINE void store_quad(Words s0, Words s1, const int32_t*& c, const Narrowing& n, int8_t*& to0, int8_t*& to1) {
  __asm volatile(THIMBLE_MVE_NARROW_QUAD
                 "vstrb.32 %q[s0],[%[to0]],#4\n\t vshr.u32 %q[s0],%q[s0],#16\n\t vstrb.32 %q[s0],[%[to1]],#4\n\t"
                 : [s0] "+&w"(s0), [s1] "+&w"(s1), [c] "+&r"(c), [to0] "+&l"(to0), [to1] "+&l"(to1)
                 : [shift] "w"(n.shift), [zero] "w"(n.zero)
                 : "q0", "memory");
}
// The same for the last quad, of which the first `left` channels exist.
THIMBLE_INLINE void store_rest(Words s0, Words s1, const int32_t*& c, int32_t left, const Narrowing& n, int8_t* to0,
                               int8_t* to1) {
  __asm volatile(THIMBLE_MVE_NARROW_QUAD
                 "vctp.32 %[left]\n\t vpst\n\t vstrbt.32 %q[s0],[%[to0]]\n\t vshr.u32 %q[s0],%q[s0],#16\n\t vpst\n\t"
                 "vstrbt.32 %q[s0],[%[to1]]\n\t"
                 : [s0] "+&w"(s0), [s1] "+&w"(s1), [c] "+&r"(c)
                 : [to0] "l"(to0), [to1] "l"(to1), [left] "r"(left), [shift] "w"(n.shift), [zero] "w"(n.zero)
                 : "q0", "memory");
}
inline void get_words(Words words, int32_t* to) {
  vst1q_s32(to, words);
}

#else

struct Words {
  int32_t lane[4];
};
struct Narrowing {
  int32_t offset, shift;
  Narrowing(int32_t o, int32_t s) : offset(o), shift(s) {}
};

template <class Layer>
void sum_quad(const Depth& depth, const int8_t*& w, const int32_t*& c, const PixelPair& pixels, Words& s0, Words& s1) {
  for (int32_t i = 0; i < 4; ++i, ++c) s0.lane[conv_mve_order(i)] = s1.lane[conv_mve_order(i)] = *c;
  for (int32_t pair = 0; pair < 2; ++pair)
    for (int32_t v = 0; v < depth.bytes / 16; ++v)
      for (int32_t i = 0; i < 2; ++i)
        for (int32_t k = v * 16; k < v * 16 + 16; ++k, ++w) {
          if (k >= depth.values) continue;
          s0.lane[conv_mve_order(pair * 2 + i)] += *w * pixels.from[0][k];
          s1.lane[conv_mve_order(pair * 2 + i)] += *w * pixels.from[1][k];
        }
}

inline int8_t narrowed(int32_t sum, int32_t multiplier, const Narrowing& n) {
  const int32_t q = (multiply_high(sum, multiplier) + n.offset) >> n.shift;
  return int8_t(q < -128 ? -128 : q > 127 ? 127 : q);
}
inline void store_rest(const Words& s0, const Words& s1, const int32_t*& c, int32_t left, const Narrowing& n,
                       int8_t* to0, int8_t* to1) {
  for (int32_t i = 0; i < 4; ++i, ++c) {
    if (i >= left) continue;
    to0[i] = narrowed(s0.lane[i], *c, n);
    to1[i] = narrowed(s1.lane[i], *c, n);
  }
}
inline void store_quad(const Words& s0, const Words& s1, const int32_t*& c, const Narrowing& n, int8_t*& to0,
                       int8_t*& to1) {
  store_rest(s0, s1, c, 4, n, to0, to1);
  to0 += 4;
  to1 += 4;
}
inline void get_words(const Words& words, int32_t* to) {
  for (int32_t i = 0; i < 4; ++i) to[i] = words.lane[i];
}

#endif

// The same for every output stage.
inline void store_plain(const Words& s0, const Words& s1, const int32_t*& c, int32_t left, const OutputStage& stage,
                        int8_t*& to0, int8_t*& to1) {
  int32_t sums[2][4];
  get_words(s0, sums[0]);
  get_words(s1, sums[1]);
  for (int32_t i = 0; i < 4; ++i, ++c) {
    if (i >= left) continue;
    *to0++ = int8_t(requantize(sums[0][i], *c, stage));
    *to1++ = int8_t(requantize(sums[1][i], *c, stage));
  }
}

}  // namespace thimble::mve
