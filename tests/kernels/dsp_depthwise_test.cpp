// The DSP depthwise convolutions' C++ twins against a plain reference: forms, bands, rings.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/dsp_taps_grid.hpp"

namespace thimble::grid {

template <int32_t count>
struct ManyChannels : FixedDepthwiseShape<depthwise_cases, 0> {
  static constexpr int32_t channels = count;
};
static_assert(dsp::sizes_are_constants<ManyChannels<2047>>() && !dsp::sizes_are_constants<ManyChannels<2048>>());

TEST_CASE("DSP depthwise convolutions equal the plain reference, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : depthwise_cases) {
    const Failure f = check_depthwise(c, depthwise_shape_of(c), *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("DSP depthwise convolutions are the same when specialised") {
  const auto w = std::make_unique<Workspace>();
  const Failure f = check_fixed_depthwise<depthwise_cases>(*w);
  INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

TEST_CASE("DSP depthwise convolutions of rows of taps equal the plain reference, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  const Failure f = check_all_taps<taps_cases>(*w);
  INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

TEST_CASE("DSP depthwise convolutions of any kernel equal the plain reference, shared and specialised") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : nhwc_cases) {
    const Failure f = check_nhwc(c, nhwc_shape_of(c), *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
  CHECK(check_fixed_nhwc<nhwc_cases>(*w).what == nullptr);
}

}  // namespace thimble::grid
