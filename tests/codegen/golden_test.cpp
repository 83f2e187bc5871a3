// The generated code of the hand-made programs: byte for byte what is in tests/golden, and it compiles without a
// warning. THIMBLE_UPDATE_GOLDEN=1 in the environment writes tests/golden anew.
#include <catch2/catch.hpp>
#include <clocale>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/codegen/temporary_folder.hpp"
#include "tests/codegen/tiny_programs.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;
namespace fs = std::filesystem;

namespace {

const fs::path golden = fs::path(THIMBLE_SOURCE_DIR) / "tests/golden";

Bundle emit(const TinyProgram& t) {
  return emit(t.program, t.plan, *t.target, t.options);
}

// The bundle without the runtime's headers, which are compared with their sources elsewhere.
std::map<std::string, std::string> generated(const Bundle& bundle) {
  std::map<std::string, std::string> files = bundle.files;
  std::erase_if(files, [](const auto& file) { return file.first.rfind("thimble/", 0) == 0; });
  return files;
}

std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    files[entry.path().filename().string()] = text.str();
  }
  return files;
}

void check_golden(const TinyProgram& t) {
  const auto made = generated(emit(t));
  const fs::path folder = golden / t.program.name;
  if (std::getenv("THIMBLE_UPDATE_GOLDEN") != nullptr) {
    fs::remove_all(folder);
    write_bundle({made}, folder);
  }
  const auto expected = files_of(folder);
  std::set<std::string> names;
  for (const auto& [name, text] : made) names.insert(name);
  for (const auto& [name, text] : expected) names.insert(name);
  for (const std::string& name : names) {
    INFO(name << " of " << folder);
    REQUIRE(made.count(name) == 1);
    REQUIRE(expected.count(name) == 1);
    CHECK(made.at(name) == expected.at(name));
  }
}

bool present(const std::string& program) {
  return std::system(("command -v " + program + " > /dev/null 2>&1").c_str()) == 0;
}

int shell(const std::string& command) {
  INFO(command);
  return std::system(command.c_str());
}

// Compiles every source of the bundle to an object, as C++17 and C99 firmware with all warnings on.
void check_compiles(const TinyProgram& t, const std::string& cxx, const std::string& cc, const std::string& flags) {
  if (!present(cxx)) {
    WARN(cxx << " is not here: not tried");
    return;
  }
  const TemporaryFolder folder;
  write_bundle(emit(t), folder.path());
  const std::string warnings = " -Wall -Wextra -Wpedantic -Werror -O2 " + flags;
  const std::string kernels = std::string(" -include ") + THIMBLE_SOURCE_DIR + "/tests/codegen/tiny_kernels.hpp";
  for (const auto& [name, text] : generated(emit(t))) {
    const std::string file = (folder.path() / name).string();
    if (name.ends_with(".cpp"))
      CHECK(shell(cxx + " -std=c++17 -fno-exceptions -fno-rtti" + warnings + kernels + " -I" + folder.path().string() +
                  " -c " + file + " -o " + file + ".o") == 0);
    if (name.ends_with(".h")) {
      std::ofstream(file + ".c") << "#include \"" << name << "\"\n";
      CHECK(shell(cc + " -std=c99" + warnings + " -c " + file + ".c -o " + file + ".o") == 0);
    }
  }
}

// Symbols that `t`'s objects need and do not define, and whether something runs before main.
std::set<std::string> foreign_symbols(const fs::path& folder) {
  REQUIRE(shell("cd " + folder.string() + " && ld -r *.o -o all.o && nm -C all.o > symbols") == 0);
  std::ifstream in(folder / "symbols");
  std::set<std::string> foreign;
  for (std::string line; std::getline(in, line);) {
    if (line.find(" U ") != std::string::npos) foreign.insert(line.substr(line.find(" U ") + 3));
    if (line.find("_GLOBAL__sub_I") != std::string::npos) foreign.insert(line);
  }
  return foreign;
}

}  // namespace

TEST_CASE("generated code is what it was") {
  check_golden(tiny_dense());
  check_golden(tiny_whole());
  check_golden(tiny_stream());
  check_golden(tiny_ports());
}

TEST_CASE("generated code does not depend on the locale") {
  const auto made = emit(tiny_dense()).files;
  for (const char* name : {"de_DE.UTF-8", "C.UTF-8"}) std::setlocale(LC_ALL, name);
  CHECK(emit(tiny_dense()).files == made);
  std::setlocale(LC_ALL, "C");
}

TEST_CASE("generated code compiles without a warning") {
  TinyProgram probed = tiny_stream();
  probed.options.probe = true;
  probed.options.layer_hook = true;
  probed.options.weights_section = ".weights";
  for (const TinyProgram& t : {tiny_dense(), tiny_whole(), tiny_stream(), tiny_ports(), probed}) {
    check_compiles(t, "g++", "gcc", "");
    check_compiles(t, "clang++", "clang", "");
  }
  check_compiles(tiny_stream(), "arm-none-eabi-g++", "arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb");
  check_compiles(tiny_dense(), "arm-none-eabi-g++", "arm-none-eabi-gcc", "-mcpu=cortex-m0plus -mthumb");
  check_compiles(tiny_dense(), "riscv64-unknown-elf-g++", "riscv64-unknown-elf-gcc",
                 "-march=rv32imc -mabi=ilp32 -ffreestanding");
}

TEST_CASE("generated code needs nothing but memcpy and memset, and runs nothing before main") {
  const TemporaryFolder folder;
  write_bundle(emit(tiny_stream()), folder.path());
  for (const char* file : {"tiny_stream", "tiny_stream_weights", "tiny_stream_c"})
    REQUIRE(shell("cd " + folder.path().string() + " && g++ -std=c++17 -O0 -fno-exceptions -fno-rtti -I. -include " +
                  THIMBLE_SOURCE_DIR "/tests/codegen/tiny_kernels.hpp -c " + file + ".cpp -o " + file + ".o") == 0);
  std::set<std::string> foreign = foreign_symbols(folder.path());
  for (const char* allowed : {"memcpy", "memset", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}) foreign.erase(allowed);
  CHECK(foreign == std::set<std::string>{});
}
