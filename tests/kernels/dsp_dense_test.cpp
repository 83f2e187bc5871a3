// The fully connected layers for DSP and Helium: their C++ twins against a plain reference.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/dsp_dense_grid.hpp"

namespace thimble::grid {

TEST_CASE("DSP fully connected layers equal the plain reference in every form") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : dense_cases) {
    const Failure f = check_dense(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("Helium fully connected layers equal the plain reference") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : dense_cases) {
    const Failure f = check_mve_dense(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

}  // namespace thimble::grid
