// SPDX-License-Identifier: Apache-2.0
// Elementwise rules: values against the C library, derivatives against central differences, integers exactly.
#include "tests/reference/run.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace overtime::reference;
using Ints = std::vector<std::int64_t>;

namespace {

constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

Outcome unary(const std::string &op, double x) {
  return runBody("f64", "f64", "%y = " + op + " %a : f64", {number(x)});
}

Outcome binary(const std::string &op, double a, double b) {
  return runBody("f64; f64", "f64", "%y = " + op + " %a, %b : f64", {number(a), number(b)});
}

Outcome integers(const std::string &op, const std::string &type, std::int64_t a, std::int64_t b) {
  return runBody(type + "; " + type, type, "%y = " + op + " %a, %b : " + type, {count(a), count(b)});
}

/// The slope that exp_euler uses for y' = f(y), recovered from its step: next = y + dt exprel(dt l) f.
double slopeOf(const std::string &body, double y, double f) {
  double dt = 1e-3;
  Outcome out =
      runBody("f64", "f64",
              "%t = arith.constant 0.0 : f64\n"
              "%c = arith.constant 0.7 : f64\n%n = arith.constant 3 : i32\n"
              "%y = dyn.integrate \"exp_euler\" at %t : f64 step 1.0e-03 (%a : f64) {\n^bb0(%s: f64, %x: f64):\n" +
                  body + "\n  dyn.yield %f : f64\n} -> f64",
              {number(y)});
  INFO(body << ": " << out.error);
  REQUIRE(out.results);
  double target = (out[0].values[0] - y) / (dt * f), z = 2 * (target - 1); // exprel(z) = 1 + z/2 + z^2/6 + ...
  for (int k = 0; k < 50; ++k)
    z -= (std::expm1(z) / z - target) / ((std::exp(z) - std::expm1(z) / z) / z);
  return z / dt;
}

} // namespace

TEST_CASE("functions agree with the C library") {
  CHECK(unary("math.exp", 0.3)[0].values[0] == std::exp(0.3));
  CHECK(unary("math.rsqrt", 4.0)[0].values[0] == 0.5);
  CHECK(unary("math.erf", 0.3)[0].values[0] == std::erf(0.3));
  CHECK(unary("dyn.exprel", 0.0)[0].values[0] == 1.0);
  CHECK(unary("dyn.exprel", 1.0)[0].values[0] == std::expm1(1.0));
  CHECK(binary("math.atan2", -1.0, 2.0)[0].values[0] == std::atan2(-1.0, 2.0));
  CHECK(binary("arith.remf", -7.5, 2.0)[0].values[0] == -1.5);
  for (double x : {-2.5, -1.5, -0.5, -0.2, 0.5, 0.7, 1.5, 2.5, 3.5})
    CHECK(unary("math.roundeven", x)[0].values[0] == std::nearbyint(x));
}

TEST_CASE("maximumf passes NaN on, maxnumf ignores it") {
  CHECK(std::isnan(binary("arith.maximumf", 1.0, notANumber)[0].values[0]));
  CHECK(binary("arith.maxnumf", 1.0, notANumber)[0].values[0] == 1.0);
  CHECK_FALSE(std::signbit(binary("arith.maximumf", -0.0, 0.0)[0].values[0]));
  CHECK(std::signbit(binary("arith.minimumf", 0.0, -0.0)[0].values[0]));
}

TEST_CASE("derivatives agree with central differences") {
  for (const char *op :
       {"math.exp",  "math.exp2",  "math.expm1", "math.log",  "math.log1p", "math.log2",  "math.log10",
        "math.tanh", "math.sinh",  "math.cosh",  "math.sin",  "math.cos",   "math.tan",   "math.atan",
        "math.sqrt", "math.rsqrt", "math.erf",   "math.erfc", "math.absf",  "arith.negf", "dyn.exprel"})
    for (double x : {0.4, 1.3}) {
      double eps = 1e-5, f = unary(op, x)[0].values[0];
      double slope = (unary(op, x + eps)[0].values[0] - unary(op, x - eps)[0].values[0]) / (2 * eps);
      // The step is known to 1e-16 and the slope enters it times dt / 2: about 1e-9 can be recovered.
      CHECK(slopeOf(std::string("%f = ") + op + " %x : f64", x, f) == Approx(slope).epsilon(1e-6).margin(1e-7));
    }
}

