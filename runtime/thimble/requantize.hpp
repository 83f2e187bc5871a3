// The one step from an exact int32 accumulator to a stored int8 or uint8: every integer kernel ends here.
#pragma once
#include <stdint.h>

#include "thimble/arch/multiply.hpp"

namespace thimble {

// What a layer's channels share. The result of accumulator `acc` with the channel's multiplier M is
//   clamp(floor((acc * 2^left_shift * M + offset * 2^32) / 2^(32 + shift)), low, high),   offset = zero_point * 2^shift
//   + 2^(shift - 1)
// : the exact product, rounded once, ties up. With ties_to_even, ties go to the even step instead (counted from the
// zero point). The compiler proves that no 32-bit intermediate overflows for any reachable accumulator
// (compiler/requantize.hpp).
struct OutputStage {
  int32_t offset;        // zero point and rounding, at 2^shift a step
  int32_t shift;         // 1 to 22
  int32_t left_shift;    // 0, or more for scales of 1/4 and above
  int32_t zero_point;    // used with ties_to_even only
  int32_t low, high;     // stored range, the activation's clamp included
  int32_t ties_to_even;  // 0 or 1
};

// The stage of a layer whose constants hold its members among their own.
template <class Constants>
constexpr OutputStage output_stage(const Constants& c) {
  return {c.offset, c.shift, c.left_shift, c.zero_point, c.low, c.high, c.ties_to_even};
}

// floor(acc * M / 2^32) costs one instruction where the core has a high multiply; then one add, one shift and the
// clamp.
inline int32_t requantize(int32_t acc, int32_t multiplier, const OutputStage& out) {
  if (out.left_shift != 0) {
    // Beyond this limit the result saturates whatever the multiplier (it is at least 2^29 here), so that clipping is
    // exact.
    const int32_t limit = (int32_t(1) << (30 - out.left_shift)) - 1;
    acc = (acc > limit ? limit : acc < -limit ? -limit : acc) * (int32_t(1) << out.left_shift);
  }
  int32_t q;
  if (out.ties_to_even != 0) {
    // Half a step, and the least bit of the product less where the step below is even: the upper half of the product
    // feels that where the lower is 0.
    const int32_t product = multiply_high(acc, multiplier);
    const bool even = ((product >> out.shift) & 1) == 0, exact = uint32_t(acc) * uint32_t(multiplier) == 0;
    q = ((product + (int32_t(1) << (out.shift - 1)) - int32_t(even && exact)) >> out.shift) + out.zero_point;
  } else {
    q = (multiply_high(acc, multiplier) + out.offset) >> out.shift;
  }
  return q < out.low ? out.low : q > out.high ? out.high : q;
}

// requantize() for inner loops: what most layers need stays in registers, the other forms are a call. `stage` must
// outlive it.
class Requantizer {
 public:
  explicit Requantizer(const OutputStage& stage)
      : stage_(stage),
        offset_(stage.offset),
        shift_(stage.shift),
        low_(stage.low),
        high_(stage.high),
        rare_((stage.left_shift | stage.ties_to_even) != 0) {}
  int32_t operator()(int32_t acc, int32_t multiplier) const {
    return rare_ ? rare_form(acc, multiplier, stage_) : common(acc, multiplier);
  }
  // Whether the layer needs the other forms: a left shift or ties to even.
  bool rare() const { return rare_; }
  // The result where rare() is false.
  int32_t common(int32_t acc, int32_t multiplier) const {
    const int32_t q = (multiply_high(acc, multiplier) + offset_) >> shift_;
    return q < low_ ? low_ : q > high_ ? high_ : q;
  }

 private:
  __attribute__((noinline)) static int32_t rare_form(int32_t acc, int32_t multiplier, const OutputStage& stage) {
    return requantize(acc, multiplier, stage);
  }
  const OutputStage& stage_;
  int32_t offset_, shift_, low_, high_;
  bool rare_;
};

}  // namespace thimble
