// A folder to build in, removed at the end unless somebody asked for it.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "compiler/error.hpp"

namespace thimble::compiler {

class WorkFolder {
 public:
  // `wish` is made and kept; empty: a new folder under the system's temporary folder, deleted with all that is in it.
  // Throws Error when none can be made.
  explicit WorkFolder(const std::string& wish = "") : path_(wish), temporary_(wish.empty()) {
    if (!temporary_) {
      std::filesystem::create_directories(path_);
      return;
    }
    path_ = (std::filesystem::temp_directory_path() / "thimble-XXXXXX").string();
    if (!mkdtemp(path_.data()))
      throw Error(path_, "no temporary folder can be made", "Check TMPDIR, or give a folder with --keep.");
  }
  ~WorkFolder() {
    std::error_code ignored;
    if (temporary_) std::filesystem::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool temporary_;
};

}  // namespace thimble::compiler