TEST_CASE("derivatives of operations on two numbers") {
  double x = 1.3, c = 0.7;
  auto slope = [&](const std::string &op, double f) { return slopeOf("%f = " + op + " : f64", x, f); };
  CHECK(slope("arith.divf %c, %x", c / x) == Approx(-c / (x * x)).epsilon(1e-6));
  CHECK(slope("arith.divf %x, %c", x / c) == Approx(1 / c).epsilon(1e-6));
  CHECK(slope("arith.remf %x, %c", std::fmod(x, c)) == Approx(1).epsilon(1e-6));
  CHECK(slope("math.powf %x, %c", std::pow(x, c)) == Approx(c * std::pow(x, c - 1)).epsilon(1e-6));
  CHECK(slope("math.powf %c, %x", std::pow(c, x)) == Approx(std::pow(c, x) * std::log(c)).epsilon(1e-6));
  CHECK(slope("math.atan2 %x, %c", std::atan2(x, c)) == Approx(c / (x * x + c * c)).epsilon(1e-6));
  CHECK(slope("math.atan2 %c, %x", std::atan2(c, x)) == Approx(-c / (x * x + c * c)).epsilon(1e-6));
  CHECK(slope("math.fma %x, %x, %c", x * x + c) == Approx(2 * x).epsilon(1e-6));
  CHECK(slope("arith.maximumf %c, %x", x) == Approx(1).epsilon(1e-6));
  CHECK(slopeOf("%f = math.fpowi %x, %n : f64, i32", x, x * x * x) == Approx(3 * x * x).epsilon(1e-6));
}

TEST_CASE("integers wrap at their width and divide toward zero") {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  CHECK(integers("arith.subi", "i64", least, 1)[0].ints == Ints{std::numeric_limits<std::int64_t>::max()});
  CHECK(integers("arith.divsi", "i64", -7, 2)[0].ints == Ints{-3});
  CHECK(integers("arith.remsi", "i64", -7, 2)[0].ints == Ints{-1});
  CHECK(integers("arith.divsi", "i64", least, -1)[0].ints == Ints{least});
  CHECK(integers("arith.addi", "i8", 127, 1)[0].ints == Ints{-128});
  CHECK(integers("arith.shrui", "i32", -1, 28)[0].ints == Ints{15});
  CHECK(integers("arith.minsi", "i8", -7, 2)[0].ints == Ints{-7});
  CHECK(integers("arith.maxsi", "i64", -7, 2)[0].ints == Ints{2});
  CHECK(integers("arith.divsi", "i64", 1, 0).error.find("model.mlir:2:6: error: 'arith.divsi' divides") == 0);
}

TEST_CASE("conversions keep i1 apart from signed integers") {
  Array truth = Array::boolean({2}, {0, 1});
  CHECK(runBody("tensor<2xi1>", "tensor<2xi64>", "%y = arith.extui %a : tensor<2xi1> to tensor<2xi64>", {truth})[0]
            .ints == Ints{0, 1});
  CHECK(runBody("tensor<2xi1>", "tensor<2xi64>", "%y = arith.extsi %a : tensor<2xi1> to tensor<2xi64>", {truth})[0]
            .ints == Ints{0, -1});
  CHECK(runBody("tensor<2xi1>", "tensor<2xf32>", "%y = arith.uitofp %a : tensor<2xi1> to tensor<2xf32>", {truth})[0]
            .values == std::vector<double>{0, 1});
  CHECK(runBody("f64", "i64", "%y = arith.fptosi %a : f64 to i64", {number(-2.9)})[0].ints == Ints{-2});
  CHECK(runBody("i1", "tensor<2xf64>", R"(
%p = arith.constant dense<[1.0, 2.0]> : tensor<2xf64>
%q = arith.constant dense<3.0> : tensor<2xf64>
%y = arith.select %a, %p, %q : tensor<2xf64>)",
                {Array::boolean({}, {1})})[0]
            .values == std::vector<double>{1, 2});
}

TEST_CASE("comparisons with NaN are true only when unordered ones are") {
  for (auto [predicate, expected] : std::vector<std::pair<std::string, int>>{
           {"oeq", 0}, {"olt", 0}, {"one", 0}, {"ueq", 1}, {"une", 1}, {"ult", 1}, {"uno", 1}, {"ord", 0}})
    CHECK(
        runBody("f64; f64", "i1", "%y = arith.cmpf " + predicate + ", %a, %b : f64", {number(notANumber), number(1)})[0]
            .ints == Ints{expected});
}

TEST_CASE("f32 programs run in double unless rounding is asked for") {
  std::string body = "%y = arith.mulf %a, %a : f32";
  CHECK(runBody("f32", "f32", body, {number(0.1)})[0].values[0] == 0.1 * 0.1);
  CHECK(runBody("f32", "f32", body, {number(0.1)}, {.roundToF32 = true})[0].values[0] == double(0.1f * 0.1f));
}

TEST_CASE("random numbers are those of Philox") {
  std::string body = "%y = dyn.random \"uniform\" %a, %a stream 0 : tensor<2xf32>";
  Outcome out = runBody("i64", "tensor<2xf32>", body, {count(0)});
  REQUIRE(out.results);
  // First word of the known answer of Random123 for counter 0 and key 0: 6627e8d5.
  CHECK(out[0].values[0] == double(0x6627e8) * 0x1p-24);
  CHECK(out[0].values[1] != out[0].values[0]);
}
