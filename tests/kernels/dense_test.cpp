// Fully connected layers of a block of outputs side by side, in C++: against a plain reference.
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "tests/kernels/dense_grid.hpp"

namespace thimble::grid {

namespace {

void check(const Failure& f, const char* kind = "") {
  INFO(kind << ": " << (f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

}  // namespace

TEST_CASE("blocks of outputs equal the plain reference") {
  const auto w = std::make_unique<Workspace>();
  auto report = [](const char* kind, const Failure& f) { check(f, kind); };
  check_all_dense<Octets>(*w, report);
  check_all_dense<LongQuads>(*w, report);
}

TEST_CASE("64-bit sums of quads are exact up to the bound, and refused beyond it") {
  const auto w = std::make_unique<Workspace>();
  check(check_dense_long_bound(*w));
  std::vector<int8_t> weights(4 * 512, 1);
  for (int k = 512; k < 1024; ++k) weights[size_t(k)] = -128;
  CHECK_FALSE(dense_long_takes(weights.data(), 4, 512));  // 65536
  weights[600] = 127;
  CHECK(dense_long_takes(weights.data(), 4, 512));  // 65535
}

TEST_CASE("quads are for layers that fill them nearly") {
  const std::vector<int8_t> weights(12, 1);
  for (int32_t outputs : {3, 4, 6, 7, 8, 9, 10, 12}) CHECK(dense_long_takes(weights.data(), outputs, 1));
  for (int32_t outputs : {1, 2, 5}) CHECK_FALSE(dense_long_takes(weights.data(), outputs, 1));
}

TEST_CASE("weights of octets are cut into groups whose sums are exact") {
  const int8_t weights[] = {1, 127, -128, 1, 127, 127, 2, 2};  // two outputs of four inputs
  CHECK(octet_group(weights, 4, 0, 1, 0) == 2);
  CHECK(octet_group(weights, 4, 0, 1, 1) == 2);  // 255
  CHECK(octet_group(weights, 4, 0, 2, 0) == 2);
  CHECK(octet_group(weights, 4, 1, 2, 1) == 3);
  const int8_t zeros[40] = {};
  CHECK(octet_group(zeros, 40, 0, 1, 3) == octet_longest_group);
}

TEST_CASE("octets are for layers that fill them nearly") {
  for (int32_t outputs : {8, 16, 24, 128, 640, 31, 15, 29}) CHECK(dense_in_octets(outputs));
  for (int32_t outputs : {1, 2, 7, 10, 12, 17, 18}) CHECK_FALSE(dense_in_octets(outputs));
}

}  // namespace thimble::grid
