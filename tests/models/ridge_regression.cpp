// SPDX-License-Identifier: Apache-2.0
// Ridge regression: the equations that its solution obeys, samples in parts, and what cannot be solved.
#include "models/readout/ridge_regression.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace overtime;

namespace {

constexpr std::int64_t T = 1300, n = 7, m = 2; // two blocks of 512 samples and a part

/// The largest element of X^T (X W - Y) + alpha W, which is 0 at the minimum, relative to that of X^T Y.
double residual(const Tensor &X, const Tensor &Y, const Tensor &W, double alpha) {
  std::int64_t N = W.shape()[0], M = W.shape()[1], samples = X.size() / N;
  double worst = 0, scale = 0;
  for (std::int64_t i = 0; i < N; ++i)
    for (std::int64_t j = 0; j < M; ++j) {
      long double gradient = alpha * W[i * M + j], product = 0;
      for (std::int64_t t = 0; t < samples; ++t) {
        long double fit = 0;
        for (std::int64_t k = 0; k < N; ++k)
          fit += static_cast<long double>(X[t * N + k]) * W[k * M + j];
        gradient += X[t * N + i] * (fit - Y[t * M + j]);
        product += X[t * N + i] * Y[t * M + j];
      }
      worst = std::max(worst, static_cast<double>(std::abs(gradient)));
      scale = std::max(scale, static_cast<double>(std::abs(product)));
    }
  return worst / scale;
}

} // namespace

TEST_CASE("ridge regression is where the gradient of its sum of squares is zero", "[ridge]") {
  for (DType type : {f64, f32}) {
    Tensor X = Tensor::normal({T, n}, 0.5, 1, 1, type), Y = Tensor::normal({T, m}, 0.3, 1, 2, type);
    for (double alpha : {0.0, 1e-3, 100.0}) {
      INFO(name_of(type) << ", alpha " << alpha);
      Tensor W = ridge_regression(X, Y, alpha);
      CHECK(W.shape() == Shape{n, m});
      CHECK(W.dtype() == f64);
      CHECK(residual(X, Y, W, alpha) < 1e-13);
    }
    // Axes before the last are samples.
    Tensor W = ridge_regression(X, Y, 1), batch = ridge_regression(X.reshape({130, 10, n}), Y.reshape({130, 10, m}), 1);
    for (std::int64_t k = 0; k < W.size(); ++k)
      CHECK(batch[k] == W[k]);
  }
}

TEST_CASE("ridge regression finds what made the data", "[ridge]") {
  Tensor X = Tensor::normal({T, 3}, 0, 1, 1, f64), Y({T, 1}, f64);
  for (std::int64_t t = 0; t < T; ++t)
    Y.set(t, 2 * X[3 * t] - 0.5 * X[3 * t + 1] + 7 * X[3 * t + 2]);
  Tensor W = ridge_regression(X, Y, 0);
  CHECK(W[0] == Approx(2).epsilon(1e-13));
  CHECK(W[1] == Approx(-0.5).epsilon(1e-13));
  CHECK(W[2] == Approx(7).epsilon(1e-13));
  Tensor shrunk = ridge_regression(X, Y, 1e6);
  for (std::int64_t k = 0; k < 3; ++k)
    CHECK(std::abs(shrunk[k]) < 0.01);
}

TEST_CASE("samples may come in parts, and alphas be compared", "[ridge]") {
  Tensor X = Tensor::normal({T, n}, 0.5, 1, 1), Y = Tensor::normal({T, m}, 0.3, 1, 2);
  RidgeRegression parts(n, m);
  for (std::int64_t begin = 0; begin < T; begin += 300)
    parts.add(X.rows(begin, std::min(begin + 300, T)), Y.rows(begin, std::min(begin + 300, T)));
  CHECK(parts.samples() == T);
  for (double alpha : {1.0, 10.0}) {
    Tensor W = parts.solve(alpha), whole = ridge_regression(X, Y, alpha);
    for (std::int64_t k = 0; k < W.size(); ++k)
      CHECK(W[k] == Approx(whole[k]).epsilon(1e-12));
  }
}

TEST_CASE("ridge regression refuses what does not fit and what cannot be solved", "[ridge]") {
  Tensor X = Tensor::normal({20, 3}, 0, 1, 1), Y = Tensor::normal({20, 1}, 0, 1, 2);
  CHECK_THROWS_WITH(ridge_regression(X, Tensor::zeros({19, 1}), 1),
                    Catch::Contains("ridge_regression.cpp:") && Catch::Contains("X [20, 3] and Y [19, 1]"));
  CHECK_THROWS_WITH(ridge_regression(X, Tensor(1.0), 1), Catch::Contains("X [.., N] and Y [.., M]"));
  CHECK_THROWS_WITH(ridge_regression(X, Y.to(i64), 1), Catch::Contains("Y is i64"));
  CHECK_THROWS_WITH(ridge_regression(X, Y, -1), Catch::Contains("from 0 up, got -1"));
  RidgeRegression ridge(4, 1);
  CHECK_THROWS_WITH(ridge.add(X, Y), Catch::Contains("X has shape [20, 3], expected [.., 4]"));
  CHECK_THROWS_WITH(RidgeRegression(0, 1), Catch::Contains("at least one input"));
  Tensor twice({20, 2}, f64); // two columns that are one
  for (std::int64_t t = 0; t < 20; ++t)
    for (std::int64_t k = 0; k < 2; ++k)
      twice.set(2 * t + k, 0.1 * static_cast<double>(t) + 0.3);
  CHECK_THROWS_WITH(ridge_regression(twice, Y, 0), Catch::Contains("alpha = 0 and 20 samples of 2 numbers"));
  CHECK(ridge_regression(twice, Y, 1e-6)[0] == Approx(ridge_regression(twice, Y, 1e-6)[1]).epsilon(1e-6));
  X.set(4, std::numeric_limits<double>::quiet_NaN());
  CHECK_THROWS_WITH(ridge_regression(X, Y, 1), Catch::Contains("not finite"));
}
