// The runtime's elementary functions against the C library's in double precision.
#include "thimble/math.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using thimble::bits_of;
using thimble::float_of;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float not_a_number = std::numeric_limits<float>::quiet_NaN();

// Largest error relative to the exact result (to the smallest normal number where that is smaller, one denormal step
// allowed), over floats of both signs and every exponent up to `limit`.
template <class Function, class Exact>
double worst_relative(Function function, Exact exact, float limit) {
  double worst = 0;
  const auto measure = [&](float x) {
    const double e = exact(double(x));
    if (std::abs(e) > std::numeric_limits<float>::max()) return;
    const double difference = std::max(0.0, std::abs(double(function(x)) - e) - 1.5e-45);
    worst = std::max(worst, difference / std::max(std::abs(e), 1e-40));
  };
  for (uint32_t bits = 0; bits <= bits_of(limit); bits += 2003) {
    measure(float_of(bits));
    measure(-float_of(bits));
  }
  return worst;
}

// Largest absolute error over [-limit, limit].
template <class Function, class Exact>
double worst_absolute(Function function, Exact exact, float limit) {
  double worst = 0;
  for (float x = -limit; x <= limit; x += limit / 500000)
    worst = std::max(worst, std::abs(double(function(x)) - exact(double(x))));
  return worst;
}

}  // namespace

TEST_CASE("exp keeps its relative precision from denormal results to the largest", "[math]") {
  CHECK(worst_relative(
            thimble::exp, [](double x) { return std::exp(x); }, 104.0f) < 5e-7);
  CHECK(thimble::exp(0.0f) == 1.0f);
  CHECK(thimble::exp(infinity) == infinity);
  CHECK(thimble::exp(88.73f) == infinity);
  CHECK(thimble::exp(88.722f) < infinity);
  CHECK(thimble::exp(-infinity) == 0.0f);
  CHECK(thimble::exp(-104.0f) == 0.0f);
  CHECK(std::isnan(thimble::exp(not_a_number)));
}

TEST_CASE("log keeps its relative precision, denormal arguments included", "[math]") {
  double worst = 0;
  for (uint32_t bits = 1; bits < bits_of(infinity); bits += 1009) {
    const double e = std::log(double(float_of(bits)));
    if (e != 0) worst = std::max(worst, std::abs(double(thimble::log(float_of(bits))) - e) / std::abs(e));
  }
  CHECK(worst < 5e-7);
  CHECK(thimble::log(1.0f) == 0.0f);
  CHECK(thimble::log(0.0f) == -infinity);
  CHECK(thimble::log(infinity) == infinity);
  CHECK(std::isnan(thimble::log(-1.0f)));
  CHECK(std::isnan(thimble::log(not_a_number)));
}

TEST_CASE("sigmoid, tanh and erf keep their relative precision", "[math]") {
  CHECK(worst_relative(
            thimble::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 104.0f) < 5e-7);
  CHECK(worst_relative(
            thimble::tanh, [](double x) { return std::tanh(x); }, 100.0f) < 5e-7);
  CHECK(worst_relative(
            thimble::erf, [](double x) { return std::erf(x); }, 100.0f) < 5e-7);
  for (float limit : {infinity, 3.0e38f}) {
    CHECK(thimble::sigmoid(limit) == 1.0f);
    CHECK(thimble::sigmoid(-limit) == 0.0f);
    CHECK(thimble::tanh(limit) == 1.0f);
    CHECK(thimble::tanh(-limit) == -1.0f);
    CHECK(thimble::erf(limit) == 1.0f);
    CHECK(thimble::erf(-limit) == -1.0f);
  }
  CHECK(std::isnan(thimble::sigmoid(not_a_number)));
  CHECK(std::isnan(thimble::tanh(not_a_number)));
  CHECK(std::isnan(thimble::erf(not_a_number)));
}

TEST_CASE("sin and cos", "[math]") {
  CHECK(worst_absolute(
            thimble::sin, [](double x) { return std::sin(x); }, 6000.0f) < 1e-6);
  CHECK(worst_absolute(
            thimble::cos, [](double x) { return std::cos(x); }, 6000.0f) < 1e-6);
  CHECK(worst_relative(
            thimble::sin, [](double x) { return std::sin(x); }, 0.78f) < 5e-7);
  CHECK(thimble::sin(0.0f) == 0.0f);
  CHECK(thimble::cos(0.0f) == 1.0f);
  CHECK(std::isnan(thimble::sin(infinity)));
  CHECK(std::isnan(thimble::cos(not_a_number)));
}

TEST_CASE("sqrt is within one unit in the last place, by instruction and by iteration", "[math]") {
  int worst = 0;
  for (uint32_t bits = 0; bits < bits_of(infinity); bits += 1009) {
    const float exact = std::sqrt(float_of(bits));
    worst =
        std::max(worst, std::abs(int(bits_of(thimble::square_root_by_newton(float_of(bits)))) - int(bits_of(exact))));
    worst = std::max(worst, std::abs(int(bits_of(thimble::sqrt(float_of(bits)))) - int(bits_of(exact))));
  }
  CHECK(worst <= 1);
  CHECK(thimble::square_root_by_newton(infinity) == infinity);
  CHECK(std::isnan(thimble::square_root_by_newton(-1.0f)));
  CHECK(std::isnan(thimble::square_root_by_newton(-infinity)));
  CHECK(std::isnan(thimble::square_root_by_newton(not_a_number)));
}

TEST_CASE("round goes to even on ties, floor down, ceil up", "[math]") {
  for (uint32_t bits = 0; bits < bits_of(infinity); bits += 1009)
    for (float x : {float_of(bits), -float_of(bits)}) {
      if (thimble::round(x) != std::nearbyint(x) || thimble::floor(x) != std::floor(x) ||
          thimble::ceil(x) != std::ceil(x))
        FAIL("x = " << x);
    }
  for (float x : {-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 4194303.5f, 8388607.5f, 16777216.0f}) {
    CHECK(thimble::round(x) == std::nearbyint(x));
    CHECK(thimble::floor(x) == std::floor(x));
    CHECK(thimble::ceil(x) == std::ceil(x));
  }
  CHECK(std::isnan(thimble::round(not_a_number)));
  CHECK(std::isnan(thimble::floor(not_a_number)));
  CHECK(thimble::floor(-infinity) == -infinity);
}
