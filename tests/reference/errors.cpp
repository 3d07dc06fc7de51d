// SPDX-License-Identifier: Apache-2.0
// What the interpreter refuses, and how it says so.
#include "tests/reference/run.h"

#include <catch2/catch.hpp>

using namespace overtime::reference;

TEST_CASE("an operation without a rule is named with its place") {
  Outcome out = runBody("f64", "f64", "%y = math.cbrt %a : f64", {number(1)});
  CHECK_FALSE(out.results);
  CHECK(out.error == "model.mlir:2:6: error: 'math.cbrt' has no rule in the reference interpreter; add one in "
                     "compiler/reference");
}

TEST_CASE("arguments are checked") {
  auto errorFor = [](std::vector<Array> args) {
    Outcome out = runBody("tensor<2xi1>", "tensor<2xi1>", "%y = arith.andi %a, %a : tensor<2xi1>", std::move(args));
    CHECK_FALSE(out.results);
    return out.error;
  };
  std::string start = "model.mlir:1:1: error: ";
  CHECK(errorFor({}) == start + "function 'f' takes 1 arguments, 0 given");
  CHECK(errorFor({Array::real({2}, {0, 1})}) == start + "argument 0 of 'f' is real, expected bool (tensor<2xi1>)");
  CHECK(errorFor({Array::boolean({3}, {0, 1, 1})}) == start + "argument 0 of 'f' has shape [3], expected tensor<2xi1>");
  CHECK(errorFor({Array::boolean({2}, {1})}) == start + "argument 0 of 'f' has 1 elements for shape [2], expected 2");
  CHECK(errorFor({Array::boolean({2}, {1, 2})}) ==
        start + "argument 0 of 'f' has 2 at element 1, which i1 cannot hold");
  CHECK_FALSE(run("func.func @g() { return }").results);
  CHECK_FALSE(run("func.func private @f()").results);
}

TEST_CASE("values may stand for ints") {
  Array truth{{2}, {1, 0}, {}, Array::Kind::Bool};
  Outcome out = runBody("tensor<2xi1>", "tensor<2xi1>", "%y = arith.andi %a, %a : tensor<2xi1>", {truth});
  REQUIRE(out.results);
  CHECK(out[0].ints == std::vector<std::int64_t>{1, 0});
}

TEST_CASE("a module that does not verify is refused") {
  Outcome out = runBody("f64", "f64", R"(
%y = dyn.integrate "no_such_method" at %a : f64 step 0.1 (%a : f64) {
^bb0(%s: f64, %v: f64):
  dyn.yield %v : f64
} -> f64)",
                        {number(1)});
  CHECK_FALSE(out.results);
  CHECK(out.error.find("no_such_method") != std::string::npos);
}

TEST_CASE("types and sizes that cannot be held are refused") {
  CHECK(runBody("f64", "f16", "%y = arith.truncf %a : f64 to f16", {number(1)}).error.find("uses type f16") !=
        std::string::npos);
  CHECK(runBody("f64", "tensor<1099511627776xf64>", "%y = tensor.splat %a : tensor<1099511627776xf64>", {number(1)})
            .error.find("2^26") != std::string::npos);
  CHECK(runBody("index", "tensor<?xf64>", "%y = tensor.empty(%a) : tensor<?xf64>", {count(-1)})
            .error.find("negative extent") != std::string::npos);
  CHECK(runBody("tensor<2xf64>; index", "f64", "%y = tensor.extract %a[%b] : tensor<2xf64>",
                {Array::real({2}, {1, 2}), count(2)})
            .error.find("outside") != std::string::npos);
}
