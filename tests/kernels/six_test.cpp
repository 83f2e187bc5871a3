// Convolutions of six pixels side by side, in C++: against a plain reference.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/six_grid.hpp"

namespace thimble::grid {

namespace {

void check(const Failure& f) {
  INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

}  // namespace

TEST_CASE("convolutions of six pixels equal the plain reference, whole and in bands, shared and specialised") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : six_cases) check(check_six(c, six_shape(c), *w, index++));
  check(check_fixed_six(*w));
  check(check_six_in_place(*w));
}

TEST_CASE("weights of any size are cut into groups whose sums are exact") {
  const auto w = std::make_unique<Workspace>();
  check(check_six_extremes(*w));
  const int8_t large[] = {-128, -127, 1, 127, 127, 1}, small[] = {0, 0, 0, 0, 0, 0};
  CHECK(six_group(large, small, 0, 6) == 2);  // 255
  CHECK(six_group(small, large, 2, 6) == 3);  // 255 again, in the other channel
  CHECK(six_group(large, large, 5, 6) == 1);
  const int8_t both[] = {-128, -128};
  CHECK(six_group(both, small, 0, 2) == 1);
  const int8_t zeros[40] = {};
  CHECK(six_group(zeros, zeros, 3, 40) == six_longest_group);
}

TEST_CASE("layers of one channel, of groups, or of other output stages are for other kernels") {
  ConvShape s = six_shape(six_cases[0]);
  CHECK(conv_six_takes(s));
  s.out_channels = 1;
  CHECK_FALSE(conv_six_takes(s));
  s = six_shape(six_cases[0]);
  s.group_in_channels = 2;
  CHECK_FALSE(conv_six_takes(s));
  s = six_shape(six_cases[0]);
  s.left_shift = 1;
  CHECK_FALSE(conv_six_takes(s));
  s = six_shape(six_cases[0]);
  s.ties_to_even = 1;
  CHECK_FALSE(conv_six_takes(s));
}

}  // namespace thimble::grid
