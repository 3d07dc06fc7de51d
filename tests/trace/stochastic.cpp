// SPDX-License-Identifier: Apache-2.0
// Stochastic equations: the orders of the methods, moments, and what is refused.
#include "compiler/overtime.h"
#include "compiler/trace/loops/reference_run.h"
#include "runtime/random.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {

/// dx = mu x dt + sigma x dW, which has a solution in closed form.
struct Growth : Neuron {
  explicit Growth(std::int64_t n) : Neuron(n) {}
  Param mu = param("mu", 0.5), sigma = param("sigma", 0.8);
  State x = state("x", 1.0);
  void equations() override {
    ddt(x) = mu * x / ms;
    noise(x) = sigma * x;
  }
  using Neuron::update;
  Value update() override { return integrate(), x; }
};

/// dx = -x / tau dt + sigma dW.
struct Decay : Neuron {
  explicit Decay(std::int64_t n) : Neuron(n, mV) {}
  Param tau = param("tau", 2_ms), sigma = param("sigma", 0.5_mV);
  State x = state("x", 1_mV), still = state("still", 1.0);
  void equations() override {
    ddt(still) = -still / tau;
    ddt(x) = -x / tau;
    noise(x) = sigma;
  }
  using Neuron::update;
  Value update() override { return integrate(), x; }
};

std::uint32_t stream_of(const std::string &path) {
  std::uint32_t h = 2166136261u;
  for (unsigned char c : path)
    h = (h ^ c) * 16777619u;
  return h;
}

/// Root of the mean squared error at t = 1 over paths, with the solution of each path's own Wiener process: x is
/// exp((mu - sigma^2 / 2) t + sigma W) for Ito, without the correction for Stratonovich.
double strong_error(const std::string &method, std::int64_t steps, bool ito) {
  constexpr std::int64_t paths = 2000;
  Growth model(paths);
  model.method(method);
  double dt = 1.0 / static_cast<double>(steps), mu = 0.5, sigma = 0.8, error = 0;
  LoopOverTime over_time(model, {.dt = dt, .real = f64, .seed = 4, .cache = false});
  over_time.steps(steps);
  for (std::int64_t p = 0; p < paths; ++p) {
    double W = 0;
    for (std::int64_t k = 0; k < steps; ++k)
      W += std::sqrt(dt) * overtime_normal_f64(4, stream_of("noise(x)"), k, static_cast<std::uint32_t>(p));
    double solution = std::exp(mu - (ito ? sigma * sigma / 2 : 0) + sigma * W);
    error += std::pow(model.x.value()[p] - solution, 2) / paths;
  }
  return std::sqrt(error);
}

double order(const std::string &method, bool ito) {
  return std::log2(strong_error(method, 64, ito) / strong_error(method, 512, ito)) / 3;
}

struct Moments {
  double mean = 0, variance = 0;
};
Moments moments(const Tensor &x) {
  Moments m;
  double n = static_cast<double>(x.size());
  for (std::int64_t k = 0; k < x.size(); ++k)
    m.mean += x[k] / n;
  for (std::int64_t k = 0; k < x.size(); ++k)
    m.variance += (x[k] - m.mean) * (x[k] - m.mean) / n;
  return m;
}

} // namespace

TEST_CASE("Euler-Maruyama has the strong order 1/2, Milstein and Heun 1", "[stochastic]") {
  // Of the numbers drawn here; the order of a finite sample is off by a few hundredths.
  CHECK(order("euler", true) == Approx(0.5).margin(0.07));
  CHECK(order("euler_maruyama", true) == Approx(0.5).margin(0.07));
  CHECK(order("milstein", true) == Approx(1.0).margin(0.07));
  CHECK(order("heun", false) == Approx(1.0).margin(0.07));
  CHECK(strong_error("milstein", 512, true) < 0.2 * strong_error("euler", 512, true));
  // Heun follows Stratonovich's solution, which is far from Ito's.
  CHECK(strong_error("heun", 512, false) < 0.01);
  CHECK(strong_error("heun", 512, true) > 0.1);
}

