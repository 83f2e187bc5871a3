// Runs the grids of the ARMv6-M kernels on a board. Prints the failure, if any, and exits with 1.
#include "tests/kernels/single_grid.hpp"
#include "tests/kernels/walk_grid.hpp"

extern "C" {
#include "board.h"
}

namespace {

using namespace thimble;
using namespace thimble::grid;

Workspace workspace;
int32_t failed = 0;

void report(const char* kind, const Failure& f) {
  if (f.what == nullptr) return;
  ++failed;
  board_print(kind);
  board_print(": ");
  board_print(f.what);
  board_print("\n");
  board_print_number("  case", uint32_t(f.index));
  board_print_number("  detail", uint32_t(f.detail));
}

}  // namespace

int main() {
  static_assert(THIMBLE_V6M_ASSEMBLY, "this board runs the assembly");
  int32_t index = 0;
  for (const Case& c : six_cases) report("convolution", check_single(c, six_shape(c), workspace, index++));
  report("specialised convolution", check_fixed_single(workspace));
  report("extremes", check_single_extremes(workspace));
  report("in place", check_single_in_place(workspace));
  index = 0;
  for (const Case& c : walk_cases) report("depthwise", check_walk(c, workspace, index++));
  board_print_number("failed", uint32_t(failed));
  return failed != 0;
}
