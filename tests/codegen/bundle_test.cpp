// Bundles on disk: whole or not at all.
#include "codegen/bundle.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "compiler/error.hpp"
#include "tests/temporary_folder.hpp"

using namespace thimble::compiler;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

size_t files_in(const fs::path& folder) {
  size_t n = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) n += entry.is_regular_file();
  return n;
}

}  // namespace

TEST_CASE("a bundle is written with its folders, over an older one, beside other files") {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "notes.txt") << "mine";
  write_bundle({{{"m.cpp", "old"}, {"thimble/arch/a.hpp", "header\r\n"}}}, folder.path());
  write_bundle({{{"m.cpp", "new"}}}, folder.path());
  CHECK(text_of(folder.path() / "m.cpp") == "new");
  CHECK(text_of(folder.path() / "thimble/arch/a.hpp") == "header\r\n");
  CHECK(text_of(folder.path() / "notes.txt") == "mine");
  CHECK(files_in(folder.path()) == 3);
}

TEST_CASE("a bundle that cannot be written leaves what was there") {
  const test::TemporaryFolder folder;
  write_bundle({{{"a.cpp", "old"}}}, folder.path());
  fs::create_directories(folder.path() / "z.cpp");
  CHECK_THROWS_WITH(write_bundle({{{"a.cpp", "new"}, {"z.cpp", "new"}}}, folder.path()),
                    Catch::Contains("a folder of that name is in the way"));
  CHECK(text_of(folder.path() / "a.cpp") == "old");
  CHECK(files_in(folder.path()) == 1);
  CHECK_THROWS_WITH(write_bundle({{{"x", ""}}}, folder.path() / "a.cpp"),
                    Catch::Contains("a file of that name is in the way"));
  CHECK_THROWS_AS(write_bundle({{{"x", ""}}}, "/proc/thimble"), Error);
}
