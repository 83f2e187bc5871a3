// The C++ twin of Helium's addition.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/mve_add_grid.hpp"

namespace thimble::grid {

TEST_CASE("Helium's addition equals the plain sum on every pair") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Int8Sum& sum : mve_sums) {
    const Failure f = check_mve_add(sum, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

}  // namespace thimble::grid
