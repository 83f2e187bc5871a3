// Runs the checks of the float kernels' inner products on a board, with the assembly blocks. Exits with 1 if one fails.
#include "tests/kernels/float_grid.hpp"

extern "C" {
#include "board.h"
}

int main() {
  static_assert(THIMBLE_FLOAT_ASSEMBLY, "this board runs the assembly");
  const thimble::grid::Failure f = thimble::grid::check_float_products();
  if (f.what == nullptr) return 0;
  board_print(f.what);
  board_print("\n");
  board_print_number("  case", uint32_t(f.index));
  board_print_number("  detail", uint32_t(f.detail));
  return 1;
}
