// What counts as equal, and what as within tolerance.
#include "compiler/verify/compare.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/verify/map_file.hpp"
#include "compiler/verify/process.hpp"

using namespace thimble::compiler;

TEST_CASE("integers are equal or counted in steps") {
  const Difference d = compare(Tensor::of<int8_t>({4}, {1, 2, 3, -128}), Tensor::of<int8_t>({4}, {1, 3, 3, -128}));
  CHECK(d.equal == 3);
  CHECK(d.max_abs_error == 1);
  CHECK(d.within_tolerance);
  CHECK_FALSE(compare(Tensor::of<int8_t>({1}, {5}), Tensor::of<int8_t>({1}, {7})).within_tolerance);
}

TEST_CASE("floats have a relative tolerance and one of the output's scale") {
  CHECK(compare(Tensor::of<float>({2}, {1.0009f, 0}), Tensor::of<float>({2}, {1, 0})).within_tolerance);
  CHECK_FALSE(compare(Tensor::of<float>({2}, {1.002f, 0}), Tensor::of<float>({2}, {1, 0})).within_tolerance);
  CHECK(compare(Tensor::of<float>({2}, {1000, 0.009f}), Tensor::of<float>({2}, {1000, 0})).within_tolerance);
  CHECK_FALSE(compare(Tensor::of<float>({2}, {1000, 0.02f}), Tensor::of<float>({2}, {1000, 0})).within_tolerance);
  CHECK_FALSE(compare(Tensor::of<float>({1}, {NAN}), Tensor::of<float>({1}, {0})).within_tolerance);
  CHECK(compare(Tensor::of<float>({1}, {NAN}), Tensor::of<float>({1}, {NAN})).within_tolerance);
  CHECK_FALSE(compare(Tensor::of<float>({1}, {1e30f}), Tensor::of<float>({1}, {INFINITY})).within_tolerance);
}

TEST_CASE("a map's sections are found, long names and discarded ones included") {
  const auto sections = parse_map(
      "Discarded input sections\n\n .text.unused  0x00000000  0x40 a.o\n\nLinker script and memory map\n\n.text        "
      "   0x0  0x100\n *(.text)\n .text.f        0x0000  0x20 a.o\n"
      " .text._ZN7thimble9a_long_nameEv\n                0x0020   0x30 lib.a(b.o)\n *fill*         0x50  0x2\n "
      ".text.empty    0x52  0x0 a.o\n\n.bss            0x2000  0x10\n .bss.x         "
      "0x2000  0x10 a.o\n");
  REQUIRE(sections.size() == 2);
  CHECK(sections[0].bytes == 0x20);
  CHECK(sections[1].object == "lib.a(b.o)");
  CHECK(sections[1].bytes == 0x30);
}

TEST_CASE("processes report their status, output and time-out") {
  CHECK(run_process({"sh", "-c", "echo out; echo err >&2; exit 3"}, "/", 10).status == 3);
  CHECK(run_process({"sh", "-c", "echo out; echo err >&2"}, "/", 10).output == "out\nerr\n");
  CHECK(run_process({"sh", "-c", "sleep 20"}, "/", 1).timed_out);
  CHECK(run_process({"no-such-program-anywhere"}, "/", 10).status == 127);
  CHECK(program_exists("sh"));
  CHECK_FALSE(program_exists("no-such-program-anywhere"));
}
