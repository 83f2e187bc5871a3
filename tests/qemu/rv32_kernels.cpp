// Runs the grids of the RISC-V kernels on a board. Prints the failure, if any, and exits with 1.
#include "tests/kernels/octets_grid.hpp"
#include "tests/kernels/six_grid.hpp"
#include "tests/kernels/walk_grid.hpp"
#include "tests/qemu/report.hpp"

namespace {

using namespace thimble;
using namespace thimble::grid;

Workspace workspace;

}  // namespace

int main() {
  static_assert(THIMBLE_RV32_ASSEMBLY, "this board runs the assembly");
  Report report;
  int32_t index = 0;
  for (const Case& c : six_cases) report("convolution", check_six(c, six_shape(c), workspace, index++));
  report("specialised convolution", check_fixed_six(workspace));
  report("extremes", check_six_extremes(workspace));
  report("in place", check_six_in_place(workspace));
  index = 0;
  for (const Case& c : walk_cases) report("depthwise", check_walk(c, workspace, index++));
  index = 0;
  for (const Case& c : octets_cases) report("dense", check_octets(c, workspace, index++));
  report("dense, rare stages", check_octets_rare(workspace));
  report("dense, extremes", check_octets_extremes(workspace));
  return report.end();
}
