// Files of the source tree that the thimble binary carries: the runtime's headers and the boards' sources.
#pragma once
#include <span>
#include <string_view>

namespace thimble::compiler {

struct EmbeddedFile {
  std::string_view path;  // "thimble/rows.hpp", "boards/board.h"
  std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();  // sorted by path

}  // namespace thimble::compiler
