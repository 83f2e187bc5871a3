// Convolutions of six pixels with 64-bit sums, in C++: against a plain reference.
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "tests/kernels/long_grid.hpp"

namespace thimble::grid {

namespace {

void check(const Failure& f) {
  INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

}  // namespace

TEST_CASE("convolutions with 64-bit sums equal the plain reference, whole and in bands, shared and specialised") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : six_cases) check(check_long(c, six_shape(c), *w, index++));
  check(check_fixed_long(*w));
  check(check_long_in_place(*w));
  check(check_long_extremes(*w));
}

TEST_CASE("weights whose sums reach into each other, groups and other output stages are for other kernels") {
  constexpr Case c{1, 1, 256, 2, 1, 1, 1, 0, 0, 1, 1};
  std::vector<int8_t> weights(512, 1);
  ConvShape s = six_shape(c);
  CHECK(conv_long_takes(s, weights.data()));
  for (int k = 256; k < 512; ++k) weights[size_t(k)] = -128;
  CHECK_FALSE(conv_long_takes(s, weights.data()));  // 32768
  weights[300] = 127;
  CHECK(conv_long_takes(s, weights.data()));  // 32767
  s.left_shift = 1;
  CHECK_FALSE(conv_long_takes(s, weights.data()));
  s.left_shift = 0;
  s.ties_to_even = 1;
  CHECK_FALSE(conv_long_takes(s, weights.data()));
  s.ties_to_even = 0;
  s.group_in_channels = 128;
  CHECK_FALSE(conv_long_takes(s, weights.data()));
}

}  // namespace thimble::grid
