// The files that the binary carries equal the source tree's.
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "compiler/embedded.hpp"

using namespace thimble::compiler;

TEST_CASE("embedded files are sorted and equal their sources") {
  const auto files = embedded_files();
  CHECK(std::is_sorted(files.begin(), files.end(), [](const EmbeddedFile& a, const EmbeddedFile& b) { return a.path < b.path; }));
  CHECK(std::count_if(files.begin(), files.end(), [](const EmbeddedFile& f) { return f.path == "thimble/rows.hpp"; }) == 1);
  for (const EmbeddedFile& f : files) {
    const std::string root = f.path.substr(0, 7) == "boards/" ? THIMBLE_SOURCE_DIR "/targets/" : THIMBLE_SOURCE_DIR "/runtime/";
    std::ifstream in(root + std::string(f.path), std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    CHECK(text.str() == f.text);
  }
}
