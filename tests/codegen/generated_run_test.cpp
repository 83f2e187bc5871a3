// Generated code runs: streamed rows equal whole layers, the interfaces of C++ and C work, and so do self-test, hook,
// probe and the checks of the build.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "compiler/error.hpp"
#include "tests/codegen/tiny_programs.hpp"
#include "tests/temporary_folder.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;
namespace fs = std::filesystem;

namespace {

// A program of bundles and a main, built with the sanitizers.
class HostProgram {
 public:
  void add(const TinyProgram& t) { write_bundle(emit(t.program, t.plan, *t.target, t.options), folder_.path()); }
  void add(const std::string& name, const std::string& text) { std::ofstream(folder_.path() / name) << text; }
  // What the program prints; fails the test when it does not build or gives another status than 0.
  std::string run() const {
    const std::string kernels = std::string(" -include ") + THIMBLE_SOURCE_DIR + "/tests/codegen/tiny_kernels.hpp";
    const std::string flags = " -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -I. ";
    REQUIRE(shell("for f in *.c; do if [ -e $f ]; then gcc -std=c99" + flags + "-c $f || exit 1; fi; done") == 0);
    REQUIRE(shell("for f in *.cpp; do g++ -std=c++17" + flags + kernels + " -c $f || exit 1; done") == 0);
    REQUIRE(shell("g++" + flags + "*.o -o program && ./program > printed") == 0);
    std::ifstream in(folder_.path() / "printed");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  // The compiler's messages for one file of a bundle, which must not compile.
  std::string refused(const std::string& file, const std::string& flags) const {
    REQUIRE(shell("! " + flags + " -std=c++17 -I. -c " + file + " -o refused.o 2> messages") == 0);
    std::ifstream in(folder_.path() / "messages");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

 private:
  int shell(const std::string& command) const {
    return std::system(("cd " + folder_.path().string() + " && " + command).c_str());
  }
  TemporaryFolder folder_;
};

bool present(const std::string& program) {
  return std::system(("command -v " + program + " > /dev/null 2>&1").c_str()) == 0;
}

constexpr const char* compare_main = R"(
#include <stdio.h>
#include <string.h>
#include "@.hpp"
#include "tiny_whole.hpp"

int main() {
  tiny_whole::Model whole;
  @::Model other;
  unsigned seed = 1;
  int equal = 0;
  for (int run = 0; run < 50; ++run) {
    memset(static_cast<void*>(&whole), 0xA5, sizeof whole);
    memset(static_cast<void*>(&other), run, sizeof other);
    tiny_whole::input::Array image;
    for (int8_t& x : image) x = int8_t((seed = seed * 1664525 + 1013904223) >> 24);
    tiny_whole::output::Array expected;
    whole.run(image, expected);
    memcpy(other.input(), image, sizeof image);
    other.run();
    equal += memcmp(other.output(), expected, sizeof expected) == 0 && expected[0] != expected[1];
  }
  printf("%d\n", equal);
}
)";

// Prints each layer's output from the probe's calls.
constexpr const char* probe_main = R"(
#include <stdio.h>
#include "@.hpp"

static uint8_t made[6][64];
static int size[6];
extern "C" void @_probe(int32_t layer, int32_t, void* rows, int32_t bytes) {
  for (int i = 0; i < bytes; ++i) made[layer][size[layer]++] = static_cast<uint8_t*>(rows)[i];
}

int main() {
  @::Model model;
  for (unsigned i = 0; i < @::input::size; ++i) model.input()[i] = int8_t(i * i * 37);
  model.run();
  for (int layer = 0; layer < 6; ++layer) {
    for (int i = 0; i < size[layer]; ++i) printf("%d ", made[layer][i]);
    printf("\n");
  }
}
)";

constexpr const char* c_main = R"(
#include <stdio.h>
#include "tiny_ports.h"

static int calls;
void tiny_ports_after_layer(int32_t layer) { calls = calls * 10 + layer + 1; }

int main(void) {
  static tiny_ports_model model;
  for (int i = 0; i < tiny_ports_input_left_size; ++i) {
    tiny_ports_input_left(&model)[i] = tiny_ports_quantize_input_left(1.5f * (float)i);
    tiny_ports_input_right(&model)[i] = (int8_t)(10 * i);
  }
  tiny_ports_run(&model);
  printf("%d %d %g %d %g\n", calls, tiny_ports_input_left(&model)[3], tiny_ports_output_value_1(&model)[0],
         tiny_ports_output_sum(&model)[3], tiny_ports_dequantize_output_sum(tiny_ports_output_sum(&model)[3]));
  return 0;
}
)";

constexpr const char* self_test_main = R"(
#include <stdio.h>
#include "tiny_ports_selftest.hpp"
extern "C" void tiny_ports_after_layer(int32_t) {}
int main() {
  union {
    tiny_ports::Arena one;
    unsigned char other[100];
  } memory;
  tiny_ports::Model model(memory.one);
  printf("%d\n", tiny_ports::self_test(model));
}
)";

