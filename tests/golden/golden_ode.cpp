// SPDX-License-Identifier: Apache-2.0
// The integration methods on two equations, step by step against BrainPy's.
#include "tests/golden/golden_test.h"

#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

namespace {

/// FitzHugh 1961 as in the oracle: I = 0.7, a = 0.7, b = 0.8, tau = 12.5.
struct FitzHugh : Model {
  FitzHugh() : Model(Shape{1}) {}
  State V = state("V", -1.0), w = state("w", 0.5);
  void equations() override {
    ddt(V) = (V - cube(V) / 3 - w + 0.7) / ms;
    ddt(w) = (V + 0.7 - 0.8 * w) / 12.5 / ms;
  }
  Tree<Value> update(const Tree<Value> &) override {
    integrate();
    return concat({V, w});
  }
};

/// x' = -x / 2 + sin(t): the stage times of a method show in it.
struct Forced : Model {
  Forced() : Model(Shape{1}) {}
  State x = state("x", 2.0);
  void equations() override { ddt(x) = (-x / 2 + sin(t() / ms)) / ms; }
  Tree<Value> update(const Tree<Value> &) override {
    integrate();
    return Value(x);
  }
};

const std::vector<std::string> runge_kutta = {"euler", "midpoint", "heun2",  "ralston2", "rk2",      "rk3",
                                              "heun3", "ralston3", "ssprk3", "rk4",      "ralston4", "rk4_38rule"};
const std::vector<std::string> embedded = {"rkf12", "rkf45", "rkdp", "ck", "bs", "heun_euler"};

template <class System> Tensor run(const std::string &method, std::int64_t steps, DType real) {
  System system;
  system.method(method);
  LoopOverTime over_time(system, {.dt = 0.1, .real = real, .cache = false});
  return over_time.steps(steps).out.leaf().to(f64);
}

template <class System> void check(const Case &c, const std::vector<std::string> &methods) {
  for (const std::string &method : methods) {
    const Tensor &expected = c.expected(method);
    std::int64_t steps = expected.shape()[0];
    // f64: the same tables and the same order of operations; what is left is contraction to FMA.
    CHECK(difference(method, run<System>(method, steps, f64), expected, {.relative = 1e-12}) == "");
    CHECK(difference(method + " f32", run<System>(method, steps, f32), expected, f32_tolerance(c, method)) == "");
  }
}

} // namespace

TEST_CASE("Runge-Kutta methods give BrainPy's numbers on FitzHugh-Nagumo", "[golden]") {
  check<FitzHugh>(load("ode_fhn"), runge_kutta);
}

TEST_CASE("embedded methods advance with their higher-order weights", "[golden]") {
  check<FitzHugh>(load("ode_fhn_embedded"), embedded);
}

TEST_CASE("stage times are t + c dt", "[golden]") { check<Forced>(load("ode_forced"), runge_kutta); }

TEST_CASE("exponential Euler is exact for a linear equation with a frozen force", "[golden]") {
  // The oracle's (exp(z) - 1) / z loses two digits at z = -0.05, hence not 1e-12.
  Case c = load("ode_forced");
  for (const char *method : {"exp_auto", "exp_euler"}) {
    CHECK(difference(method, run<Forced>(method, 200, f64), c.expected("exp_auto"), {.relative = 1e-12}) == "");
    CHECK(difference(method, run<Forced>(method, 200, f32), c.expected("exp_auto"), f32_tolerance(c, "exp_auto")) ==
          "");
  }
}

TEST_CASE("exponential Euler does not stand still where the slope is zero", "[golden]") {
  // ode_fhn's exp_auto column starts at V = -1, where the slope 1 - V^2 is 0; (exp(z) - 1) / z is 0 there in the oracle
  // and V stays at -1 for ever. The limit is 1: the first step is that of Euler's method.
  Tensor first = run<FitzHugh>("exp_euler", 1, f64);
  Tensor euler = run<FitzHugh>("euler", 1, f64);
  CHECK(first[0] == Approx(euler[0]).epsilon(1e-15));
  CHECK(load("ode_fhn").expected("exp_auto")[0] == -1.0);
}
