// Elementary functions of float, without a math library. Relative error at most 1e-6 over the whole range, denormal
// results included, unless a function says otherwise; infinities and NaN go where IEEE 754 sends them.
#pragma once
#include <stdint.h>

#include "thimble/arch/square_root.hpp"
#include "thimble/no_fast_math.hpp"

namespace thimble {

inline uint32_t bits_of(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float float_of(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

inline float absolute(float x) {
  return float_of(bits_of(x) & 0x7fffffff);
}

// 2^n for n in [-126, 127].
inline float power_of_two(int32_t n) {
  return float_of(uint32_t(n + 127) << 23);
}

// The nearest integer, ties to even. Adding 2^23 leaves no bit below the units.
inline float round(float x) {
  const float a = absolute(x);
  if (!(a < 8388608.0f)) return x;
  const float rounded = (a + 8388608.0f) - 8388608.0f;
  return float_of(bits_of(rounded) | (bits_of(x) & 0x80000000));
}

inline float floor(float x) {
  if (!(absolute(x) < 8388608.0f)) return x;
  const float whole = float(int32_t(x));
  if (whole == x) return x;
  return whole > x ? whole - 1.0f : whole;
}

inline float ceil(float x) {
  return -floor(-x);
}

// x = n * ln 2 + r with |r| <= ln(2) / 2, so that exp(x) = 2^n * exp(r); exp(r) = 1 + r + r^2 * P(r).
inline float exp(float x) {
  if (!(x <= 88.722839f)) return x * float_of(0x7f800000);  // infinity, or NaN
  if (x < -103.9721f) return 0.0f;                          // below half the smallest denormal
  const float n = round(x * 1.44269504f);
  const float r = (x - n * 0.693115234375f) - n * 3.1946183e-5f;  // ln 2 in two parts; n times the first is exact
  const float p = ((0.00831247779f * r + 0.0418905502f) * r + 0.166671163f) * r + 0.499992288f;
  const float y = 1.0f + (r + r * r * p);
  const int32_t half = int32_t(n) >> 1;  // in two factors: one alone leaves the range of a float's exponent
  return y * power_of_two(half) * power_of_two(int32_t(n) - half);
}

// x = 2^e * m with m in [sqrt(1/2), sqrt(2)); log(m) = 2s + s^3 * P(s^2) with s = (m - 1) / (m + 1).
inline float log(float x) {
  if (!(x > 0.0f)) return x == 0.0f ? -float_of(0x7f800000) : float_of(0x7fc00000);
  if (x > 3.40282347e38f) return x;
  int32_t e = -127;
  if (x < 1.17549435e-38f) {  // denormal
    x *= 8388608.0f;
    e -= 23;
  }
  e += int32_t(bits_of(x) >> 23);
  float m = float_of((bits_of(x) & 0x007fffff) | 0x3f800000);
  if (m > 1.41421356f) {
    m *= 0.5f;
    ++e;
  }
  const float s = (m - 1.0f) / (m + 1.0f), z = s * s;
  const float series = 2.0f * s + s * z * ((0.298721536f * z + 0.39977527f) * z + 0.666667765f);
  return float(e) * 0.693115234375f + (series + float(e) * 3.1946183e-5f);
}

// exp(-|x|) never overflows; with it each half keeps its relative precision.
inline float sigmoid(float x) {
  const float e = exp(-absolute(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

// Near 0: x + x^3 * P(x^2). Further out: 1 - 2 / (exp(2|x|) + 1).
inline float tanh(float x) {
  const float a = absolute(x);
  if (a < 0.625f) {
    const float z = x * x;
    return x + x * z * (((0.0152269015f * z - 0.0519716171f) * z + 0.133087138f) * z - 0.333323761f);
  }
  const float y = a > 9.1f ? 1.0f : 1.0f - 2.0f / (exp(2.0f * a) + 1.0f);  // 1 - tanh(9.1) is below half a step at 1
  return x < 0.0f ? -y : x > 0.0f ? y : x;
}

// |x| < 1: x * P(x^2). Further out: 1 - exp(-x^2) * Q(1 / (1 + |x| / 2)).
inline float erf(float x) {
  const float a = absolute(x), z = x * x;
  if (a < 1.0f) {
    const float high = (-0.0005631422f * z + 0.00491755137f) * z - 0.0267113113f;
    return x * (((high * z + 0.112801801f) * z - 0.376123262f) * z + 1.12837912f);
  }
  if (x != x) return x;
  const float t = 1.0f / (1.0f + 0.5f * a);
  const float q = ((0.630744718f * t + 0.0218234919f) * t + 0.359392566f) * t - 0.0085980376f;
  const float y = a > 4.0f ? 1.0f : 1.0f - exp(-z) * q;  // 1 - erf(4) is below half a step at 1
  return x < 0.0f ? -y : y;
}

// x = n * pi/2 + r with |r| <= pi/4.
struct Quadrant {
  int32_t n;
  float r;
};

// pi/2 in three parts, the first two of 8 and 12 bits: n times each is exact for |n| < 4096, beyond that digits are
// lost.
inline Quadrant quadrant(float x) {
  if (!(absolute(x) < 1.0e9f)) return {0, x - x};  // no digit of the angle is left; NaN for infinity
  const float n = round(x * 0.636619772f);
  return {int32_t(n), ((x - n * 1.5703125f) - n * 4.838705063e-4f) + n * 4.371139e-8f};
}

inline float sine_near_zero(float r) {
  const float z = r * r;
  return r + r * z * ((-0.000195140848f * z + 0.00833215505f) * z - 0.166666546f);
}

inline float cosine_near_zero(float r) {
  const float z = r * r;
  return (1.0f - 0.5f * z) + z * z * ((2.44348459e-05f * z - 0.00138873371f) * z + 0.0416666463f);
}

// Absolute error at most 1e-6 for |x| <= 6000.
inline float sin(float x) {
  const Quadrant q = quadrant(x);
  const float y = (q.n & 1) != 0 ? cosine_near_zero(q.r) : sine_near_zero(q.r);
  return (q.n & 2) != 0 ? -y : y;
}

inline float cos(float x) {
  const Quadrant q = quadrant(x);
  const float y = (q.n & 1) != 0 ? sine_near_zero(q.r) : cosine_near_zero(q.r);
  return ((q.n + 1) & 2) != 0 ? -y : y;
}

inline float sqrt(float x) {
  return square_root(x);
}

}  // namespace thimble
