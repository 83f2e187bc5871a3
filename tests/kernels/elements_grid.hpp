// The grids of what is computed element by element or window by window, on every family of cores.
#pragma once
#include "tests/kernels/global_average_grid.hpp"
#include "tests/kernels/pairs_grid.hpp"
#include "tests/kernels/pool_grid.hpp"

namespace thimble::grid {

template <class Report>
void check_elements(Workspace& w, Report& report) {
  check_pools(w, report);
  check_global_averages(w, report);
  check_all_pairs(w, report);
  report("products that repeat", check_broadcast_products(w));
  report("tables", check_tables(w));
}

}  // namespace thimble::grid
