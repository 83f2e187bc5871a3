// What the grids' checks on a board share: each failure is printed, and the number of them at the end.
#pragma once
#include "tests/kernels/dsp_grid.hpp"

extern "C" {
#include "board.h"
}

namespace thimble::grid {

class Report {
 public:
  void operator()(const char* kind, const Failure& f) {
    if (f.what == nullptr) return;
    ++failed_;
    board_print(kind);
    board_print(": ");
    board_print(f.what);
    board_print("\n");
    board_print_number("  case", uint32_t(f.index));
    board_print_number("  detail", uint32_t(f.detail));
  }
  // The program's exit code.
  int end() const {
    board_print_number("failed", uint32_t(failed_));
    return failed_ != 0;
  }

 private:
  int32_t failed_ = 0;
};

}  // namespace thimble::grid
