// Bundles to disk, whole or not at all.
#include "codegen/bundle.hpp"

#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

namespace fs = std::filesystem;

constexpr const char* unfinished = ".unfinished";  // ending of a temporary file's name

Error cannot_write(const fs::path& path, const std::string& reason) {
  return Error(path.string(), "it cannot be written: " + reason, "Give -o a folder that can be written.");
}

void make_folder(const fs::path& folder) {
  if (folder.empty()) return;  // the working directory
  std::error_code failed;
  if (fs::exists(folder, failed) && !fs::is_directory(folder, failed))
    throw cannot_write(folder, "a file of that name is in the way");
  fs::create_directories(folder, failed);
  if (failed) throw cannot_write(folder, failed.message());
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(text.data(), std::streamsize(text.size()));
  out.close();
  if (!out) throw cannot_write(path, std::make_error_code(std::errc::io_error).message());
}

// Temporary files and the places they are to take. Those that have not taken them are deleted at the end.
class Unfinished {
 public:
  Unfinished() = default;
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;
    for (const auto& [temporary, place] : files_) fs::remove(temporary, ignored);
  }
  void add(const fs::path& place, const std::string& text) {
    fs::path temporary = place;
    temporary += unfinished;
    files_.emplace_back(temporary, place);
    write_file(temporary, text);
  }
  void finish() {
    for (const auto& [temporary, place] : files_)
      if (fs::is_directory(place)) throw cannot_write(place, "a folder of that name is in the way");
    for (const auto& [temporary, place] : files_) {
      std::error_code failed;
      fs::rename(temporary, place, failed);
      if (failed) throw cannot_write(place, failed.message());
    }
    files_.clear();
  }

 private:
  std::vector<std::pair<fs::path, fs::path>> files_;
};

}  // namespace

void write_bundle(const Bundle& bundle, const fs::path& folder) {
  make_folder(folder);
  Unfinished unfinished_files;
  for (const auto& [path, text] : bundle.files) {
    make_folder((folder / path).parent_path());
    unfinished_files.add(folder / path, text);
  }
  unfinished_files.finish();
}

}  // namespace thimble::compiler
