// The convolutions of the DSP kernels' grid, and one check of a case in all its forms.
#pragma once
#include "tests/kernels/dsp_grid.hpp"
#include "thimble/arch/dsp_conv.hpp"
#include "thimble/arch/dsp_conv_small.hpp"

namespace thimble::grid {

constexpr Case conv_cases[] = {
    // height, width, in, out, kernel, stride, pads, out height, out width
    {9, 8, 4, 6, 3, 3, 1, 1, 1, 9, 8},
    {9, 9, 16, 7, 3, 3, 1, 1, 1, 9, 9, 1, true},
    {10, 10, 3, 8, 3, 3, 2, 0, 0, 5, 5, 1, true},                   // rests gathered; pads only behind the input
    {12, 10, 1, 5, 10, 4, 2, 4, 1, 6, 5},                           // more kernel than image above
    {7, 9, 1, 4, 5, 5, 1, 2, 2, 7, 9},                              // 5 bytes a kernel row
    {6, 7, 1, 3, 3, 3, 1, 1, 1, 6, 7},                              // 3 bytes a kernel row: no whole word
    {6, 7, 7, 4, 3, 1, 1, 1, 0, 6, 7, 1, false, false, -100, 110},  // 7 bytes a kernel row: a repeated word; clamped
    {6, 6, 2, 2, 3, 3, 1, 1, 1, 6, 6},                              // 6 bytes a kernel row
    {8, 8, 16, 9, 1, 1, 2, 0, 0, 4, 4},
    {20, 1, 12, 6, 5, 1, 1, 4, 0, 20, 1, 1, false},  // a causal 1-D convolution
    {20, 1, 5, 3, 3, 1, 1, 4, 0, 20, 1, 2, false},   // dilated
    {5, 40, 36, 3, 3, 3, 1, 1, 1, 5, 40},            // 27 words a kernel row
    {5, 6, 4, 1, 3, 3, 1, 1, 1, 5, 6, 1, false, false, -128, 127, 3, -7},
    {4, 3, 4, 2, 3, 5, 1, 1, 2, 4, 3},  // kernel wider than the image
};
constexpr Case pointwise_cases[] = {
    {6, 8, 8, 16, 1, 1, 1, 0, 0, 6, 8},
    {6, 5, 32, 32, 1, 1, 1, 0, 0, 6, 5, 1, true},
    {5, 5, 64, 57, 1, 1, 1, 0, 0, 5, 5},
    {5, 7, 60, 19, 1, 1, 1, 0, 0, 5, 7},
    {3, 7, 106, 17, 1, 1, 1, 0, 0, 3, 7, 1, true},
    {4, 5, 57, 30, 1, 1, 1, 0, 0, 4, 5, 1, false, false, -90, 90},
    {4, 5, 19, 1, 1, 1, 1, 0, 0, 4, 5},
    {3, 3, 3, 5, 1, 1, 1, 0, 0, 3, 3},
    {3, 3, 1, 2, 1, 1, 1, 0, 0, 3, 3, 1, true},
    {3, 7, 12, 6, 1, 1, 1, 0, 0, 3, 7, 1, true, false, -128, 127, -128, -128, 127, 1, 3},  // a border of three
    {3, 3, 2, 3, 1, 1, 1, 0, 0, 3, 3, 1, false, false, -128, 127, 5, 100},
    {1, 1, 128, 3, 1, 1, 1, 0, 0, 1, 1},
    {3, 4, 44, 4, 1, 1, 1, 0, 0, 3, 4, 1, false, false, -128, 127, 0, 0, 128},  // plain: weights of -128
};

constexpr bool is_pointwise(const Case& c) {
  return c.kernel_height == 1 && c.kernel_width == 1 && c.stride == 1;
}

constexpr ConvDspShape shape_of(const Case& c) {
  const int32_t shift = c.shift();
  return {c.height,
          c.width,
          c.in_channels,
          c.out_width,
          c.out_channels,
          c.kernel_height,
          c.kernel_width,
          c.stride,
          c.stride,
          c.pad_top,
          c.pad_left,
          c.dilation_y,
          c.in_zero_point,
          c.planes ? c.border : 0,
          c.planes ? 1 : c.out_channels,
          c.planes ? c.out_width + c.border : 1,
          c.out_zero_point * (1 << shift) + (1 << (shift - 1)),
          shift,
          0,
          c.out_zero_point,
          c.low,
          c.high,
          0};
}

// The specialised form of a case, as the code generator writes it.
template <const auto& cases, int32_t index>
struct FixedConvShape {
  static constexpr bool fixed = true;
  static constexpr ConvDspShape s = shape_of(cases[index]);
  static constexpr int32_t in_height = s.in_height, in_width = s.in_width, in_channels = s.in_channels;
  static constexpr int32_t out_width = s.out_width, out_channels = s.out_channels;
  static constexpr int32_t kernel_height = s.kernel_height, kernel_width = s.kernel_width;
  static constexpr int32_t stride_y = s.stride_y, stride_x = s.stride_x;
  static constexpr int32_t pad_top = s.pad_top, pad_left = s.pad_left, dilation_y = s.dilation_y;
  static constexpr int32_t in_zero_point = s.in_zero_point;
  static constexpr int32_t first = s.first, pixel_step = s.pixel_step, channel_step = s.channel_step;
  static constexpr int32_t offset = s.offset, shift = s.shift, left_shift = s.left_shift, zero_point = s.zero_point;
  static constexpr int32_t low = s.low, high = s.high, ties_to_even = s.ties_to_even;
};

// The kernels of these constants.
enum class ConvKernel { pointwise, conv2d, small };

// A call of the form, as the code generator chooses it by name.
template <class Layer>
void call_conv(DspForm form, ConvKernel kernel, const Layer& l, const RowView& in, const RowRing& out, int32_t y0,
               int32_t y1, void* scratch) {
  if (kernel == ConvKernel::pointwise) {
    if (form == DspForm::saturated) pointwise_dsp(l, in, out, y0, y1, scratch);
    if (form == DspForm::clamped) pointwise_dsp_clamped(l, in, out, y0, y1, scratch);
    if (form == DspForm::plain) pointwise_dsp_plain(l, in, out, y0, y1, scratch);
  } else if (kernel == ConvKernel::conv2d) {
    if (form == DspForm::saturated) conv2d_dsp(l, in, out, y0, y1, scratch);
    if (form == DspForm::clamped) conv2d_dsp_clamped(l, in, out, y0, y1, scratch);
    if (form == DspForm::plain) conv2d_dsp_plain(l, in, out, y0, y1, scratch);
  } else {
    if (form == DspForm::saturated) conv2d_small_dsp(l, in, out, y0, y1, scratch);
    if (form == DspForm::clamped) conv2d_small_dsp_clamped(l, in, out, y0, y1, scratch);
    if (form == DspForm::plain) conv2d_small_dsp_plain(l, in, out, y0, y1, scratch);
  }
}

// Packs what make() and centre() left, and runs the shared form.
class SharedConv {
 public:
  SharedConv(const Case& c, Workspace& w, DspForm form, ConvKernel kernel)
      : form_(form), kernel_(kernel), layer_{shape_of(c), w.packed} {
    layer_.offset = w.stage.offset;
    layer_.shift = w.stage.shift;
    layer_.left_shift = w.stage.left_shift;
    layer_.zero_point = w.stage.zero_point;
    layer_.low = w.stage.low;
    layer_.high = w.stage.high;
    layer_.ties_to_even = w.stage.ties_to_even;
    pack_conv_dsp(layer_, form, w.weights, w.bias, w.multipliers, w.packed);
  }
  void operator()(const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) const {
    call_conv(form_, kernel_, layer_, in, out, y0, y1, scratch);
  }

