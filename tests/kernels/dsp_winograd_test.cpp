// The DSP Winograd convolution's C++ twin against a plain reference: bands, rings, guards.
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "tests/kernels/dsp_winograd_grid.hpp"

namespace thimble::grid {

TEST_CASE("DSP Winograd convolutions equal the plain reference, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : winograd_cases) {
    const Failure f = check_winograd(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("DSP Winograd: the guard follows output stage, sums and channels") {
  const int8_t weights[] = {100};
  const int32_t zero = 0;
  const OutputStage stage{0, 8, 0, 0, -128, 127, 0};
  const auto fits = [&](OutputStage s, int32_t bias) { return winograd_dsp_fits(weights, &bias, 1, 1, s); };
  CHECK(fits(stage, zero));
  CHECK(fits(stage, (1 << 27) - 12701));
  CHECK_FALSE(fits(stage, (1 << 27) - 12700));
  CHECK_FALSE(fits(stage, -(1 << 27) + 12800));
  for (OutputStage s : {OutputStage{0, 20, 0, 0, -128, 127, 0}, OutputStage{0, 8, 1, 0, -128, 127, 0},
                        OutputStage{0, 8, 0, 0, -127, 127, 0}, OutputStage{0, 8, 0, 0, -128, 126, 0},
                        OutputStage{0, 8, 0, 0, -128, 127, 1}})
    CHECK_FALSE(fits(s, zero));
  const std::vector<int8_t> many(9 * winograd_most_channels + 9);
  CHECK(winograd_dsp_fits(many.data(), &zero, 1, 9 * winograd_most_channels, stage));
  CHECK_FALSE(winograd_dsp_fits(many.data(), &zero, 1, 9 * winograd_most_channels + 9, stage));
}

}  // namespace thimble::grid