std::string named(std::string text, const std::string& name) {
  for (size_t at; (at = text.find('@')) != std::string::npos;) text.replace(at, 1, name);
  return text;
}

std::string probed(TinyProgram t) {
  t.options.probe = true;
  HostProgram program;
  program.add(t);
  program.add("main.cpp", named(probe_main, t.program.name));
  return program.run();
}

// In how many of 50 runs `t` gives the bytes of tiny_whole.
std::string runs_equal_to_whole(const TinyProgram& t) {
  HostProgram program;
  program.add(tiny_whole());
  program.add(t);
  program.add("main.cpp", named(compare_main, t.program.name));
  return program.run();
}

}  // namespace

TEST_CASE("a streaming region gives the bytes of its layers run whole, whatever the arena held") {
  CHECK(runs_equal_to_whole(tiny_stream()) == "50\n");
}

TEST_CASE("layers from a table give the bytes of calls") {
  CHECK(runs_equal_to_whole(tiny_table()) == "50\n");
}

TEST_CASE("a ring of one row less gives other bytes") {
  for (int ring : {2, 4}) {
    TinyProgram t = tiny_stream();
    for (Placement& place : t.plan.buffers)
      if (place.buffer == ring) place.ring_rows -= 1;
    CHECK(runs_equal_to_whole(t) == "0\n");
  }
}

TEST_CASE("a probe sees every row of every layer, streamed or not") {
  const std::string whole = probed(tiny_whole());
  CHECK(std::count(whole.begin(), whole.end(), ' ') == 36 + 36 + 36 + 20 + 20 + 8);
  CHECK(probed(tiny_stream()) == whole);
}

TEST_CASE("a value that is read behind its region is made to its last row") {
  // The strided layer reads rows 1, 3, 5 and 7 of the sum; the sum is an output as well.
  const auto altered = [](TinyProgram t) {
    Layer& strided = t.program.layers[3];
    strided.shape[2].value = int64_t(1);
    strided.band->window = 1;
    t.program.outputs = {8, 4};
    for (Placement& place : t.plan.buffers)
      if (place.buffer == 4) place.ring_rows = 0, place.bytes = 36;
    return t;
  };
  const std::string whole = probed(altered(tiny_whole()));
  CHECK(std::count(whole.begin(), whole.end(), ' ') == 36 + 36 + 36 + 20 + 20 + 8);
  CHECK(probed(altered(tiny_stream())) == whole);
}

TEST_CASE("the C interface, the hook, keeping the input") {
  HostProgram program;
  program.add(tiny_ports());
  program.add("main.c", c_main);
  // left: 0 3 6 9; weighed 0.5 * (3*2 + 6*3 + 9*4) = 30; sum 9 + 30 = 39, as a real (39 + 128) / 4.
  CHECK(program.run() == "12 9 30 39 41.75\n");
}

TEST_CASE("a self-test passes, and fails on another output") {
  HostProgram good;
  good.add(tiny_ports());
  good.add("main.cpp", self_test_main);
  CHECK(good.run() == "1\n");
  for (size_t output : {0, 1}) {
    TinyProgram t = tiny_ports();
    t.options.self_test->outputs[output][2] ^= std::byte(0x40);
    HostProgram bad;
    bad.add(t);
    bad.add("main.cpp", self_test_main);
    CHECK(bad.run() == "0\n");
  }
}

TEST_CASE("a build without the target's features, or with -ffast-math, is refused") {
  HostProgram program;
  program.add(tiny_stream());
  CHECK_THAT(program.refused("tiny_stream.cpp", "g++ -ffast-math"),
             Catch::Contains("-ffast-math breaks rounding and tests for NaN"));
  if (!present("arm-none-eabi-g++")) return;
  CHECK_THAT(program.refused("tiny_stream.cpp", "arm-none-eabi-g++ -mcpu=cortex-m3 -mthumb"),
             Catch::Contains("this code is for cores with the DSP extension"));
  CHECK_THAT(program.refused("tiny_stream.cpp", "arm-none-eabi-g++ -mcpu=cortex-m0plus -mthumb"),
             Catch::Contains("this code is for cores with unaligned loads"));
}

TEST_CASE("what the code generator is given must fit together") {
  const auto emitted = [](const TinyProgram& t) { return emit(t.program, t.plan, *t.target, t.options); };
  TinyProgram t = tiny_dense();
  t.plan.buffers.pop_back();
  CHECK_THROWS_AS(emitted(t), InternalError);
  t = tiny_dense();
  t.program.layers[0].headers = {"no_such.hpp"};
  CHECK_THROWS_AS(emitted(t), InternalError);
  t = tiny_dense();
  t.program.name = "int";
  CHECK_THROWS_AS(emitted(t), InternalError);
  t = tiny_ports();
  t.options.self_test->inputs[0].pop_back();
  CHECK_THROWS_AS(emitted(t), InternalError);
}
