// Only pairs whose sum lies near a tie can differ, and each of them agrees for offsets in one interval. For every pair
// of multipliers around the nominal ones the offset that lies in most intervals is tried.
#include "compiler/ops/int8_sum.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

// The exact result, before rounding and without the zero point.
double exact_sum(const Int8SumProblem& p, int32_t a, int32_t b) {
  const double left = double(a - p.a.zero_point) * double(p.a.scale);
  const double right = double(b - p.b.zero_point) * double(p.b.scale);
  return (p.subtract ? left - right : left + right) / double(p.result.scale);
}

struct Pair {
  int32_t a, b, expected;
};

// Pairs within 2^-8 of a tie inside the stored range: float32 rounding and that of the multipliers move a sum by less.
std::vector<Pair> pairs_near_ties(const Int8SumProblem& p) {
  std::vector<Pair> pairs;
  for (int32_t a = -128; a < 128; ++a)
    for (int32_t b = -128; b < 128; ++b) {
      const double v = exact_sum(p, a, b) + p.result.zero_point;
      if (v < p.low - 1 || v > p.high + 1) continue;
      if (std::abs(v - std::floor(v) - 0.5) < 1.0 / 256) pairs.push_back({a, b, reference_sum(p, a, b)});
    }
  return pairs;
}

// The largest shift at which no partial sum leaves 31 bits.
int32_t largest_shift(const Int8SumProblem& p, const std::string& where) {
  const double a = double(p.a.scale) / double(p.result.scale), b = double(p.b.scale) / double(p.result.scale);
  const double reach =
      (128 + std::abs(p.a.zero_point)) * a + (128 + std::abs(p.b.zero_point)) * b + std::abs(p.result.zero_point) + 2;
  int32_t shift = 24;
  while (shift > 0 && std::ldexp(reach, shift) >= 2147483647.0 - 1024) --shift;
  if (shift < 8)
    throw Error(where,
                fmt::format("the operands' scales {} and {} are too large for the result's, {}", p.a.scale, p.b.scale,
                            p.result.scale),
                "Quantize the model again, with calibration data that the result's range covers.");
  return shift;
}

// Points [low, high] of a line; the point that lies in most of them, in the middle of where it does.
struct Interval {
  int64_t low, high;
};
struct Best {
  int64_t point = 0;
  int64_t inside = -1;
};
Best most_covered(const std::vector<Interval>& intervals, int64_t nominal) {
  std::vector<std::pair<int64_t, int>> events;  // ends sort before starts at the same place: they lie one behind
  for (const Interval& i : intervals) {
    events.push_back({i.low, 1});
    events.push_back({i.high + 1, -1});
  }
  std::sort(events.begin(), events.end());
  Best best{nominal, std::count_if(intervals.begin(), intervals.end(),
                                   [&](const Interval& i) { return i.low <= nominal && nominal <= i.high; })};
  int64_t inside = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    inside += events[i].second;
    if (inside <= best.inside || i + 1 == events.size()) continue;
    best = {events[i].first + (events[i + 1].first - 1 - events[i].first) / 2, inside};
  }
  return best;
}

// Offsets with which the pair gives what is expected.
Interval agreeing_offsets(const Int8SumProblem& p, const Int8Sum& s, const Pair& pair) {
  const int64_t open = int64_t(1) << 40, unit = int64_t(1) << s.shift;
  const int64_t rest = int64_t(pair.a) * s.a_multiplier + int64_t(pair.b) * s.b_multiplier;
  return {pair.expected == p.low ? -open : pair.expected * unit - rest,
          pair.expected == p.high ? open : (pair.expected + 1) * unit - rest - 1};
}

template <class Apply>
int differing_pairs(const Int8SumProblem& p, const Int8Sum& s, Apply apply_to) {
  int count = 0;
  for (int32_t a = -128; a < 128; ++a)
    for (int32_t b = -128; b < 128; ++b) count += apply_to(s, int8_t(a), int8_t(b)) != reference_sum(p, a, b);
  return count;
}

Int8Sum nominal_sum(const Int8SumProblem& p, int32_t shift) {
  const auto fixed = [&](float scale) {
    return int32_t(std::nearbyint(std::ldexp(double(scale) / double(p.result.scale), shift)));
  };
  return {fixed(p.a.scale), (p.subtract ? -1 : 1) * fixed(p.b.scale), 0, shift, p.result.zero_point, p.low, p.high};
}

int64_t offset_of(const Int8SumProblem& p, const Int8Sum& s) {
  return -int64_t(p.a.zero_point) * s.a_multiplier - int64_t(p.b.zero_point) * s.b_multiplier;
}

}  // namespace

int32_t reference_sum(const Int8SumProblem& p, int32_t a, int32_t b) {
  const float left = float(a - p.a.zero_point) * p.a.scale, right = float(b - p.b.zero_point) * p.b.scale;
  const float sum = p.subtract ? left - right : left + right;
  const double q = std::nearbyint(double(sum / p.result.scale)) + p.result.zero_point;
  return int32_t(std::clamp(q, double(p.low), double(p.high)));
}

ChosenInt8Sum choose_int8_sum(const Int8SumProblem& p, const std::string& where) {
  const Int8Sum nominal = nominal_sum(p, largest_shift(p, where));
  const std::vector<Pair> pairs = pairs_near_ties(p);
  Int8Sum best = nominal;
  int64_t agreeing = -1;
  std::vector<Interval> intervals(pairs.size());
  for (int32_t da : {0, 1, -1, 2, -2, 3, -3})
    for (int32_t db : {0, 1, -1, 2, -2, 3, -3}) {
      Int8Sum s = nominal;
      s.a_multiplier += da;
      s.b_multiplier += db;
      for (size_t i = 0; i < pairs.size(); ++i) intervals[i] = agreeing_offsets(p, s, pairs[i]);
      const int64_t usual = offset_of(p, s) + (int64_t(p.result.zero_point) << s.shift) + (int64_t(1) << (s.shift - 1));
      const Best offset = most_covered(intervals, usual);
      // Beyond this the offset would be for pairs that are hopeless, at the cost of a biased rounding.
      if (offset.inside <= agreeing || std::abs(offset.point - usual) > (int64_t(1) << s.shift) / 256) continue;
      agreeing = offset.inside;
      best = s;
      best.offset = int32_t(offset.point);
    }
  Int8Sum even = nominal;
  even.offset = int32_t(offset_of(p, even));
  const int up = differing_pairs(p, best, [](const Int8Sum& s, int8_t a, int8_t b) { return apply(s, a, b); });
  if (up == 0) return {best, false, 0};
  const int to_even =
      differing_pairs(p, even, [](const Int8Sum& s, int8_t a, int8_t b) { return apply_ties_to_even(s, a, b); });
  // The ties-to-even form costs four instructions an element: it is for scales that make exact ties.
  if (up > 64 && to_even < up) return {even, true, to_even};
  return {best, false, up};
}

}  // namespace thimble::compiler
