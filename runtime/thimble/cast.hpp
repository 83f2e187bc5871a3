// Numbers of one type as another: reals lose their fraction, integers wrap.
#pragma once
#include "thimble/cast.pack.hpp"

namespace thimble {

// A real outside the range of an integer type becomes that type's nearest number, NaN its lowest.
template <class From, class To>
To cast_number(From x) {
  constexpr bool from_real = From(0.5f) != From(0), to_real = To(0.5f) != To(0);
  if constexpr (from_real && !to_real) {
    constexpr bool has_sign = To(-1) < To(0);
    constexpr To low = has_sign ? To(uint64_t(1) << (8 * sizeof(To) - 1)) : To(0), high = To(~low);
    if (!(x > From(low))) return low;
    if (x >= From(high)) return high;
  }
  return To(x);
}

template <class From, class To>
void cast(const Cast& layer, const From* in, To* out) {
  for (const From* const end = in + layer.elements; in != end; ++in)
    *out++ = layer.to_boolean ? To(*in != From(0)) : cast_number<From, To>(*in);
}

}  // namespace thimble
