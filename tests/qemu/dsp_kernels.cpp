// Runs the DSP kernels' grid on a board, with the assembly blocks. Prints the failure, if any, and exits with 1.
#include "tests/kernels/dsp_conv_grid.hpp"
#include "tests/kernels/dsp_dense_grid.hpp"
#include "tests/kernels/dsp_depthwise_grid.hpp"
#include "tests/kernels/dsp_taps_grid.hpp"
#include "tests/kernels/dsp_winograd_grid.hpp"
#include "tests/kernels/elements_grid.hpp"
#include "tests/qemu/report.hpp"

namespace {

using namespace thimble;
using namespace thimble::grid;

Workspace workspace;

}  // namespace

int main() {
  static_assert(THIMBLE_DSP_ASSEMBLY, "this board runs the assembly");
  Report report;
  int32_t index = 0;
  for (const Case& c : conv_cases) report("convolution", check_conv(c, workspace, index++));
  index = 0;
  for (const Case& c : pointwise_cases) report("pointwise", check_conv(c, workspace, index++));
  report("specialised convolution", check_fixed_convs<conv_cases>(workspace));
  report("specialised pointwise", check_fixed_convs<pointwise_cases>(workspace));
  index = 0;
  for (const Case& c : depthwise_cases)
    report("depthwise", check_depthwise(c, depthwise_shape_of(c), workspace, index++));
  report("depthwise of rows of taps", check_all_taps<taps_cases>(workspace));
  report("specialised depthwise", check_fixed_depthwise<depthwise_cases>(workspace));
  index = 0;
  for (const Case& c : dense_cases) report("dense", check_dense(c, workspace, index++));
  index = 0;
  for (const Case& c : nhwc_cases) report("depthwise NHWC", check_nhwc(c, nhwc_shape_of(c), workspace, index++));
  report("specialised depthwise NHWC", check_fixed_nhwc<nhwc_cases>(workspace));
  index = 0;
  for (const Case& c : winograd_cases) report("Winograd", check_winograd(c, workspace, index++));
  check_elements(workspace, report);
  return report.end();
}
