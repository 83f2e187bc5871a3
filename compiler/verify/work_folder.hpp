// A folder to build and run in.
#pragma once
#include <filesystem>
#include <string>
#include <system_error>

#include "compiler/verify/verify.hpp"

namespace thimble::compiler {

// It is removed at the end, unless it was asked for by name.
struct WorkFolder {
  std::string path;
  bool temporary;
  explicit WorkFolder(const std::string& wish = "")
      : path(wish.empty() ? temporary_folder() : wish), temporary(wish.empty()) {
    std::filesystem::create_directories(path);
  }
  ~WorkFolder() {
    std::error_code ignored;
    if (temporary) std::filesystem::remove_all(path, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
};

}  // namespace thimble::compiler
