// SPDX-License-Identifier: Apache-2.0
// Fast numerics: errors within the stated bound, and no NaN where rates are 0/0.
#include "models/layers/lstm_cell.h"
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

#include <cmath>

using namespace overtime;
using namespace overtime::test;

namespace {

/// f(x) of the data, once, with fast numerics.
Tensor fast(const std::function<Value(Value)> &f, const Tensor &x) {
  Function model([&](const Tree<Value> &data) { return f(data.leaf()); });
  LoopOverTime over_time(model, {.real = x.dtype(), .numerics = Numerics::Fast, .cache = false});
  return over_time(x.reshape({1, x.size()})).out.leaf();
}

double largest_error(const Tensor &got, const Tensor &x, double (*f)(double)) {
  double largest = 0;
  for (std::int64_t k = 0; k < x.size(); ++k)
    largest = std::max(largest, std::abs(got[k] - f(x[k])) / std::abs(f(x[k])));
  return largest;
}

/// V of 300 neurons that start from -80 to 20 mV, -55 and -40 among them, at the end of each of 1000 steps.
Tensor potentials(Numerics numerics, DType real) {
  HH hh(301);
  Tensor start({301}, f64);
  for (std::int64_t k = 0; k < 301; ++k)
    start.set(k, -80.0 + double(k) / 3);
  LoopOverTime over_time(hh, {.out_vars = hh.V, .real = real, .numerics = numerics, .cache = false});
  over_time.reset_state();
  hh.V.set_value(start);
  hh.I.set_value(10);
  return over_time.steps(1000).vars.leaf();
}

} // namespace

TEST_CASE("fast exp and exprel stay within some ten ulp", "[trace]") {
  for (DType real : {f32, f64}) {
    double ulp = real == f32 ? 0x1p-24 : 0x1p-53;
    Tensor x = Tensor::uniform({4000}, -20, 20, 1, real), small = Tensor::uniform({4000}, -1, 1, 2, real);
    CHECK(largest_error(fast([](Value v) { return exp(v); }, x), x, std::exp) < 24 * ulp);
    CHECK(largest_error(fast([](Value v) { return exp(v); }, small), small, std::exp) < 4 * ulp);
    auto exprel_of = [](double z) { return std::expm1(z) / z; };
    CHECK(largest_error(fast([](Value v) { return exprel(v); }, x), x, exprel_of) < 64 * ulp);
    CHECK(largest_error(fast([](Value v) { return exprel(v); }, small), small, exprel_of) < 64 * ulp);
  }
}

TEST_CASE("fast exponentials overflow and underflow as they should up to 1e5", "[trace]") {
  Tensor x = Tensor::of({-1e5, -200, -104.5, 88, 89, 200, 1e5}), y = fast([](Value v) { return exp(v); }, x);
  for (std::int64_t k : {0, 1, 2})
    CHECK(y[k] == 0);
  CHECK(y[3] == Approx(std::exp(88.0)).epsilon(1e-5));
  for (std::int64_t k : {4, 5, 6})
    CHECK(y[k] == HUGE_VAL);
}

TEST_CASE("fast HH follows reproducible HH, also from -55 and -40 mV", "[trace]") {
  // A difference in the rates moves a spike a little; on its flank, 100 mV/ms, that is a difference of potential.
  for (auto [real, allowed] : {std::pair{f32, 0.05}, std::pair{f64, 1e-4}}) {
    Tensor exact = potentials(Numerics::Reproducible, real), quick = potentials(Numerics::Fast, real);
    double largest = 0;
    for (std::int64_t k = 0; k < exact.size(); ++k)
      largest = std::max(largest, std::isfinite(quick[k]) ? std::abs(quick[k] - exact[k]) : HUGE_VAL);
    CAPTURE(name_of(real));
    CHECK(largest < allowed);
    CHECK(largest > 0); // it is another program
  }
}

TEST_CASE("fast LSTM differs from the reproducible one by rounding", "[trace]") {
  auto run = [](Numerics numerics) {
    LSTMCell cell(10, 20);
    LoopOverTime over_time(cell, {.numerics = numerics, .cache = false});
    over_time.reset_state(5);
    return over_time(Tensor::normal({50, 5, 10})).out.leaf();
  };
  Tensor exact = run(Numerics::Reproducible), quick = run(Numerics::Fast);
  double largest = 0;
  for (std::int64_t k = 0; k < exact.size(); ++k)
    largest = std::max(largest, std::abs(quick[k] - exact[k]));
  CHECK(largest < 1e-5);
}
