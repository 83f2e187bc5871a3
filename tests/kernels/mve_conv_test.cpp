// The Helium convolutions' C++ twins against a plain reference.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/mve_conv_grid.hpp"

namespace thimble::grid {

TEST_CASE("Helium convolutions equal the plain reference, whole and in bands, shared and specialised") {
  const auto w = std::make_unique<Workspace>();
  const auto check = [&](const auto& cases) {
    int32_t index = 0;
    for (const Case& c : cases) {
      const Failure f = check_mve_conv(c, mve_shape_of(c), *w, index++);
      INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
      CHECK(f.what == nullptr);
    }
  };
  check(conv_cases);
  check(pointwise_cases);
  check(mve_conv_cases);
  CHECK(check_fixed_mve<conv_cases>(*w).what == nullptr);
  CHECK(check_fixed_mve<pointwise_cases>(*w).what == nullptr);
  CHECK(check_fixed_mve<mve_conv_cases>(*w).what == nullptr);
}

}  // namespace thimble::grid
