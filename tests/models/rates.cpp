// SPDX-License-Identifier: Apache-2.0
// Rate models against what is known of their solutions.
#include "models/rates/feedback_fhn.h"
#include "models/rates/rate_fhn.h"
#include "models/rates/rate_qif.h"
#include "models/rates/stuart_landau.h"
#include "models/rates/threshold_linear.h"
#include "models/rates/wilson_cowan.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

using namespace overtime;

TEST_CASE("StuartLandauOscillator follows its closed solution", "[rates]") {
  // In polar form r' = (a - r^2) r and phi' = w: r^2 = a / (1 + (a / r0^2 - 1) exp(-2 a t)).
  StuartLandauOscillator model;
  model.method("rk4");
  model.x.set_value(0.1);
  model.y.set_value(0.2);
  LoopOverTime over_time(model, {.out_vars = {model.x, model.y}, .dt = 0.05, .real = f64, .cache = false});
  LoopResult r = over_time(50.0);
  double a = 0.25, w = 0.2, r0 = std::hypot(0.1, 0.2), phi0 = std::atan2(0.2, 0.1), worst = 0.0;
  for (std::int64_t k = 0; k < 1000; ++k) {
    double t = 0.05 * static_cast<double>(k + 1);
    double radius = std::sqrt(a / (1 + (a / (r0 * r0) - 1) * std::exp(-2 * a * t)));
    worst = std::max(worst, std::abs(r[model.x][k] - radius * std::cos(phi0 + w * t)));
    worst = std::max(worst, std::abs(r[model.y][k] - radius * std::sin(phi0 + w * t)));
  }
  CHECK(worst < 1e-8); // rk4 at this step: 4e-10
}

TEST_CASE("RateQIF has the fixed points of Montbrio, Pazo and Roxin", "[rates]") {
  // eta = -5, delta = 1, J = 15 is bistable (their fig. 1): at rest x = -delta / (2 pi y tau), and y solves the first
  // equation. From a low and from a high rate the model goes to different ones.
  std::vector<double> rates;
  for (double start : {0.0, 1.5}) {
    RateQIF model;
    model.x.set_value(-2.0 + start);
    model.y.set_value(start);
    LoopOverTime over_time(model, {.dt = 0.01, .real = f64, .cache = false});
    over_time(100.0);
    double x = model.x.value()[0], y = model.y.value()[0], pi = std::numbers::pi;
    CHECK(x == Approx(-1 / (2 * pi * y)));
    CHECK(x * x - 5 + 15 * y - pi * pi * y * y == Approx(0.0).margin(1e-8));
    rates.push_back(y);
  }
  CHECK(rates[1] > 5 * rates[0]);
}

TEST_CASE("WilsonCowan rests at 0 without input and is driven to the solution of its equations", "[rates]") {
  WilsonCowan model(2);
  model.x.set_value(0.0);
  model.y.set_value(0.0);
  LoopOverTime over_time(model, {.dt = 0.05, .real = f64, .cache = false});
  over_time(20.0);
  CHECK(std::abs(model.x.value()[0]) < 1e-12); // F(0) = 0
  model.I_y.set_value(-20.0);                  // silences the inhibitory population
  over_time(100.0);
  double x = model.x.value()[1], y = model.y.value()[1];
  auto F = [](double z, double a, double theta) {
    return 1 / (1 + std::exp(-a * (z - theta))) - 1 / (1 + std::exp(a * theta));
  };
  CHECK(x == Approx((1 - x) * F(12 * x - 4 * y, 1.2, 2.8)));
  CHECK(y == Approx((1 - y) * F(13 * x - 11 * y - 20, 1, 4)));
}

TEST_CASE("RateFHN rests at 0 without input, and at the intersection of its nullclines with one", "[rates]") {
  RateFHN model(2);
  model.I.set_value(Tensor::of({0, 3}, f64));
  model.x.set_value(0.02);
  model.y.set_value(0.02);
  LoopOverTime over_time(model, {.real = f64, .cache = false});
  over_time(2000.0);
  CHECK(std::abs(model.x.value()[0]) < 1e-12);
  double x = model.x.value()[1], y = model.y.value()[1];
  CHECK(y == Approx(2 * x)); // x - epsilon y = 0
  CHECK(-3 * x * x * x + 4 * x * x - 1.5 * x - y + 3 == Approx(0.0).margin(1e-9));
}

TEST_CASE("ThresholdLinear relaxes to beta times its input, and to 0 below threshold", "[rates]") {
  ThresholdLinear model(2);
  model.I.set_value(Tensor::of({100, -100}, f64));
  model.I_i.set_value(50.0);
  LoopOverTime over_time(model, {.dt = 0.1, .real = f64, .cache = false});
  Tensor e = over_time(20.0).out.leaf();
  CHECK(e[2 * 199] == Approx(6.6 * (1 - std::pow(1 - 0.1 / 20, 200)))); // Euler's steps of de/dt = (6.6 - e) / 20
  CHECK(e[2 * 199 + 1] == 0.0);
  over_time(1000.0);
  CHECK(model.r_e.value()[0] == Approx(6.6));
  CHECK(model.r_i.value()[1] == Approx(0.351 * 50));
  // Steps longer than a time constant would overshoot below 0.
  ThresholdLinear coarse;
  coarse.r_e.set_value(10.0);
  LoopOverTime steps(coarse, {.dt = 30.0, .real = f64, .cache = false});
  steps.steps(1);
  CHECK(coarse.r_e.value()[0] == 0.0);
}

TEST_CASE("FeedbackFHN follows its delayed equation", "[rates]") {
  // Euler's method by hand, with a ring of the past.
  FeedbackFHN model(2, {{}, 3_ms});
  model.method("euler");
  model.x.set_initial(Tensor::of({0.3, -1.1}, f64));
  model.y.set_initial(0.1);
  LoopOverTime over_time(model, {.out_vars = {model.x, model.y}, .dt = 0.1, .real = f64, .cache = false});
  Tensor current = Tensor::full({400, 2}, 0.2, f64);
  LoopResult r = over_time(current);
  double worst = 0.0;
  for (std::int64_t j = 0; j < 2; ++j) {
    std::vector<double> xs{j == 0 ? 0.3 : -1.1};
    double y = 0.1;
    for (std::size_t k = 0; k < 400; ++k) {
      double x = xs.back(), past = k >= 30 ? xs[k - 30] : 0.0; // x was 0 before the start
      double dx = x - x * x * x / 3 - y + 0.2 + 1.6886 * (past + 1), dy = (x + 0.7 - 0.8 * y) / 12.5;
      xs.push_back(x + 0.1 * dx);
      y += 0.1 * dy;
      worst = std::max(worst, std::abs(r[model.x][static_cast<std::int64_t>(k) * 2 + j] - xs.back()));
      worst = std::max(worst, std::abs(r[model.y][static_cast<std::int64_t>(k) * 2 + j] - y));
    }
  }
  CHECK(worst < 1e-11);
}

TEST_CASE("FeedbackFHN without feedback is FitzHugh and Nagumo's model", "[rates]") {
  // At rest x - x^3/3 - y = 0 and x + a = b y: x = -1.199408, y = -0.624260 for a = 0.7, b = 0.8.
  FeedbackFHN model;
  model.mu.set_value(0.0);
  LoopOverTime over_time(model, {.real = f64, .cache = false});
  over_time(1000.0);
  CHECK(model.x.value()[0] == Approx(-1.199408).epsilon(1e-5));
  CHECK(model.y.value()[0] == Approx(-0.624260).epsilon(1e-5));
}
