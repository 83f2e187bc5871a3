// The DSP convolutions' C++ twins against a plain reference: forms, bands, rings, guards.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/dsp_conv_grid.hpp"

namespace thimble::grid {

TEST_CASE("DSP convolutions equal the plain reference in every form, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : conv_cases) {
    const Failure f = check_conv(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("DSP pointwise convolutions equal the plain reference in every form, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : pointwise_cases) {
    const Failure f = check_conv(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("DSP convolutions are the same when specialised") {
  const auto w = std::make_unique<Workspace>();
  for (const Failure& f : {check_fixed_convs<conv_cases>(*w), check_fixed_convs<pointwise_cases>(*w)}) {
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

}  // namespace thimble::grid
