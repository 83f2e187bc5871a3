// Reads the attributes of windows.
#include "compiler/ops/window_attributes.hpp"

#include <algorithm>

namespace thimble::compiler {

namespace {

// SAME makes the output ceil(input / stride) long, the odd position at the end (SAME_UPPER) or at the beginning
// (SAME_LOWER).
Pads same_pads(const std::vector<int64_t>& in, const std::vector<int64_t>& kernel, const std::vector<int64_t>& strides,
               const std::vector<int64_t>& dilations, bool odd_at_end) {
  Pads pads;
  for (size_t i = 0; i < in.size(); ++i) {
    const int64_t out = (in[i] + strides[i] - 1) / strides[i];
    const int64_t total = std::max<int64_t>(0, (out - 1) * strides[i] + window_span(kernel[i], dilations[i]) - in[i]);
    const int64_t small = total / 2, large = total - small;
    pads.begin.push_back(odd_at_end ? small : large);
    pads.end.push_back(odd_at_end ? large : small);
  }
  return pads;
}

}  // namespace

std::string list_text(const std::vector<int64_t>& values) {
  return fmt::format("[{}]", fmt::join(values, ","));
}

std::vector<int64_t> spatial_entries(ImportNode& node, const char* attribute, size_t count, int64_t if_absent,
                                     int64_t least) {
  std::vector<int64_t> values = node.integers(attribute, std::vector<int64_t>(count, if_absent));
  if (values.size() != count)
    throw node.error(fmt::format("{} has {} entries, its operands ask for {}", attribute, values.size(), count),
                     "Give one for each spatial axis (pads: begin and end of each).");
  for (int64_t v : values)
    if (v < least || v > INT32_MAX)
      throw node.error(
          fmt::format("{} is {}: entries must lie between {} and {}", attribute, list_text(values), least, INT32_MAX),
          "Correct the attribute.");
  return values;
}

Pads import_pads(ImportNode& node, const std::vector<int64_t>& in, const std::vector<int64_t>& kernel,
                 const std::vector<int64_t>& strides, const std::vector<int64_t>& dilations) {
  const size_t axes = kernel.size();
  const std::string automatic = node.text("auto_pad", "NOTSET");
  const std::vector<int64_t> given = spatial_entries(node, "pads", 2 * axes, 0, 0);
  if (automatic == "NOTSET")
    return {{given.begin(), given.begin() + long(axes)}, {given.begin() + long(axes), given.end()}};
  Pads pads{std::vector<int64_t>(axes, 0), std::vector<int64_t>(axes, 0)};
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER")
    pads = same_pads(in, kernel, strides, dilations, automatic == "SAME_UPPER");
  else if (automatic != "VALID")
    throw node.error("auto_pad is '" + automatic + "', known are NOTSET, SAME_UPPER, SAME_LOWER and VALID",
                     "Use one of these.");
  std::vector<int64_t> resolved = pads.begin;
  resolved.insert(resolved.end(), pads.end.begin(), pads.end.end());
  const bool none = std::all_of(given.begin(), given.end(), [](int64_t p) { return p == 0; });
  if (!none && given != resolved)
    throw node.error(
        fmt::format("pads are {}, but auto_pad {} makes them {}", list_text(given), automatic, list_text(resolved)),
        "Give either pads or auto_pad.");
  return pads;
}

}  // namespace thimble::compiler
