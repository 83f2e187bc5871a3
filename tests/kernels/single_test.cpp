// Convolutions of six pixels, channel by channel, in C++: against a plain reference.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/single_grid.hpp"

namespace thimble::grid {

namespace {

void check_alone(const Failure& f) {
  INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

}  // namespace

TEST_CASE("convolutions channel by channel equal the plain reference, whole and in bands, shared and specialised") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : six_cases) check_alone(check_single(c, six_shape(c), *w, index++));
  check_alone(check_fixed_single(*w));
  check_alone(check_single_in_place(*w));
  check_alone(check_store_pixels());
}

TEST_CASE("a channel's weights of any size are cut into groups whose sums are exact") {
  const auto w = std::make_unique<Workspace>();
  check_alone(check_single_extremes(*w));
  const int8_t large[] = {-128, -127, 1, 127, 127, 1};
  CHECK(single_group(large, 0, 6) == 2);  // 255
  CHECK(single_group(large, 1, 6) == 3);  // 255 again
  CHECK(single_group(large, 3, 6) == 3);
  CHECK(single_group(large, 5, 6) == 1);
  const int8_t both[] = {-128, -128};
  CHECK(single_group(both, 0, 2) == 1);
  const int8_t zeros[40] = {};
  CHECK(single_group(zeros, 3, 40) == six_longest_group);
}

}  // namespace thimble::grid
