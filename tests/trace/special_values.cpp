// SPDX-License-Identifier: Apache-2.0
// Elementary functions at the ends of their ranges and all over them, with the errors that Passes.td states.
#include "tests/trace/helper.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace overtime;
using namespace overtime::test;

namespace {

struct Elementary {
  const char *name;
  std::function<Value(Value)> traced;
  long double (*exact)(long double);
  double ulp; // largest error that is stated
};

long double exact_exprel(long double x) {
  if (x == 0)
    return 1;
  return x == HUGE_VALL ? x : std::expm1(x) / x;
}

const std::vector<Elementary> functions = {
    {"exp", [](Value x) { return exp(x); }, [](long double x) { return std::exp(x); }, 1.1},
    {"expm1", [](Value x) { return expm1(x); }, [](long double x) { return std::expm1(x); }, 2.1},
    {"exprel", [](Value x) { return exprel(x); }, exact_exprel, 3.1},
    {"tanh", [](Value x) { return tanh(x); }, [](long double x) { return std::tanh(x); }, 4.1},
    {"log", [](Value x) { return log(x); }, [](long double x) { return std::log(x); }, 0.9},
    {"log1p", [](Value x) { return log1p(x); }, [](long double x) { return std::log1p(x); }, 1.3},
    {"a fraction of exp", [](Value x) { return exp(x) * 0x1p-7; }, [](long double x) { return std::exp(x) * 0x1p-7L; },
     1.1},
    {"a fraction of exprel", [](Value x) { return exprel(x) * 0x1p-7; },
     [](long double x) { return exact_exprel(x) * 0x1p-7L; }, 3.1},
    {"sinh", [](Value x) { return sinh(x); }, [](long double x) { return std::sinh(x); }, 4},
    {"cosh", [](Value x) { return cosh(x); }, [](long double x) { return std::cosh(x); }, 4},
};

/// The distance of numbers of T around an exact result.
template <class T> long double spacing(long double exact) {
  int exponent = std::max(std::ilogb(exact), std::numeric_limits<T>::min_exponent - 1);
  return std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits + 1);
}

/// Error in ulp; infinite where NaN, infinity or the sign of zero is not what it must be.
template <class T> double error_of(long double exact, double got) {
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0.0 : HUGE_VAL;
  T rounded = static_cast<T>(exact);
  if (std::isinf(rounded) || exact == 0)
    return got == rounded && std::signbit(got) == std::signbit(rounded) ? 0.0 : HUGE_VAL;
  return static_cast<double>(std::abs(got - exact) / spacing<T>(exact));
}

template <class T> std::vector<double> special_arguments() {
  using Limits = std::numeric_limits<T>;
  bool single = sizeof(T) == 4;
  double last = single ? 88.72283 : 709.78271, gradual = single ? 87.33654 : 708.39641;
  double vanishing = single ? 103.5 : 744.9, last_sinh = single ? 89.41 : 710.47;
  std::vector<double> all;
  for (double x : {0.0,
                   double(Limits::denorm_min()),
                   double(Limits::min()),
                   3.7 * double(Limits::min()),
                   1e-30,
                   1e-9,
                   1e-4,
                   0.3,
                   0.5,
                   1.0,
                   2.0,
                   20.0,
                   45.0,
                   last,
                   last + 0.01,
                   gradual,
                   vanishing,
                   vanishing + 1,
                   last_sinh,
                   last_sinh + 0.1,
                   single ? 93.2 : 716.3,
                   single ? 96.0 : 719.0,
                   1e4,
                   double(Limits::max()),
                   HUGE_VAL,
                   double(NAN)}) {
    all.push_back(static_cast<T>(x));
    all.push_back(static_cast<T>(-x));
  }
  return all;
}

template <class T> void check(const Elementary &f, const std::vector<double> &arguments, double allowed) {
  DType real = sizeof(T) == 4 ? f32 : f64;
  Tensor x = Tensor::of({static_cast<std::int64_t>(arguments.size())}, arguments, real);
  Tensor got = evaluate_one([&](const Tree<Value> &v) { return f.traced(v.leaf()); }, x, real);
  double worst = -1.0;
  std::int64_t at = 0;
  for (std::int64_t k = 0; k < x.size(); ++k)
    if (double error = error_of<T>(f.exact(x[k]), got[k]); error > worst) {
      worst = error;
      at = k;
    }
  INFO(f.name << " in " << name_of(real) << " at " << x[at] << ": " << got[at] << ", exactly "
              << static_cast<double>(f.exact(x[at])));
  CHECK(worst <= allowed);
}

std::vector<double> spread(double low, double high, int count) {
  std::vector<double> all;
  for (int k = 0; k <= count; ++k)
    all.push_back(low + (high - low) * (k + 0.37) / (count + 1));
  return all;
}

} // namespace

TEST_CASE("functions at the ends of their ranges are as stated", "[trace][numerics][processor]") {
  for (const Elementary &f : functions) {
    check<float>(f, special_arguments<float>(), f.ulp);
    check<double>(f, special_arguments<double>(), f.ulp);
  }
}

TEST_CASE("exp over its whole range is as stated", "[trace][numerics][processor]") {
  check<float>(functions[0], spread(-104, 88.72, 20000), functions[0].ulp);
  check<double>(functions[0], spread(-746, 709.78, 20000), functions[0].ulp);
}

TEST_CASE("functions over the range of a model are as stated", "[trace][numerics]") {
  for (const Elementary &f : functions) {
    bool log = std::string(f.name) == "log", log1p = std::string(f.name) == "log1p";
    double low = log ? 1e-3 : log1p ? -0.99 : -40;
    check<float>(f, spread(low, 40, 20000), f.ulp);
    check<double>(f, spread(low, 40, 20000), f.ulp);
  }
}
