// Depthwise convolutions that walk over rows, in C++: against a plain reference.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/walk_grid.hpp"

namespace thimble::grid {

TEST_CASE("depthwise walks equal the plain reference, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : walk_cases) {
    const Failure f = check_walk(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("which depthwise convolutions can walk") {
  const Case& c = walk_cases[0];
  const ConvShape good = walk_shape(c);
  CHECK(depthwise_walks(good, c.out_height));
  const auto with = [&](int32_t ConvShape::*member, int32_t value) {
    ConvShape s = good;
    s.*member = value;
    return depthwise_walks(s, c.out_height);
  };
  CHECK_FALSE(with(&ConvShape::kernel_width, 5));
  CHECK_FALSE(with(&ConvShape::kernel_height, 1));
  CHECK_FALSE(with(&ConvShape::dilation_x, 2));
  CHECK_FALSE(with(&ConvShape::dilation_y, 2));
  CHECK_FALSE(with(&ConvShape::stride_x, 3));
  CHECK_FALSE(with(&ConvShape::pad_left, 2));
  CHECK_FALSE(with(&ConvShape::pad_top, 2));
  CHECK_FALSE(with(&ConvShape::out_width, 9));
  CHECK_FALSE(with(&ConvShape::group_out_channels, 2));
  CHECK_FALSE(with(&ConvShape::group_in_channels, 5));
  CHECK_FALSE(with(&ConvShape::left_shift, 1));
  CHECK_FALSE(with(&ConvShape::ties_to_even, 1));
  CHECK_FALSE(depthwise_walks(good, c.out_height + 1));
}

}  // namespace thimble::grid
