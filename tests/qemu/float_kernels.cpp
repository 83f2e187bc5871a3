// Runs the checks of the float kernels' inner products on a board, with the assembly blocks. Exits with 1 if one fails.
#include "tests/kernels/float_grid.hpp"
#include "tests/qemu/report.hpp"

int main() {
  static_assert(THIMBLE_FLOAT_ASSEMBLY, "this board runs the assembly");
  thimble::grid::Report report;
  report("products", thimble::grid::check_float_products());
  return report.end();
}