 private:
  DspForm form_;
  ConvKernel kernel_;
  ConvDsp<ConvDspShape> layer_;
};

inline DspForm form_of(const Case& c, const Workspace& w) {
  return dsp_form(w.weights, w.bias, c.out_channels, c.count(), w.stage);
}

// The layer in the form the guards choose, and in the plain form.
inline Failure check_conv(const Case& c, Workspace& w, int32_t index) {
  make(c, uint32_t(index + 1), w);
  centre(c, w);
  refer(c, w);
  const DspForm best = form_of(c, w);
  const bool expect_plain = c.largest_weight > 127, full = c.low == -128 && c.high == 127;
  if (best != (expect_plain ? DspForm::plain : full ? DspForm::saturated : DspForm::clamped))
    return {"form", index, int32_t(best)};
  const DspForm forms[] = {best, DspForm::plain};
  constexpr ConvKernel kernels[] = {ConvKernel::pointwise, ConvKernel::conv2d, ConvKernel::small};
  for (DspForm form : forms) {
    for (ConvKernel kernel : kernels) {
      if (kernel == ConvKernel::pointwise && !is_pointwise(c)) continue;
      const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, SharedConv(c, w, form, kernel));
      if (f.what != nullptr) return f;
    }
  }
  return {};
}

// The specialised forms of the cases from `index` on give the same.
template <const auto& cases, int32_t index = 0>
Failure check_fixed_convs(Workspace& w) {
  if constexpr (index == sizeof cases / sizeof cases[0]) {
    return {};
  } else {
    const Case& c = cases[index];
    make(c, uint32_t(index + 1), w);
    centre(c, w);
    refer(c, w);
    const DspForm forms[] = {form_of(c, w), DspForm::plain};
    for (DspForm form : forms) {
      const ConvDsp<FixedConvShape<cases, index>> layer{{}, w.packed};
      pack_conv_dsp(layer, form, w.weights, w.bias, w.multipliers, w.packed);
      const auto kernel = [&](const RowView& in, const RowRing& out, int32_t y0, int32_t y1, void* scratch) {
        call_conv(form, is_pointwise(c) ? ConvKernel::pointwise : ConvKernel::conv2d, layer, in, out, y0, y1, scratch);
      };
      const Failure f = check_bands(c, w, w.input, c.in_row(), no_borders, index, kernel);
      if (f.what != nullptr) return f;
    }
    return check_fixed_convs<cases, index + 1>(w);
  }
}

}  // namespace thimble::grid
