// The DSP convolutions' C++ twins against a plain reference: forms, bands, rings, guards.
#include <catch2/catch.hpp>
#include <memory>

#include "tests/kernels/dsp_conv_grid.hpp"

namespace thimble::grid {

TEST_CASE("DSP convolutions equal the plain reference in every form, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : conv_cases) {
    const Failure f = check_conv(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("DSP pointwise convolutions equal the plain reference in every form, whole and in bands") {
  const auto w = std::make_unique<Workspace>();
  int32_t index = 0;
  for (const Case& c : pointwise_cases) {
    const Failure f = check_conv(c, *w, index++);
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("DSP convolutions are the same when specialised") {
  const auto w = std::make_unique<Workspace>();
  for (const Failure& f : {check_fixed_convs<conv_cases>(*w), check_fixed_convs<pointwise_cases>(*w)}) {
    INFO((f.what == nullptr ? "" : f.what) << ", case " << f.index << ", " << f.detail);
    CHECK(f.what == nullptr);
  }
}

TEST_CASE("DSP: channels share halves only where it is exact") {
  const int8_t fits_a[] = {-128, -1, 127, 0}, fits_b[] = {-127, -127, 127, -128};
  CHECK(halves_shareable(fits_a, fits_b, 4, 0));
  const int8_t b_too_low[] = {-128, -127, 127, -128};
  CHECK_FALSE(halves_shareable(fits_a, b_too_low, 4, 0));
  // The sum of b, its bias included, stays below 2^23 either way.
  const int8_t a[] = {0}, b[] = {100};
  CHECK(halves_shareable(a, b, 1, (1 << 23) - 12701));
  CHECK_FALSE(halves_shareable(a, b, 1, (1 << 23) - 12700));
  CHECK(halves_shareable(a, b, 1, -(1 << 23) + 12801));
  CHECK_FALSE(halves_shareable(a, b, 1, -(1 << 23) + 12800));
}

TEST_CASE("DSP: the form follows weights and output stage") {
  const int8_t weights[] = {1, 2, 3, 4};
  const int32_t bias[] = {0, 0};
  const OutputStage stage{0, 8, 0, 0, -128, 127, 0};
  const auto form = [&](OutputStage s) { return dsp_form(weights, bias, 2, 2, s); };
  CHECK(form(stage) == DspForm::saturated);
  OutputStage s = stage;
  s.high = 126;
  CHECK(form(s) == DspForm::clamped);
  s = stage;
  s.ties_to_even = 1;
  CHECK(form(s) == DspForm::plain);
  s = stage;
  s.left_shift = 1;
  CHECK(form(s) == DspForm::plain);
  s = stage;
  s.shift = largest_shared_shift;
  CHECK(form(s) == DspForm::saturated);
  s.shift = largest_shared_shift + 1;
  CHECK(form(s) == DspForm::plain);
}

// The guards are no wider than they must be: where one forbids it, sharing halves gives wrong results.
TEST_CASE("DSP: shared halves are wrong where the guards forbid them") {
  const auto w = std::make_unique<Workspace>();
  const Case low_weight{3, 3, 8, 2, 1, 1, 1, 0, 0, 3, 3, 1, false, false, -128, 127, -128, -128, 128};
  make(low_weight, 5, *w);
  centre(low_weight, *w);
  refer(low_weight, *w);
  CHECK(form_of(low_weight, *w) == DspForm::plain);
  CHECK(run_whole(low_weight, *w, w->input, low_weight.in_row(),
                  SharedConv(low_weight, *w, DspForm::plain, ConvKernel::pointwise)) == 0);
  CHECK(run_whole(low_weight, *w, w->input, low_weight.in_row(),
                  SharedConv(low_weight, *w, DspForm::saturated, ConvKernel::pointwise)) > 0);

  // A sum of channel 1 beyond 2^23, that a small multiplier brings back into the range of the result.
  const Case large_sum{3, 3, 8, 2, 1, 1, 1, 0, 0, 3, 3, 1, false, false, -128, 127, -128, 0};
  make(large_sum, 6, *w);
  centre(large_sum, *w);
  w->bias[1] = 9 << 20;
  w->multipliers[1] = 1 << 16;
  refer(large_sum, *w);
  CHECK(form_of(large_sum, *w) == DspForm::plain);
  CHECK(run_whole(large_sum, *w, w->input, large_sum.in_row(),
                  SharedConv(large_sum, *w, DspForm::plain, ConvKernel::pointwise)) == 0);
  CHECK(run_whole(large_sum, *w, w->input, large_sum.in_row(),
                  SharedConv(large_sum, *w, DspForm::saturated, ConvKernel::pointwise)) > 0);
}

TEST_CASE("DSP: the plain form takes every output stage") {
  const auto w = std::make_unique<Workspace>();
  const Case c{4, 4, 8, 3, 3, 3, 1, 1, 1, 4, 4};
  make(c, 7, *w);
  centre(c, *w);
  for (int32_t& m : w->multipliers) m = 1 << 28;
  w->stage.ties_to_even = 1;
  refer(c, *w);
  CHECK(run_whole(c, *w, w->input, c.in_row(), SharedConv(c, *w, form_of(c, *w), ConvKernel::conv2d)) == 0);
  w->stage.ties_to_even = 0;
  w->stage.left_shift = 3;
  refer(c, *w);
  CHECK(run_whole(c, *w, w->input, c.in_row(), SharedConv(c, *w, form_of(c, *w), ConvKernel::conv2d)) == 0);
}

}  // namespace thimble::grid
