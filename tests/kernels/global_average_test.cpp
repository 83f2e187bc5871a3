// Averages over whole images, without SIMD and by the twin of Helium's kernel.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/global_average_grid.hpp"

namespace thimble::grid {

TEST_CASE("averages over whole images equal the plain sums") {
  const auto w = std::make_unique<Workspace>();
  const Failure f = check_global_averages(*w);
  INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
  CHECK(f.what == nullptr);
}

// The guard's reason: one pixel more than it allows, and a sum of the lowest numbers leaves its half.
TEST_CASE("a sum of 257 bytes leaves a half of a word, of 256 it does not") {
  const auto shape = [](int32_t height, int32_t channels) {
    GlobalAverageShape s{};
    s.kernel_height = height;
    s.kernel_width = 1;
    s.channels = channels;
    return s;
  };
  CHECK(averages_in_halves(shape(256, 8)));
  CHECK_FALSE(averages_in_halves(shape(257, 8)));
  CHECK_FALSE(averages_in_halves(shape(256, 7)));
  const auto w = std::make_unique<Workspace>();
  const OutputStage stage{16, 5, 0, 0, -128, 127, 0};
  CHECK(check_global_average({256, 1, 16, 0, stage, 1 << 28}, GlobalInput::lowest, *w, 0).what == nullptr);
  CHECK(check_global_average({258, 1, 16, 0, stage, 1 << 28}, GlobalInput::lowest, *w, 0).what != nullptr);
}

}  // namespace thimble::grid