TEST_CASE("exp_euler of an Ornstein-Uhlenbeck process is exact at any step, Euler is not", "[stochastic]") {
  constexpr double n = 100000, tau = 2, sigma = 0.5, t = 4;
  double mean = std::exp(-t / tau), variance = sigma * sigma * tau / 2 * (1 - std::exp(-2 * t / tau));
  for (double dt : {0.1, 2.0}) {
    INFO("dt " << dt);
    Decay model(static_cast<std::int64_t>(n));
    LoopOverTime over_time(model, {.dt = dt, .seed = 3, .cache = false});
    over_time(t);
    Moments m = moments(model.x.value());
    CHECK(std::abs(m.mean - mean) < 5 * std::sqrt(variance / n));
    CHECK(std::abs(m.variance - variance) < 5 * variance * std::sqrt(2 / n));
    CHECK(model.still.value()[7] == Approx(std::exp(-t / tau)).epsilon(1e-6));
  }
  // Euler at dt = tau / 2: x' = x / 2 + sigma sqrt(dt) xi, so the variance after many steps is sigma^2 dt / (1 - 1/4).
  Decay model(static_cast<std::int64_t>(n));
  model.method("euler");
  LoopOverTime over_time(model, {.dt = 1.0, .seed = 3, .cache = false});
  over_time(30.0);
  double stationary = sigma * sigma / 0.75;
  CHECK(std::abs(moments(model.x.value()).variance - stationary) < 5 * stationary * std::sqrt(2 / n));
}

TEST_CASE("stochastic equations compute what the interpreter computes", "[stochastic]") {
  for (const char *method : {"euler", "milstein", "heun", "exp_euler"})
    for (std::int64_t n : {1, 70}) {
      INFO(method << " of " << n);
      auto run = [&](auto &&model, bool interpreted) {
        model.method(method);
        LoopOverTime over_time(model, {.dt = 0.2, .real = f64, .seed = 6, .cache = false});
        return interpreted ? run_reference(over_time, Tensor({20}, f64)).out.leaf()
                           : over_time(Tensor({20}, f64)).out.leaf();
      };
      Tensor a = run(Growth(n), false), b = run(Growth(n), true), c = run(Decay(n), false), d = run(Decay(n), true);
      for (std::int64_t k = 0; k < a.size(); ++k) {
        CHECK(a[k] == Approx(b[k]).epsilon(1e-11));
        CHECK(c[k] == Approx(d[k]).epsilon(1e-11).margin(1e-12));
      }
    }
}

TEST_CASE("without noise the stochastic methods are euler", "[stochastic]") {
  struct Plain : Neuron {
    Plain() : Neuron(3) {}
    State x = state("x", 1.0);
    void equations() override { ddt(x) = -x / ms; }
    Value update() override { return integrate(), x; }
  };
  for (const char *method : {"euler", "euler_maruyama", "milstein"}) {
    Plain model;
    model.method(method);
    LoopOverTime over_time(model, {.dt = 0.25, .real = f64, .cache = false});
    over_time.steps(2);
    CHECK(model.x.value()[0] == 0.75 * 0.75);
  }
}

TEST_CASE("gradients pass through noise", "[stochastic]") {
  // The last x of growth is x0 times what its path makes of it, so its derivative by x0 is itself over x0.
  Growth model(5);
  model.method("milstein");
  LoopOverTime over_time(model, {.dt = 0.1, .real = f64, .seed = 2, .cache = false});
  auto gradient = value_and_grad(over_time, each_step([](Value out, Value target) { return sum(out * target); }),
                                 {.wrt = {model.x}});
  Tensor last({10, 5}, f64);
  for (std::int64_t k = 45; k < 50; ++k)
    last.set(k, 1);
  GradientResult g = gradient(Tensor({10, 5}, f64), last);
  for (std::int64_t k = 0; k < 5; ++k)
    CHECK(g[model.x][k] == Approx(model.x.value()[k] / 10)); // the loss is a mean over 10 steps
}

TEST_CASE("what is wrong with noise is said at its line", "[stochastic]") {
  auto says = [](const std::string &text) { return Catch::Contains(text); };
  Growth model(1);
  model.method("rk4");
  LoopOverTime over_time(model, {.cache = false});
  CHECK_THROWS_WITH(over_time.steps(1), says("stochastic.cpp:") &&
                                            says("noise(x) is integrated with the method 'rk4'") &&
                                            says("euler, euler_maruyama, milstein, heun, exp_euler"));
  struct Wrong : Neuron {
    explicit Wrong(int which) : Neuron(2, mV), which(which) {}
    int which;
    State V = state("V", 0_mV);
    void equations() override {
      if (which != 0)
        ddt(V) = 0;
      noise(V) = which == 1 ? Value(V / ms) : Value(V * 1);
      if (which == 2)
        noise(V) = V;
    }
    Value update() override { return integrate(), V; }
  };
  auto run = [](int which) {
    Wrong wrong(which);
    LoopOverTime(wrong, {.cache = false}).steps(1);
  };
  CHECK_THROWS_WITH(run(0), says("noise(V) is given, but not ddt(V); it may be 0"));
  CHECK_THROWS_WITH(run(1), says("noise(V), for a square root of a ms, must be in [mV], got [ms^-1 mV]"));
  CHECK_THROWS_WITH(run(2), says("noise(V) is given twice"));
}
