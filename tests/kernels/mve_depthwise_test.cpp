// The Helium depthwise kernels' C++ twins against a plain reference.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/mve_depthwise_grid.hpp"

namespace thimble::grid {

TEST_CASE("Helium depthwise convolutions equal the plain reference, whole and in bands, shared and specialised") {
  const auto w = std::make_unique<Workspace>();
  const auto check = [&](const auto& cases) {
    int32_t index = 0;
    for (const Case& c : cases) {
      const Failure f = check_mve_depthwise(c, mve_depthwise_shape_of(c), *w, index++);
      INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
      CHECK(f.what == nullptr);
    }
  };
  check(mve_depthwise_cases);
  check(depthwise_cases);
  check(nhwc_cases);
  CHECK(check_fixed_mve_depthwise<mve_depthwise_cases>(*w).what == nullptr);
}

TEST_CASE("Two weights of -128 in a channel leave the Helium depthwise kernel: their pair may not fit int16") {
  const int8_t one[] = {-128, 127, 3, 4}, two[] = {1, -128, 3, -128};
  CHECK(depthwise_mve_fits(one, 1, 4));
  CHECK(depthwise_mve_fits(two, 2, 2));
  CHECK_FALSE(depthwise_mve_fits(two, 1, 4));
}

}  // namespace thimble::grid
