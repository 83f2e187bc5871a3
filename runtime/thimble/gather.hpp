// Picks elements along an axis.
#pragma once
#include "thimble/gather.pack.hpp"

namespace thimble {

template <class T>
void gather(const Gather& layer, const T* in, T* out) {
  for (int32_t o = 0; o < layer.outer; ++o, in += layer.extent * layer.run)
    for (int32_t i = 0; i < layer.count; ++i) {
      const T* from = in + layer.indices[i] * layer.run;
      for (int32_t k = 0; k < layer.run; ++k) *out++ = from[k];
    }
}

// An index below 0 counts from the end; one outside [-extent, extent) takes the nearest element, so that no input can
// make the kernel read outside the table.
template <class Index, class T>
void look_up(const LookUp& layer, const Index* indices, T* out) {
  const T* table = static_cast<const T*>(layer.table);
  for (int32_t o = 0; o < layer.outer; ++o, table += layer.extent * layer.run)
    for (int32_t i = 0; i < layer.count; ++i) {
      Index index = indices[i];
      if (index < 0) index = Index(index + layer.extent);
      const int32_t at = index < 0 ? 0 : index < layer.extent ? int32_t(index) : layer.extent - 1;
      const T* from = table + at * layer.run;
      for (int32_t k = 0; k < layer.run; ++k) *out++ = from[k];
    }
}

}  // namespace thimble
