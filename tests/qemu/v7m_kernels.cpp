// Runs the grids of the kernels for ARMv7-M on a board. Prints the failure, if any, and exits with 1.
#include "tests/kernels/long_grid.hpp"
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
  static_assert(THIMBLE_V7M_ASSEMBLY, "this board runs the assembly");
  int32_t index = 0;
  for (const Case& c : six_cases) report("convolution", check_long(c, six_shape(c), workspace, index++));
  report("specialised convolution", check_fixed_long(workspace));
  report("extremes", check_long_extremes(workspace));
  report("in place", check_long_in_place(workspace));
  index = 0;
  for (const Case& c : walk_cases) report("depthwise", check_walk(c, workspace, index++));
  board_print_number("failed", uint32_t(failed));
  return failed != 0;
}
