// Real numbers to the steps of a quantized input, for the firmware's own data.
#pragma once
#include "thimble/math.hpp"

namespace thimble {

// round(real / scale) + zero_point, ties to even, saturated to the integers of 8 or 16 bits that Element holds; NaN
// gives the lowest.
template <class Element>
Element nearest_step(float real, float scale, int32_t zero_point) {
  constexpr bool is_signed = Element(-1) < Element(0);
  constexpr int32_t high = is_signed ? (int32_t(1) << (8 * sizeof(Element) - 1)) - 1 : Element(-1);
  constexpr int32_t low = is_signed ? -high - 1 : 0;
  const float step = round(real / scale);
  if (!(step > float(low - zero_point))) return Element(low);
  if (step >= float(high - zero_point)) return Element(high);
  return Element(int32_t(step) + zero_point);
}

}  // namespace thimble
