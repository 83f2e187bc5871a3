// Runs the grids of the ARMv6-M kernels on a board. Prints the failure, if any, and exits with 1.
#include "tests/kernels/elements_grid.hpp"
#include "tests/kernels/dense_grid.hpp"
#include "tests/kernels/fours_grid.hpp"
#include "tests/kernels/single_grid.hpp"
#include "tests/kernels/walk_grid.hpp"
#include "tests/qemu/report.hpp"

namespace {

using namespace thimble;
using namespace thimble::grid;

Workspace workspace;

}  // namespace

int main() {
  static_assert(THIMBLE_V6M_ASSEMBLY, "this board runs the assembly");
  Report report;
  int32_t index = 0;
  for (const Case& c : six_cases) report("convolution", check_single(c, six_shape(c), workspace, index++));
  report("specialised convolution", check_fixed_single(workspace));
  report("extremes", check_single_extremes(workspace));
  report("output stages", check_store_pixels());
  report("in place", check_single_in_place(workspace));
  index = 0;
  for (const Case& c : walk_cases) report("depthwise", check_walk(c, workspace, index++));
  index = 0;
  for (const Case& c : fours_cases) report("depthwise, any kernel", check_fours(c, workspace, index++));
  check_elements(workspace, report);
  return report.end();
}
