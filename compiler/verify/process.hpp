// Runs other programs: compilers and QEMU.
#pragma once
#include <string>
#include <vector>

namespace thimble::compiler {

struct ProcessResult {
  int status = -1;  // exit status; 128 + signal when killed; 127 when the program was not found
  bool timed_out = false;
  std::string output;  // standard output and error, interleaved, the first 64 KB
};

// Runs argv[0] from PATH in `directory`, without standard input, for at most `seconds`.
ProcessResult run_process(const std::vector<std::string>& argv, const std::string& directory, int seconds);
// "arm-none-eabi-g++ -O2 ..." split at spaces.
std::vector<std::string> split_words(std::string_view text);
bool program_exists(const std::string& name);  // on PATH

}  // namespace thimble::compiler
