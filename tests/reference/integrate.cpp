// SPDX-License-Identifier: Apache-2.0
// Differential equations: exponential Euler against analysis and finite differences, Runge-Kutta against its order.
#include "tests/reference/run.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace overtime::reference;

namespace {

std::string decay(const std::string &method, double dt) {
  return "%t = arith.constant 0.0 : f64\n%y = dyn.integrate \"" + method + "\" at %t : f64 step " + std::to_string(dt) +
         " (%a : tensor<2xf64>) {\n"
         "^bb0(%s: f64, %v: tensor<2xf64>):\n"
         "  %tau = arith.constant dense<-10.0> : tensor<2xf64>\n"
         "  %dv = arith.divf %v, %tau : tensor<2xf64>\n"
         "  dyn.yield %dv : tensor<2xf64>\n} -> tensor<2xf64>";
}

Outcome integrate(const std::string &body, std::vector<double> y) {
  return runBody("tensor<2xf64>", "tensor<2xf64>", body, {Array::real({2}, std::move(y))});
}

} // namespace

TEST_CASE("exp_euler is exact for a linear equation") {
  Outcome out = integrate(decay("exp_euler", 0.5), {1.0, -3.0});
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values[0] == Approx(std::exp(-0.05)).epsilon(1e-15));
  CHECK(out[0].values[1] == Approx(-3.0 * std::exp(-0.05)).epsilon(1e-15));
}

TEST_CASE("rk4 reproduces its Taylor polynomial and euler its line") {
  double z = -0.05;
  CHECK(integrate(decay("rk4", 0.5), {1, 1})[0].values[0] ==
        Approx(1 + z + z * z / 2 + z * z * z / 6 + z * z * z * z / 24).epsilon(1e-15));
  CHECK(integrate(decay("euler", 0.5), {1, 1})[0].values[0] == Approx(1 + z).epsilon(1e-15));
}

TEST_CASE("Runge-Kutta stages see their own time") {
  // y' = t^3 from t = 1 over 0.5: rk4 is Simpson's rule, exact for cubics; midpoint is dt (t + dt/2)^3.
  auto body = [](const std::string &method) {
    return "%t = arith.constant 1.0 : f64\n%y = dyn.integrate \"" + method +
           "\" at %t : f64 step 0.5 (%a : f64) {\n"
           "^bb0(%s: f64, %v: f64):\n  %s2 = arith.mulf %s, %s : f64\n  %s3 = arith.mulf %s2, %s : f64\n"
           "  dyn.yield %s3 : f64\n} -> f64";
  };
  CHECK(runBody("f64", "f64", body("rk4"), {number(2)})[0].values[0] ==
        Approx(2 + (std::pow(1.5, 4) - 1) / 4).epsilon(1e-15));
  CHECK(runBody("f64", "f64", body("midpoint"), {number(2)})[0].values[0] ==
        Approx(2 + 0.5 * std::pow(1.25, 3)).epsilon(1e-15));
}

