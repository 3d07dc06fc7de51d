// SPDX-License-Identifier: Apache-2.0
// Shapes, products, reductions and generic operations, by hand-computed numbers.
#include "tests/reference/run.h"

#include <catch2/catch.hpp>

using namespace overtime::reference;
using Ints = std::vector<std::int64_t>;
using Reals = std::vector<double>;

namespace {
const Array grid = Array::real({2, 3}, {1, 2, 3, 4, 5, 6});
}

TEST_CASE("matmul adds the product to its third operand") {
  Array b = Array::real({3, 2}, {1, 0, 0, 1, 1, 1});
  std::string product = "%y = linalg.matmul ins(%a, %b : tensor<2x3xf64>, tensor<3x2xf64>) "
                        "outs(%c : tensor<2x2xf64>) -> tensor<2x2xf64>";
  Outcome out = runBody("tensor<2x3xf64>; tensor<3x2xf64>; tensor<2x2xf64>", "tensor<2x2xf64>", product,
                        {grid, b, Array::real({2, 2}, {10, 20, 30, 40})});
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{14, 25, 40, 51});
}

TEST_CASE("matmul with transposing maps goes through its region") {
  std::string product = R"(
%c = arith.constant dense<0.0> : tensor<2x2xf64>
%y = linalg.matmul
  indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
  ins(%a, %a : tensor<2x3xf64>, tensor<2x3xf64>) outs(%c : tensor<2x2xf64>) -> tensor<2x2xf64>)";
  Outcome out = runBody("tensor<2x3xf64>", "tensor<2x2xf64>", product, {grid});
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{14, 32, 32, 77});
}

TEST_CASE("fill, broadcast and transpose") {
  Outcome out = run(R"(
func.func @f(%a: tensor<2x3xf64>, %v: tensor<3xf64>, %s: f64) -> (tensor<2x3xf64>, tensor<3x2xf64>, tensor<2x2xf64>) {
  %e = tensor.empty() : tensor<2x3xf64>
  %b = linalg.broadcast ins(%v : tensor<3xf64>) outs(%e : tensor<2x3xf64>) dimensions = [0]
  %g = tensor.empty() : tensor<3x2xf64>
  %t = linalg.transpose ins(%a : tensor<2x3xf64>) outs(%g : tensor<3x2xf64>) permutation = [1, 0]
  %h = tensor.empty() : tensor<2x2xf64>
  %u = linalg.fill ins(%s : f64) outs(%h : tensor<2x2xf64>) -> tensor<2x2xf64>
  return %b, %t, %u : tensor<2x3xf64>, tensor<3x2xf64>, tensor<2x2xf64>
})",
                    {grid, Array::real({3}, {7, 8, 9}), number(5)});
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{7, 8, 9, 7, 8, 9});
  CHECK(out[1].values == Reals{1, 4, 2, 5, 3, 6});
  CHECK(out[2].values == Reals{5, 5, 5, 5});
}

TEST_CASE("reduce runs its region") {
  std::string reduce = R"(
%zero = arith.constant dense<0.0> : tensor<2xf64>
%y = linalg.reduce ins(%a : tensor<2x3xf64>) outs(%zero : tensor<2xf64>) dimensions = [1]
  (%in: f64, %sum: f64) {
    %square = arith.mulf %in, %in : f64
    %next = arith.addf %sum, %square : f64
    linalg.yield %next : f64
  })";
  Outcome out = runBody("tensor<2x3xf64>", "tensor<2xf64>", reduce, {grid});
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{14, 77});
}

TEST_CASE("generic reads linalg.index and arbitrary maps") {
  std::string generic = R"(
%e = tensor.empty() : tensor<3x2xf64>
%y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>],
                     iterator_types = ["parallel", "parallel"]}
  ins(%a : tensor<2x3xf64>) outs(%e : tensor<3x2xf64>) {
^bb0(%in: f64, %out: f64):
  %i = linalg.index 0 : index
  %n = arith.index_cast %i : index to i64
  %x = arith.sitofp %n : i64 to f64
  %z = arith.addf %in, %x : f64
  linalg.yield %z : f64
} -> tensor<3x2xf64>)";
  Outcome out = runBody("tensor<2x3xf64>", "tensor<3x2xf64>", generic, {grid});
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{1, 4, 3, 6, 5, 8});
}

TEST_CASE("slices, concatenation and reshapes") {
  Outcome out = run(R"(
func.func @f(%a: tensor<2x3xf64>) -> (tensor<2xf64>, tensor<2x5xf64>, tensor<6xf64>, tensor<3x2xf64>, f64) {
  %s = tensor.extract_slice %a[0, 1] [2, 2] [1, 1] : tensor<2x3xf64> to tensor<2x2xf64>
  %column = tensor.extract_slice %a[0, 2] [2, 1] [1, 1] : tensor<2x3xf64> to tensor<2xf64>
  %c = tensor.concat dim(1) %a, %s : (tensor<2x3xf64>, tensor<2x2xf64>) -> tensor<2x5xf64>
  %flat = tensor.collapse_shape %a [[0, 1]] : tensor<2x3xf64> into tensor<6xf64>
  %x = tensor.expand_shape %flat [[0, 1]] output_shape [3, 2] : tensor<6xf64> into tensor<3x2xf64>
  %one = arith.constant 1 : index
  %e = tensor.extract %a[%one, %one] : tensor<2x3xf64>
  return %column, %c, %flat, %x, %e : tensor<2xf64>, tensor<2x5xf64>, tensor<6xf64>, tensor<3x2xf64>, f64
})",
                    {grid});
  INFO(out.error);
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{3, 6});
  CHECK(out[1].values == Reals{1, 2, 3, 2, 3, 4, 5, 6, 5, 6});
  CHECK(out[2].shape == Ints{6});
  CHECK(out[3].shape == Ints{3, 2});
  CHECK(out[4].values == Reals{5});
}

TEST_CASE("dynamic shapes come from the data") {
  Outcome out = runBody("tensor<?x3xf64>", "tensor<2x3xf64>", R"(
%s = arith.addf %a, %a : tensor<?x3xf64>
%y = tensor.cast %s : tensor<?x3xf64> to tensor<2x3xf64>)",
                        {grid});
  REQUIRE(out.results);
  CHECK(out[0].values == Reals{2, 4, 6, 8, 10, 12});
  Outcome lie =
      runBody("tensor<?x3xf64>", "tensor<4x3xf64>", "%y = tensor.cast %a : tensor<?x3xf64> to tensor<4x3xf64>", {grid});
  CHECK(lie.error == "model.mlir:2:6: error: 'tensor.cast' computes shape [2, 3] for a result of type "
                     "tensor<4x3xf64>");
}
