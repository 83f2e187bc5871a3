// The attributes that say how a window moves over an input: what convolutions and pools share.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/import_node.hpp"

namespace thimble::compiler {

std::string list_text(const std::vector<int64_t>& values);  // [2,1]

// Input positions that `kernel` taps span along one axis.
inline int64_t window_span(int64_t kernel, int64_t dilation) {
  return (kernel - 1) * dilation + 1;
}

// A list attribute of `count` entries, each at least `least`.
std::vector<int64_t> spatial_entries(ImportNode& node, const char* attribute, size_t count, int64_t if_absent,
                                     int64_t least);

// Positions before the first element and behind the last, for each spatial axis.
struct Pads {
  std::vector<int64_t> begin, end;
};
// From the attributes pads and auto_pad, for spatial extents `in`.
Pads import_pads(ImportNode& node, const std::vector<int64_t>& in, const std::vector<int64_t>& kernel,
                 const std::vector<int64_t>& strides, const std::vector<int64_t>& dilations);

}  // namespace thimble::compiler
