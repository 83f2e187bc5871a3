// A bundle: the files that `compile` writes, all made in memory first.
#pragma once
#include <filesystem>
#include <map>
#include <string>

namespace thimble::compiler {

struct Bundle {
  std::map<std::string, std::string> files;  // path in the bundle, "thimble/rows.hpp", and text
};

// Writes the bundle whole or not at all: every file is first written under a temporary name beside its place, and only
// when all are there do they take their names. Makes the folder where it is missing; other files in it stay. Throws
// Error when the folder cannot be written.
void write_bundle(const Bundle& bundle, const std::filesystem::path& folder);

}  // namespace thimble::compiler
