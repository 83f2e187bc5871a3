// The inner products of the float kernels, in C++.
#include <catch2/catch.hpp>

#include "tests/kernels/float_grid.hpp"

namespace thimble::grid {

TEST_CASE("blocks of float sums equal the plain reference") {
  const Failure f = check_float_products();
  INFO((f.what == nullptr ? "" : f.what) << ", " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

}  // namespace thimble::grid
