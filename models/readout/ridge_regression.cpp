// SPDX-License-Identifier: Apache-2.0
// Ridge regression: the linear readout of a recording, on the host.
#include "models/readout/ridge_regression.h"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace overtime {
namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::int64_t block = 512; // samples in f64 at a time: a few MB, beyond which sums are no faster

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  return text;
}

/// Samples of [.., width].
std::int64_t samples_of(const Tensor &x, const char *name, std::int64_t width, std::source_location at) {
  if (x.rank() < 1 || x.shape().back() != width)
    throw Error(ErrorKind::Shape,
                std::string(name) + " has shape " + to_string(x.shape()) + ", expected [.., " + std::to_string(width) +
                    "]",
                at);
  if (x.dtype() != f32 && x.dtype() != f64)
    throw Error(ErrorKind::DType,
                std::string(name) + " is " + name_of(x.dtype()) + ", expected f32 or f64; convert it with to(f64)", at);
  return x.size() / width;
}

template <class T> void copy_rows(const Tensor &x, std::int64_t begin, Rows &rows) {
  auto from =
      x.values<T>().subspan(static_cast<std::size_t>(begin * rows.cols()), static_cast<std::size_t>(rows.size()));
  std::ranges::copy(from, rows.data());
}
void read_rows(const Tensor &x, std::int64_t begin, std::int64_t count, std::int64_t width, Rows &rows) {
  rows.resize(count, width);
  x.dtype() == f32 ? copy_rows<float>(x, begin, rows) : copy_rows<double>(x, begin, rows);
}

} // namespace

struct RidgeRegression::Sums {
  Eigen::MatrixXd XX, XY; // X^T X, of which the lower half counts, and X^T Y
  std::int64_t samples = 0;
};

RidgeRegression::RidgeRegression(std::int64_t n, std::int64_t m, At at) {
  if (n < 1 || m < 1)
    throw Error(ErrorKind::Value,
                "a ridge regression needs at least one input and one output, got " + std::to_string(n) + " and " +
                    std::to_string(m),
                at);
  sums_.reset(new Sums{Eigen::MatrixXd::Zero(n, n), Eigen::MatrixXd::Zero(n, m), 0});
}
RidgeRegression::~RidgeRegression() = default;
RidgeRegression::RidgeRegression(RidgeRegression &&) noexcept = default;

std::int64_t RidgeRegression::samples() const { return sums_->samples; }

void RidgeRegression::add(const Tensor &X, const Tensor &Y, At at) {
  const std::int64_t n = sums_->XX.rows(), m = sums_->XY.cols();
  const std::int64_t samples = samples_of(X, "X", n, at);
  samples_of(Y, "Y", m, at);
  if (!std::equal(X.shape().begin(), X.shape().end() - 1, Y.shape().begin(), Y.shape().end() - 1))
    throw Error(ErrorKind::Shape,
                "X " + to_string(X.shape()) + " and Y " + to_string(Y.shape()) +
                    " have other samples; all axes but the " + "last must agree",
                at);
  Rows x, y;
  for (std::int64_t begin = 0; begin < samples; begin += block) {
    std::int64_t count = std::min(block, samples - begin);
    read_rows(X, begin, count, n, x);
    read_rows(Y, begin, count, m, y);
    sums_->XX.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
    sums_->XY.noalias() += x.transpose() * y;
  }
  sums_->samples += samples;
}

Tensor RidgeRegression::solve(double alpha, At at) const {
  if (!(alpha >= 0.0 && std::isfinite(alpha)))
    throw Error(ErrorKind::Value, "alpha is a number from 0 up, got " + number(alpha), at);
  if (!sums_->XX.allFinite() || !sums_->XY.allFinite())
    throw Error(ErrorKind::Value, "X or Y has a number that is not finite, or too large to be squared", at);
  Eigen::MatrixXd regular = sums_->XX;
  regular.diagonal().array() += alpha;
  Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Lower> factors(regular); // in place
  // Columns that depend on each other may pass with rounding errors on the diagonal.
  Eigen::VectorXd pivots = factors.matrixLLT().diagonal().cwiseAbs2();
  double rounding = alpha > 0.0 ? 0.0 : 0x1p-52 * static_cast<double>(regular.rows()) * pivots.maxCoeff();
  if (factors.info() != Eigen::Success || !(pivots.minCoeff() > rounding))
    throw Error(ErrorKind::Value,
                "X^T X + alpha I cannot be solved in f64, with alpha = " + number(alpha) + " and " +
                    std::to_string(sums_->samples) + " samples of " + std::to_string(regular.rows()) +
                    " numbers; give a larger alpha",
                at);
  Rows W = factors.solve(sums_->XY);
  return Tensor::of({W.rows(), W.cols()}, {W.data(), static_cast<std::size_t>(W.size())}, f64);
}

Tensor ridge_regression(const Tensor &X, const Tensor &Y, double alpha, std::source_location at) {
  if (X.rank() < 1 || Y.rank() < 1)
    throw Error(ErrorKind::Shape,
                "ridge regression takes X [.., N] and Y [.., M], got " + to_string(X.shape()) + " and " +
                    to_string(Y.shape()),
                at);
  RidgeRegression ridge(X.shape().back(), Y.shape().back(), at);
  ridge.add(X, Y, at);
  return ridge.solve(alpha, at);
}

} // namespace overtime
