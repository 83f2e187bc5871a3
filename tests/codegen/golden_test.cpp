// The generated code of the hand-made programs: byte for byte what is in tests/golden, and it compiles without a
// warning. THIMBLE_UPDATE_GOLDEN=1 in the environment writes tests/golden anew.
#include <catch2/catch.hpp>
#include <clocale>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "compiler/compile.hpp"
#include "compiler/embedded.hpp"
#include "tests/codegen/tiny_programs.hpp"
#include "tests/temporary_folder.hpp"

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

void check_golden(const Bundle& bundle, const std::string& name) {
  const auto made = generated(bundle);
  const fs::path folder = golden / name;
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
  for (const TinyProgram& t : {tiny_dense(), tiny_whole(), tiny_stream(), tiny_table(), tiny_ports()})
    check_golden(emit(t), t.program.name);
}

TEST_CASE("a model's generated code is what it was") {
  CompileOptions options;
  options.model = THIMBLE_SOURCE_DIR "/tests/models/hand_keypoints_float/model.onnx";
  options.name = "hand_keypoints";
  options.target = find_target("cortex-m4");
  options.lowering.choice.specialise = false;  // what is measured faster today may not be tomorrow
  check_golden(make_bundle(compile_model(options), options), options.name);
}

TEST_CASE("a bundle has the runtime's headers that it includes, and no others") {
  const Bundle bundle = emit(tiny_dense());
  std::set<std::string> headers;
  for (const auto& [name, text] : bundle.files)
    if (name.rfind("thimble/", 0) == 0) headers.insert(name);
  CHECK(headers == std::set<std::string>{"thimble/arch/square_root.hpp", "thimble/math.hpp", "thimble/nearest_step.hpp",
                                         "thimble/no_fast_math.hpp", "thimble/rows.hpp"});
  for (const EmbeddedFile& file : embedded_files())
    if (headers.count(std::string(file.path)) == 1) CHECK(bundle.files.at(std::string(file.path)) == file.text);
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
  for (const TinyProgram& t : {tiny_dense(), tiny_whole(), tiny_stream(), tiny_table(), tiny_ports(), probed}) {
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

TEST_CASE("weights lie in the section asked for, tables do not") {
  const TemporaryFolder folder;
  TinyProgram t = tiny_whole();
  t.options.weights_section = ".weights";
  write_bundle(emit(t), folder.path());
  REQUIRE(shell("cd " + folder.path().string() +
                " && g++ -std=c++17 -O2 -I. -include " THIMBLE_SOURCE_DIR
                "/tests/codegen/tiny_kernels.hpp -c *.cpp && size -A tiny_whole_weights.o > weights && size -A "
                "tiny_whole.o > model") == 0);
  std::stringstream weights, model;
  weights << std::ifstream(folder.path() / "weights").rdbuf();
  model << std::ifstream(folder.path() / "model").rdbuf();
  CHECK_THAT(weights.str(), Catch::Contains(".weights") && !Catch::Contains(".rodata"));
  CHECK_THAT(model.str(), !Catch::Contains(".weights") && Catch::Contains(".rodata"));
}

TEST_CASE("models without layers or weights compile") {
  TinyProgram t = tiny_dense();
  t.program.layers.clear();
  t.program.constants.clear();
  t.program.outputs = t.program.inputs;
  t.plan.scratch_offsets.clear();
  check_compiles(t, "g++", "gcc", "");
  check_compiles(t, "clang++", "clang", "");
}

TEST_CASE("inputs of every element type compile") {
  for (ElementType element : {ElementType::uint8, ElementType::int16, ElementType::int32, ElementType::int64,
                              ElementType::boolean, ElementType::float32}) {
    TinyProgram t = tiny_dense();
    Buffer& b = t.program.buffers.emplace_back();
    b.name = "x";
    b.type = {element, {2, 3}, {}};
    if (is_integer(element)) b.type.quantization = Quantization{{0.5f}, {3}};
    b.bytes = b.row_bytes = int32_t(byte_size(b.type));
    t.program.inputs = {2};
    t.plan.buffers.push_back({2, 32, b.bytes, 0});
    t.plan.arena_bytes = 96;
    check_compiles(t, "g++", "gcc", "");
  }
}
