// SPDX-License-Identifier: Apache-2.0
// The loop over time: carried, scanned and stacked values, the clock, and runs without steps.
#include "tests/reference/run.h"

#include <catch2/catch.hpp>

using namespace overtime::reference;
using Ints = std::vector<std::int64_t>;
using Reals = std::vector<double>;

namespace {

const char *runningSum = R"(
func.func @f(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<2xf32>, %x: tensor<?x2xf32>)
    -> (tensor<2xf32>, tensor<?x2xf32>, tensor<?x2xi1>, tensor<?xi64>, tensor<?xf32>) {
  %r:5 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%v0 : tensor<2xf32>) scan (%x : tensor<?x2xf32>) {
  ^bb0(%i: i64, %t: f32, %v: tensor<2xf32>, %xi: tensor<2xf32>):
    %next = arith.addf %v, %xi : tensor<2xf32>
    %limit = arith.constant dense<3.0> : tensor<2xf32>
    %spike = arith.cmpf oge, %next, %limit : tensor<2xf32>
    dyn.yield %next, %next, %spike, %i, %t : tensor<2xf32>, tensor<2xf32>, tensor<2xi1>, i64, f32
  } -> tensor<2xf32>, tensor<?x2xf32>, tensor<?x2xi1>, tensor<?xi64>, tensor<?xf32>
  return %r#0, %r#1, %r#2, %r#3, %r#4 : tensor<2xf32>, tensor<?x2xf32>, tensor<?x2xi1>, tensor<?xi64>, tensor<?xf32>
})";

Outcome runSum(std::int64_t steps, Reals x, std::int64_t i0 = 0, std::int64_t k0 = 0, double t0 = 0.0) {
  std::int64_t rows = std::int64_t(x.size()) / 2;
  return run(runningSum, {count(steps), count(i0), count(k0), number(t0), Array::real({2}, {1, 0}),
                          Array::real({rows, 2}, std::move(x))});
}

} // namespace

TEST_CASE("a loop carries, scans and stacks") {
  Outcome out = runSum(3, {1, 1, 1, 1, 1, 1}, 7);
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{4, 3});
  CHECK(out[1].shape == Ints{3, 2});
  CHECK(out[1].values == Reals{2, 1, 3, 2, 4, 3});
  CHECK(out[2].kind == Array::Kind::Bool);
  CHECK(out[2].ints == Ints{0, 0, 1, 0, 1, 1});
  CHECK(out[2].values == Reals{0, 0, 1, 0, 1, 1});
  CHECK(out[3].ints == Ints{7, 8, 9});
}

TEST_CASE("time is t0 + (k0 + k) dt in double, then rounded to the type of the loop") {
  Outcome out = runSum(2, {0, 0, 0, 0}, 0, 1000003, 0.5);
  REQUIRE(out.results);
  CHECK(out[4].values == Reals{double(float(0.5 + 1000003 * 0.1)), double(float(0.5 + 1000004 * 0.1))});
}

TEST_CASE("a run without steps returns the inits and empty stacks") {
  Outcome out = runSum(0, {});
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{1, 0});
  CHECK(out[1].shape == Ints{0, 2});
  CHECK(out[2].ints.empty());
  CHECK(out[4].shape == Ints{0});
}

TEST_CASE("an i64 state is exact beyond 2^53") {
  Outcome out = run(R"(
func.func @f(%steps: index, %i0: i64, %n0: i64) -> i64 {
  %t0 = arith.constant 0.0 : f64
  %n = dyn.loop_over_time %steps from (%i0, %i0, %t0) step 1.0 carry (%n0 : i64) {
  ^bb0(%i: i64, %t: f64, %n: i64):
    %one = arith.constant 1 : i64
    %next = arith.addi %n, %one : i64
    dyn.yield %next : i64
  } -> i64
  return %n : i64
})",
                    {count(3), count(0), count((std::int64_t(1) << 53) + 1)});
  REQUIRE(out.results);
  CHECK(out[0].ints == Ints{(std::int64_t(1) << 53) + 4});
}

TEST_CASE("a scanned tensor with too few rows is an error at the loop") {
  Outcome out = runSum(3, {1, 1, 1, 1});
  CHECK_FALSE(out.results);
  CHECK(out.error == "model.mlir:4:10: error: 'dyn.loop_over_time' runs 3 steps, but scanned tensor 0 has 2 rows");
  CHECK_FALSE(runSum(-1, {}).results);
}
