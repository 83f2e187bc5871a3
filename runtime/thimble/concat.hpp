// Joins tensors along an axis by copying runs of bytes.
#pragma once
#include "thimble/concat.pack.hpp"
#include "thimble/rows.hpp"

namespace thimble {

inline void concat_runs(const Concat& layer, const uint8_t** from, const uint8_t* constants, uint8_t* out) {
  for (int32_t o = 0; o < layer.outer; ++o) {
    const uint8_t** operand = from;
    for (int32_t part = 0; part < layer.parts; ++part) {
      const int32_t run = layer.run_bytes[part], bytes = run < 0 ? -run : run;
      const uint8_t*& source = run < 0 ? constants : *operand++;
      __builtin_memcpy(out, source, size_t(bytes));
      source += bytes;
      out += bytes;
    }
  }
}

// The last argument is the result, the others are the operands.
template <class... Pointers>
void concat(const Concat& layer, Pointers... pointers) {
  struct {
    uint8_t* operator()(void* p) const { return static_cast<uint8_t*>(p); }
    uint8_t* operator()(const void*) const { return nullptr; }
  } writable;
  const uint8_t* from[] = {static_cast<const uint8_t*>(static_cast<const void*>(pointers))...};
  uint8_t* out = nullptr;
  ((out = writable(pointers)), ...);
  concat_runs(layer, from, layer.constants, out);
}

// Arguments of concat_rows in their order: rows of the operands, rows of the result, y0, y1.
template <int32_t operands>
struct ConcatArguments {
  RowView rows[operands + 1];
  RowRing out;
  int32_t limits[2];
  int32_t rows_taken = 0, limits_taken = 0;
  void take(const RowView& r) { rows[rows_taken++] = r; }
  void take(const RowRing& r) {
    out = r;
    take(RowView(r));
  }
  void take(int32_t y) { limits[limits_taken++] = y; }
};

template <class... Arguments>
void concat_rows(const Concat& layer, const Arguments&... arguments) {
  constexpr int32_t operands = int32_t(sizeof...(arguments)) - 3;
  ConcatArguments<operands> taken;
  (taken.take(arguments), ...);
  for (int32_t y = taken.limits[0]; y < taken.limits[1]; ++y) {
    const uint8_t* from[operands];
    for (int32_t i = 0; i < operands; ++i) from[i] = taken.rows[i].row(y);
    concat_runs(layer, from, layer.constants + y * layer.constant_row_bytes, taken.out.row(y));
  }
}

}  // namespace thimble
