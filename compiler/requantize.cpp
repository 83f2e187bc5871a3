// For each channel and each step of the output there is one accumulator at which ONNX Runtime steps up. A multiplier
// agrees there when it lies in an interval given by two linear inequalities; the multiplier that lies in most intervals
// is chosen.
#include "compiler/requantize.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

__extension__ using Wide = __int128;

int64_t floor_div(Wide a, Wide b) {
  const Wide q = a / b;
  return int64_t(q - (a % b != 0 && ((a % b < 0) != (b < 0)) ? 1 : 0));
}

constexpr float largest_scale = 1 << 20;

double rounded(int64_t acc, float scale) {
  return std::nearbyint(float(acc) * scale);
}

// The smallest accumulator in [lowest, highest] that ONNX Runtime rounds to `step` or above; highest + 1 when none
// does.
int64_t first_at(const ChannelRange& c, int64_t step) {
  int64_t lo = c.lowest, hi = c.highest + 1;
  while (lo < hi) {
    const int64_t mid = lo + (hi - lo) / 2;
    if (rounded(mid, c.scale) >= double(step))
      hi = mid;
    else
      lo = mid + 1;
  }
  return lo;
}

struct Interval {
  int64_t low, high;
};

// Multipliers for which acc * M >= threshold holds (or fails, when `holds` is false), within [1, 2^31).
Interval multipliers_for(Wide acc, Wide threshold, bool holds) {
  constexpr int64_t top = INT32_MAX;
  if (acc == 0) return (threshold <= 0) == holds ? Interval{1, top} : Interval{1, 0};
  const int64_t quotient = floor_div(threshold, acc);
  const bool divides = threshold % acc == 0;
  if (acc > 0) {
    const int64_t least = divides ? quotient : quotient + 1;  // acc * M >= threshold from here on
    return holds ? Interval{std::max<int64_t>(1, least), top} : Interval{1, std::min(top, least - 1)};
  }
  return holds ? Interval{1, std::min(top, quotient)} : Interval{std::max<int64_t>(1, quotient + 1), top};
}

// One interval for each step of the output that a reachable accumulator crosses; a step agrees when M lies inside.
std::vector<Interval> agreeing(const ChannelRange& c, int64_t first_step, int64_t last_step, const OutputStage& stage) {
  std::vector<Interval> intervals;
  for (int64_t step = first_step; step <= last_step; ++step) {
    const int64_t at = first_at(c, step);
    const Wide threshold = (Wide(2 * step - 1) * (Wide(1) << (31 + stage.shift))), unit = Wide(1) << stage.left_shift;
    Interval both{1, INT32_MAX};
    if (at <= c.highest) both = multipliers_for(at * unit, threshold, true);
    if (at > c.lowest) {
      const Interval below = multipliers_for((at - 1) * unit, threshold, false);
      both = {std::max(both.low, below.low), std::min(both.high, below.high)};
    }
    intervals.push_back(both);
  }
  return intervals;
}

struct Choice {
  int32_t multiplier;
  size_t agreeing;
};

// The point nearest to `nominal` that lies in most intervals.
Choice best_point(const std::vector<Interval>& intervals, int64_t nominal) {
  std::vector<int64_t> candidates{nominal};
  for (const Interval& i : intervals)
    if (i.low <= i.high) {
      candidates.push_back(i.low);
      candidates.push_back(i.high);
    }
  std::vector<int64_t> lows, highs;
  for (const Interval& i : intervals)
    if (i.low <= i.high) {
      lows.push_back(i.low);
      highs.push_back(i.high);
    }
  std::sort(lows.begin(), lows.end());
  std::sort(highs.begin(), highs.end());
  Choice best{int32_t(nominal), 0};
  bool first = true;
  for (int64_t m : candidates) {
    const auto begun = size_t(std::upper_bound(lows.begin(), lows.end(), m) - lows.begin());
    const auto ended = size_t(std::lower_bound(highs.begin(), highs.end(), m) - highs.begin());
    const size_t inside = begun - ended;
    const bool nearer = std::llabs(m - nominal) < std::llabs(best.multiplier - nominal);
    if (first || inside > best.agreeing || (inside == best.agreeing && nearer)) best = {int32_t(m), inside};
    first = false;
  }
  return best;
}

// Steps at which the ties-to-even form disagrees, with the nominal multiplier.
size_t even_form_agreeing(const ChannelRange& c, int32_t multiplier, int64_t first_step, int64_t last_step,
                          OutputStage stage) {
  stage.ties_to_even = 1;
  stage.zero_point = 0;
  stage.low = INT32_MIN / 2;
  stage.high = INT32_MAX / 2;
  size_t agree = 0;
  for (int64_t step = first_step; step <= last_step; ++step) {
    const int64_t at = first_at(c, step);
    const bool reaches = at > c.highest || requantize(int32_t(at), multiplier, stage) >= step;
    const bool before = at <= c.lowest || requantize(int32_t(at - 1), multiplier, stage) < step;
    agree += reaches && before;
  }
  return agree;
}

