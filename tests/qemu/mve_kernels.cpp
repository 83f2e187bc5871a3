// Runs the Helium kernels' grid on a board. Prints the failure, if any, and exits with 1.
#include "tests/kernels/dsp_dense_grid.hpp"
#include "tests/kernels/elements_grid.hpp"
#include "tests/kernels/mve_add_grid.hpp"
#include "tests/kernels/mve_conv_grid.hpp"
#include "tests/kernels/mve_depthwise_grid.hpp"
#include "tests/qemu/report.hpp"

namespace {

using namespace thimble;
using namespace thimble::grid;

Workspace workspace;

}  // namespace

int main() {
  static_assert(THIMBLE_MVE_ASSEMBLY, "this board runs the assembly");
  Report report;
  int32_t index = 0;
  for (const Case& c : conv_cases) report("convolution", check_mve_conv(c, mve_shape_of(c), workspace, index++));
  index = 0;
  for (const Case& c : pointwise_cases) report("pointwise", check_mve_conv(c, mve_shape_of(c), workspace, index++));
  index = 0;
  for (const Case& c : mve_conv_cases)
    report("more convolutions", check_mve_conv(c, mve_shape_of(c), workspace, index++));
  report("more specialised convolutions", check_fixed_mve<mve_conv_cases>(workspace));
  report("specialised convolution", check_fixed_mve<conv_cases>(workspace));
  report("specialised pointwise", check_fixed_mve<pointwise_cases>(workspace));
  index = 0;
  for (const Case& c : dense_cases) report("dense", check_mve_dense(c, workspace, index++));
  index = 0;
  for (const Case& c : mve_depthwise_cases)
    report("depthwise", check_mve_depthwise(c, mve_depthwise_shape_of(c), workspace, index++));
  index = 0;
  for (const Case& c : depthwise_cases)
    report("depthwise 3x3", check_mve_depthwise(c, mve_depthwise_shape_of(c), workspace, index++));
  index = 0;
  for (const Case& c : nhwc_cases)
    report("depthwise NHWC", check_mve_depthwise(c, mve_depthwise_shape_of(c), workspace, index++));
  report("specialised depthwise", check_fixed_mve_depthwise<mve_depthwise_cases>(workspace));
  index = 0;
  for (const Int8Sum& sum : mve_sums) report("addition", check_mve_add(sum, workspace, index++));
  check_elements(workspace, report);
  return report.end();
}
