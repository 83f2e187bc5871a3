// Depthwise convolutions of any kernel, four pixels at a time, in C++: against a plain reference.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/fours_grid.hpp"

namespace thimble::grid {

TEST_CASE("depthwise fours equal the plain reference, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : fours_cases) {
    const Failure f = check_fours(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("which depthwise convolutions are made in fours") {
  const ConvShape good = fours_shape(fours_cases[0]);
  CHECK(depthwise_fours_takes(good, 9));
  const auto with = [&](int32_t ConvShape::*member, int32_t value) {
    ConvShape s = good;
    s.*member = value;
    return s;
  };
  CHECK_FALSE(depthwise_fours_takes(with(&ConvShape::group_in_channels, 6), 9));
  CHECK_FALSE(depthwise_fours_takes(with(&ConvShape::left_shift, 1), 9));
  CHECK_FALSE(depthwise_fours_takes(with(&ConvShape::ties_to_even, 1), 9));
  CHECK(depthwise_fours_takes(with(&ConvShape::out_width, 1), 2));
  CHECK_FALSE(depthwise_fours_takes(with(&ConvShape::out_width, 1), 1));
}

}  // namespace thimble::grid