void check(std::span<const ChannelRange> channels, const std::string& where) {
  for (size_t i = 0; i < channels.size(); ++i) {
    const ChannelRange& c = channels[i];
    if (!(c.scale > 0) || !std::isfinite(c.scale))
      throw Error(where, fmt::format("channel {} has scale {}", i, c.scale),
                  "Scales must be positive and finite: quantize the model again.");
    // A sum of 1 saturates any output long before; left_shift stays below 30.
    if (c.scale > largest_scale)
      throw Error(where, fmt::format("channel {} has scale {}, {} is the most", i, c.scale, largest_scale),
                  "The scales of operands and result do not fit together: quantize the model again.");
    if (c.lowest < INT32_MIN || c.highest > INT32_MAX)
      throw Error(where,
                  fmt::format("the sum of channel {} can reach {} to {}, an int32 holds -2147483648 to 2147483647", i,
                              c.lowest, c.highest),
                  "Use fewer inputs per output, or smaller weights and bias.");
  }
}

// The largest shift at which every multiplier fits 31 bits and no sum overflows; more shift is more precision.
OutputStage shifts_for(std::span<const ChannelRange> channels, int32_t zero_point) {
  OutputStage stage{};
  double largest = 0;
  for (const ChannelRange& c : channels) largest = std::max(largest, double(c.scale));
  while (std::ldexp(largest, -stage.left_shift) >= 0.25) ++stage.left_shift;
  const auto fits = [&](int shift) {
    if (std::ldexp(largest, 32 + shift - stage.left_shift) >= 2147483647.0) return false;
    const double limit = 2147483647.0 - std::ldexp(std::abs(zero_point) + 1.0, shift);
    return std::all_of(channels.begin(), channels.end(), [&](const ChannelRange& c) {
      const double reach = std::max(std::abs(double(c.lowest)), std::abs(double(c.highest)));
      return stage.left_shift > 0 || std::ldexp(reach * double(c.scale), shift) * 1.0001 + 1 < limit;
    });
  };
  stage.shift = 22;
  while (stage.shift > 1 && !fits(stage.shift)) --stage.shift;
  stage.offset = zero_point * (1 << stage.shift) + (1 << (stage.shift - 1));
  return stage;
}

}  // namespace

int32_t reference_requantize(int64_t acc, float scale, int32_t zero_point, int32_t low, int32_t high) {
  const double q = rounded(acc, scale) + zero_point;
  return q < low ? low : q > high ? high : int32_t(q);
}

ChosenOutputStage choose_output_stage(std::span<const ChannelRange> channels, int32_t zero_point, int32_t low,
                                      int32_t high, const std::string& where) {
  check(channels, where);
  ChosenOutputStage chosen;
  chosen.stage = shifts_for(channels, zero_point);
  chosen.stage.zero_point = zero_point;
  chosen.stage.low = low;
  chosen.stage.high = high;
  const int64_t first = int64_t(low) - zero_point + 1, last = int64_t(high) - zero_point;
  size_t ties_up = 0, ties_even = 0;
  int even_exact = 0;
  std::vector<int32_t> nominal;
  for (const ChannelRange& c : channels) {
    const double exact = std::ldexp(double(c.scale), 32 + chosen.stage.shift - chosen.stage.left_shift);
    nominal.push_back(int32_t(std::clamp(std::nearbyint(exact), 1.0, 2147483647.0)));
    const std::vector<Interval> intervals = agreeing(c, first, last, chosen.stage);
    const Choice best = best_point(intervals, nominal.back());
    chosen.multipliers.push_back(best.multiplier);
    chosen.exact_channels += best.agreeing == intervals.size();
    ties_up += best.agreeing;
    const size_t even = even_form_agreeing(c, nominal.back(), first, last, chosen.stage);
    even_exact += even == intervals.size();
    ties_even += even;
  }
  // Powers of two and other short scales make exact ties reachable; only the ties-to-even form agrees on them.
  if (ties_even > ties_up && even_exact > chosen.exact_channels) {
    chosen.stage.ties_to_even = 1;
    chosen.multipliers = nominal;
    chosen.exact_channels = even_exact;
  }
  return chosen;
}

StoredRange stored_range(const Storage& storage, const ClampRange& clamp) {
  const int32_t low = int32_t(lowest(storage.element)), high = int32_t(highest(storage.element));
  const auto stored = [&](double real, int32_t open) {
    if (std::isinf(real)) return open;
    const double q = std::nearbyint(float(real) / storage.quantization.scales[0]) + storage.quantization.zero_points[0];
    return int32_t(std::clamp(q, double(low), double(high)));
  };
  return {stored(clamp.low, low), stored(clamp.high, high)};
}

std::vector<Field> output_stage_fields(const OutputStage& s) {
  return {{"offset", int64_t(s.offset)},
          {"shift", int64_t(s.shift)},
          {"left_shift", int64_t(s.left_shift)},
          {"zero_point", int64_t(s.zero_point)},
          {"low", int64_t(s.low)},
          {"high", int64_t(s.high)},
          {"ties_to_even", int64_t(s.ties_to_even)}};
}

void note_exactness(const ChosenOutputStage& chosen, Layer& layer) {
  layer.multipliers = int64_t(chosen.multipliers.size());
  layer.exact_multipliers = chosen.exact_channels;
  if (!layer.note.empty()) layer.note += "; ";
  layer.note += fmt::format("{} of {} channels equal ONNX Runtime on every reachable accumulator",
                            chosen.exact_channels, chosen.multipliers.size());
}

void add_output_stage(const ChosenOutputStage& chosen, Layer& layer) {
  for (Field& f : output_stage_fields(chosen.stage)) layer.fields.push_back(std::move(f));
  note_exactness(chosen, layer);
}

}  // namespace thimble::compiler
