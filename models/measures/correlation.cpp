// SPDX-License-Identifier: Apache-2.0
// What is measured of recorded potentials, rates and matrices.
#include "models/measures/correlation.h"

#include <cmath>

namespace overtime {
namespace {

/// The columns of [T, N], each less its mean, one after the other: T numbers for each. A constant column is exactly 0,
/// whatever the rounding of its mean, since its first number is taken away before.
std::vector<double> centred_columns(const Tensor &x, const char *what, SourceLocation at) {
  if (x.rank() != 2 || x.size() == 0)
    throw Error(ErrorKind::Shape, std::string(what) + " takes [T, N] with numbers in it, got " + to_string(x.shape()),
                at);
  std::int64_t steps = x.shape()[0], n = x.shape()[1];
  std::vector<double> columns(static_cast<std::size_t>(x.size()));
  for (std::int64_t c = 0; c < n; ++c) {
    double mean = 0.0;
    for (std::int64_t k = 0; k < steps; ++k)
      mean += x[k * n + c] - x[c];
    mean /= static_cast<double>(steps);
    for (std::int64_t k = 0; k < steps; ++k)
      columns[static_cast<std::size_t>(c * steps + k)] = x[k * n + c] - x[c] - mean;
  }
  return columns;
}

double dot(const double *a, const double *b, std::int64_t size) {
  double sum = 0.0;
  for (std::int64_t k = 0; k < size; ++k)
    sum += a[k] * b[k];
  return sum;
}

/// Pearson correlation with weights; NaN when one of both does not vary.
double pearson(const std::vector<double> &x, const std::vector<double> &y, const std::vector<double> &w) {
  double total = 0.0, mean_x = 0.0, mean_y = 0.0, xx = 0.0, yy = 0.0, xy = 0.0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    total += w[k];
    mean_x += w[k] * x[k];
    mean_y += w[k] * y[k];
  }
  mean_x /= total;
  mean_y /= total;
  for (std::size_t k = 0; k < x.size(); ++k) {
    double dx = x[k] - mean_x, dy = y[k] - mean_y;
    xx += w[k] * dx * dx;
    yy += w[k] * dy * dy;
    xy += w[k] * dx * dy;
  }
  return xy / std::sqrt(xx * yy);
}

std::vector<double> upper_triangle(const Tensor &x) {
  std::vector<double> numbers;
  std::int64_t n = x.shape()[0];
  for (std::int64_t row = 0; row < n; ++row)
    for (std::int64_t column = row + 1; column < n; ++column)
      numbers.push_back(x[row * n + column]);
  return numbers;
}

std::vector<double> numbers_of(const Tensor &x) {
  std::vector<double> numbers;
  for (std::int64_t k = 0; k < x.size(); ++k)
    numbers.push_back(x[k]);
  return numbers;
}

} // namespace

double voltage_fluctuation(const Tensor &V, std::source_location at) {
  std::vector<double> columns = centred_columns(V, "voltage_fluctuation", at);
  std::int64_t steps = V.shape()[0], n = V.shape()[1];
  std::vector<double> mean(static_cast<std::size_t>(steps));
  for (std::size_t k = 0; k < columns.size(); ++k)
    mean[k % mean.size()] += columns[k] / static_cast<double>(n);
  double common = dot(mean.data(), mean.data(), steps);
  double own = dot(columns.data(), columns.data(), steps * n) / static_cast<double>(n);
  return own == 0.0 ? 1.0 : common / own;
}

Tensor functional_connectivity(const Tensor &activity, std::source_location at) {
  std::vector<double> columns = centred_columns(activity, "functional_connectivity", at);
  std::int64_t steps = activity.shape()[0], n = activity.shape()[1];
  auto column = [&](std::int64_t c) { return columns.data() + c * steps; };
  std::vector<double> length;
  for (std::int64_t c = 0; c < n; ++c)
    length.push_back(std::sqrt(dot(column(c), column(c), steps)));
  Tensor correlation(Shape{n, n}, f64);
  for (std::int64_t a = 0; a < n; ++a)
    for (std::int64_t b = 0; b <= a; ++b) {
      double both = length[static_cast<std::size_t>(a)] * length[static_cast<std::size_t>(b)];
      double r = both == 0.0 ? 0.0 : a == b ? 1.0 : dot(column(a), column(b), steps) / both;
      correlation.set(a * n + b, r);
      correlation.set(b * n + a, r);
    }
  return correlation;
}

double matrix_correlation(const Tensor &x, const Tensor &y, std::source_location at) {
  if (x.rank() != 2 || x.shape()[0] != x.shape()[1] || x.shape() != y.shape() || x.shape()[0] < 3)
    throw Error(ErrorKind::Shape,
                "matrix_correlation takes two square matrices of one size, 3 rows or more, got " +
                    to_string(x.shape()) + " and " + to_string(y.shape()),
                at);
  std::vector<double> a = upper_triangle(x);
  return pearson(a, upper_triangle(y), std::vector<double>(a.size(), 1.0));
}

double weighted_correlation(const Tensor &x, const Tensor &y, const Tensor &weights, std::source_location at) {
  if (x.shape() != y.shape() || x.shape() != weights.shape())
    throw Error(ErrorKind::Shape,
                "weighted_correlation takes arrays of one shape, got " + to_string(x.shape()) + ", " +
                    to_string(y.shape()) + " and weights " + to_string(weights.shape()),
                at);
  double total = 0.0;
  for (std::int64_t k = 0; k < weights.size(); ++k) {
    if (!(weights[k] >= 0.0))
      throw Error(ErrorKind::Value,
                  "weight " + std::to_string(k) + " is " + std::to_string(weights[k]) + "; weights are 0 or more", at);
    total += weights[k];
  }
  if (total == 0.0)
    throw Error(ErrorKind::Value, "all weights are 0", at);
  return pearson(numbers_of(x), numbers_of(y), numbers_of(weights));
}

} // namespace overtime
