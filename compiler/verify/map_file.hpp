// Sizes of the linked parts, from a GNU ld map.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace thimble::compiler {

struct LinkedSection {
  std::string output;  // ".text"
  std::string object;  // path of the object or "archive(member)"
  int64_t bytes;
};

// Every input section that lies in the program (discarded ones are not listed), of the output sections .text, .weights,
// .rodata, .data and .ARM.exidx.
std::vector<LinkedSection> parse_map(const std::string& text);

}  // namespace thimble::compiler
