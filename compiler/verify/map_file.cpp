// Reads the "Linker script and memory map" part of a GNU ld map.
#include "compiler/verify/map_file.hpp"

#include <algorithm>
#include <sstream>

namespace thimble::compiler {

namespace {
bool in_flash(const std::string& output) {
  static const std::string names[] = {".text", ".weights", ".rodata", ".data", ".ARM.exidx"};
  return std::find(std::begin(names), std::end(names), output) != std::end(names);
}
}  // namespace

std::vector<LinkedSection> parse_map(const std::string& text) {
  std::vector<LinkedSection> sections;
  std::istringstream in(text.substr(std::min(text.size(), text.find("Linker script and memory map"))));
  std::string output, pending;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    std::istringstream words(line);
    if (line[0] == '.') {
      words >> output;
      pending.clear();
      continue;
    }
    std::string name, address, size, object;
    if (line[0] == ' ' && line.size() > 1 && line[1] != ' ') {
      words >> name;
      if (name[0] != '.' && name != "COMMON") continue;  // *fill*, patterns of the script
      if (!(words >> address)) {                         // a long name: the rest is on the next line
        pending = name;
        continue;
      }
    } else if (!pending.empty()) {
      words >> address;
    } else {
      continue;
    }
    pending.clear();
    if (!(words >> size) || address.rfind("0x", 0) != 0 || size.rfind("0x", 0) != 0) continue;
    std::getline(words >> std::ws, object);
    const int64_t bytes = std::stoll(size, nullptr, 16);
    if (in_flash(output) && bytes > 0 && !object.empty()) sections.push_back({output, object, bytes});
  }
  return sections;
}

}  // namespace thimble::compiler