TEST_CASE("exp_euler linearises each Morris-Lecar equation in its own state") {
  // Morris & Lecar 1981 with the parameters of its figure 9, one cell, I = 90 captured from outside.
  const char *text = R"(
func.func @f(%v0: f64, %w0: f64, %current: f64) -> (f64, f64) {
  %t = arith.constant 0.0 : f64
  %r:2 = dyn.integrate "exp_euler" at %t : f64 step 0.25 (%v0, %w0 : f64, f64) {
  ^bb0(%s: f64, %v: f64, %w: f64):
    %half = arith.constant 0.5 : f64
    %one = arith.constant 1.0 : f64
    %v1 = arith.constant -1.2 : f64
    %v2 = arith.constant 18.0 : f64
    %v3 = arith.constant 2.0 : f64
    %v4 = arith.constant 30.0 : f64
    %gca = arith.constant 4.4 : f64
    %gk = arith.constant 8.0 : f64
    %gl = arith.constant 2.0 : f64
    %eca = arith.constant 120.0 : f64
    %ek = arith.constant -84.0 : f64
    %el = arith.constant -60.0 : f64
    %c = arith.constant 20.0 : f64
    %phi = arith.constant 0.04 : f64
    %m0 = arith.subf %v, %v1 : f64
    %m1 = arith.divf %m0, %v2 : f64
    %m2 = math.tanh %m1 : f64
    %m3 = arith.addf %one, %m2 : f64
    %m = arith.mulf %half, %m3 : f64
    %n0 = arith.subf %v, %v3 : f64
    %n1 = arith.divf %n0, %v4 : f64
    %n2 = math.tanh %n1 : f64
    %n3 = arith.addf %one, %n2 : f64
    %winf = arith.mulf %half, %n3 : f64
    %h1 = arith.mulf %half, %n1 : f64
    %rate = math.cosh %h1 : f64
    %dca = arith.subf %v, %eca : f64
    %gm = arith.mulf %gca, %m : f64
    %ica = arith.mulf %gm, %dca : f64
    %dk = arith.subf %v, %ek : f64
    %gw = arith.mulf %gk, %w : f64
    %ik = arith.mulf %gw, %dk : f64
    %dl = arith.subf %v, %el : f64
    %il = arith.mulf %gl, %dl : f64
    %s0 = arith.subf %current, %ica : f64
    %s1 = arith.subf %s0, %ik : f64
    %s2 = arith.subf %s1, %il : f64
    %dv = arith.divf %s2, %c : f64
    %e0 = arith.subf %winf, %w : f64
    %e1 = arith.mulf %phi, %e0 : f64
    %dw = arith.mulf %e1, %rate : f64
    dyn.yield %dv, %dw : f64, f64
  } -> f64, f64
  return %r#0, %r#1 : f64, f64
})";
  auto dv = [](double v, double w) {
    double m = 0.5 * (1 + std::tanh((v + 1.2) / 18));
    return (90 - 4.4 * m * (v - 120) - 8 * w * (v + 84) - 2 * (v + 60)) / 20;
  };
  auto dw = [](double v, double w) {
    return 0.04 * (0.5 * (1 + std::tanh((v - 2) / 30)) - w) * std::cosh((v - 2) / 60);
  };
  for (double v : {-55.0, -10.0, 25.0}) {
    double w = 0.2, dt = 0.25, eps = 1e-4;
    double lv = (dv(v + eps, w) - dv(v - eps, w)) / (2 * eps), lw = (dw(v, w + eps) - dw(v, w - eps)) / (2 * eps);
    Outcome out = run(text, {number(v), number(w), number(90)});
    INFO(out.error);
    REQUIRE(out.results);
    // Central differences with eps = 1e-4 err by about 1e-10 of the slope.
    CHECK(out[0].values[0] == Approx(v + std::expm1(dt * lv) / lv * dv(v, w)).epsilon(1e-10));
    CHECK(out[1].values[0] == Approx(w + std::expm1(dt * lw) / lw * dw(v, w)).epsilon(1e-10));
  }
}

TEST_CASE("slopes pass through products and reductions, elements of a state seeded together") {
  // y' = y W + sum(y): the slope of element j is the sum of column j of W, plus 2 for the sum of two elements.
  Outcome out = runBody("tensor<1x2xf64>; tensor<2x2xf64>", "tensor<1x2xf64>", R"(
%t = arith.constant 0.0 : f64
%y = dyn.integrate "exp_euler" at %t : f64 step 0.1 (%a : tensor<1x2xf64>) {
^bb0(%s: f64, %v: tensor<1x2xf64>):
  %zero = arith.constant dense<0.0> : tensor<1xf64>
  %sum = linalg.reduce { arith.addf } ins(%v : tensor<1x2xf64>) outs(%zero : tensor<1xf64>) dimensions = [1]
  %e = tensor.empty() : tensor<1x2xf64>
  %sums = linalg.broadcast ins(%sum : tensor<1xf64>) outs(%e : tensor<1x2xf64>) dimensions = [1]
  %dv = linalg.matmul ins(%v, %b : tensor<1x2xf64>, tensor<2x2xf64>) outs(%sums : tensor<1x2xf64>) -> tensor<1x2xf64>
  dyn.yield %dv : tensor<1x2xf64>
} -> tensor<1x2xf64>)",
                        {Array::real({1, 2}, {1, 2}), Array::real({2, 2}, {1, -2, 3, -4})});
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values[0] == Approx(1 + std::expm1(0.1 * 6) / 6 * 10).epsilon(1e-14));
  CHECK(out[0].values[1] == Approx(2 + std::expm1(0.1 * -4) / -4 * -7).epsilon(1e-14));
}

TEST_CASE("exp_euler inside the equations of exp_euler is an error") {
  Outcome out = integrate(R"(
%t = arith.constant 0.0 : f64
%y = dyn.integrate "exp_euler" at %t : f64 step 0.1 (%a : tensor<2xf64>) {
^bb0(%s: f64, %v: tensor<2xf64>):
  %z = dyn.integrate "exp_euler" at %s : f64 step 0.1 (%v : tensor<2xf64>) {
  ^bb0(%q: f64, %u: tensor<2xf64>):
    dyn.yield %u : tensor<2xf64>
  } -> tensor<2xf64>
  dyn.yield %z : tensor<2xf64>
} -> tensor<2xf64>)",
                          {1, 1});
  CHECK_FALSE(out.results);
  CHECK(out.error.find("second derivatives") != std::string::npos);
}
