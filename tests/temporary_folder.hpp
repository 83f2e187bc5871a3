// A folder for one test, deleted with all that is in it.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "compiler/error.hpp"

namespace thimble::compiler::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "thimble-test-XXXXXX").string();
    ensure(mkdtemp(name.data()) != nullptr, "no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string path(const std::string& file) const { return (path_ / file).string(); }
  // Writes a file, and makes the folders in its name. Gives its path.
  std::string write(const std::string& file, const std::string& bytes) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file, std::ios::binary) << bytes;
    return path(file);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace thimble::compiler::test
