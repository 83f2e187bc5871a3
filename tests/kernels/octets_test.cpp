// Fully connected layers of eight outputs side by side, in C++: against a plain reference.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/octets_grid.hpp"

namespace thimble::grid {

namespace {

void check(const Failure& f) {
  INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

}  // namespace

TEST_CASE("octets of outputs equal the plain reference") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : octets_cases) check(check_octets(c, *w, index++));
  check(check_octets_rare(*w));
}

TEST_CASE("weights of octets are cut into groups whose sums are exact") {
  const auto w = std::make_unique<Workspace>();
  check(check_octets_extremes(*w));
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
