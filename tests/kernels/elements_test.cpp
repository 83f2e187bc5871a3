// The kernels of elements and windows without SIMD, and the twins of Helium's.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/elements_grid.hpp"

namespace thimble::grid {

TEST_CASE("kernels of elements and windows equal the plain ones") {
  const auto w = std::make_unique<Workspace>();
  const auto report = [](const char* kind, const Failure& f) {
    INFO(kind << ": " << (f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  };
  check_elements(*w, report);
}

// The guard's reason: one pixel more than it allows, and a sum of the lowest numbers leaves its half.
TEST_CASE("a sum of 257 bytes leaves a half of a word, of 256 it does not") {
  const auto shape = [](int32_t height, int32_t channels) {
    PoolShape s{};
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
  CHECK(check_global_average({256, 1, 16, 0, stage, 1 << 28}, PoolInput::lowest, *w, 0).what == nullptr);
  CHECK(check_global_average({257, 1, 16, 0, stage, 1 << 28}, PoolInput::lowest, *w, 0).what != nullptr);
}

}  // namespace thimble::grid
