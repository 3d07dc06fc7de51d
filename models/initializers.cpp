// SPDX-License-Identifier: Apache-2.0
// Initial values drawn from distributions. Everything is computed in double, so that f32 and f64 runs start alike.
#include "models/initializers.h"

#include <cmath>
#include <numbers>

namespace overtime {
namespace {

/// Probability that a standard normal number is below x.
double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// Inverse of normal_cdf for |x| <= 2. Newton's method from 0 approaches the root from one side, because the function
/// is concave above 0 and convex below.
double inverse_normal_cdf(double p) {
  double x = 0.0;
  for (int k = 0; k < 40; ++k) {
    double density = std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    double step = (p - normal_cdf(x)) / density;
    x += step;
    if (std::abs(step) < 1e-14)
      break;
  }
  return x;
}

struct Fans {
  double in, out;
};
Fans fans_of(const Shape &shape, const char *initializer) {
  if (shape.size() < 2)
    throw Error(ErrorKind::Shape, std::string(initializer) + " needs a weight with at least two axes, got shape " +
                                      to_string(shape) + "; use normal() or uniform()");
  double field = 1.0;
  for (std::size_t d = 0; d + 2 < shape.size(); ++d)
    field *= static_cast<double>(shape[d]);
  return {field * static_cast<double>(shape[shape.size() - 2]), field * static_cast<double>(shape.back())};
}

/// Normal numbers cut at two standard deviations of the uncut distribution.
Tensor truncated_normal(const Shape &shape, double deviation, std::uint64_t seed) {
  constexpr double after_cut = 0.87962566103423978; // deviation of a standard normal cut at -2 and 2
  const double low = normal_cdf(-2.0), high = normal_cdf(2.0);
  Tensor drawn = Tensor::uniform(shape, low, high, seed, f64);
  for (double &x : drawn.values<double>())
    x = inverse_normal_cdf(x) * deviation / after_cut;
  return drawn;
}

/// Subtracts from column k its parts along the columns before it.
void subtract_projections(std::span<double> q, std::int64_t rows, std::int64_t columns, std::int64_t k) {
  for (std::int64_t j = 0; j < k; ++j) {
    double along = 0.0;
    for (std::int64_t r = 0; r < rows; ++r)
      along += q[r * columns + j] * q[r * columns + k];
    for (std::int64_t r = 0; r < rows; ++r)
      q[r * columns + k] -= along * q[r * columns + j];
  }
}

/// Makes the columns of a [rows, columns] matrix orthonormal, rows >= columns. This is the Q of a QR factorisation
/// whose R has a positive diagonal. Two rounds of Gram-Schmidt keep the columns orthogonal to rounding.
void orthonormalize(std::span<double> q, std::int64_t rows, std::int64_t columns) {
  for (std::int64_t k = 0; k < columns; ++k) {
    subtract_projections(q, rows, columns, k);
    subtract_projections(q, rows, columns, k);
    double length = 0.0;
    for (std::int64_t r = 0; r < rows; ++r)
      length += q[r * columns + k] * q[r * columns + k];
    length = std::sqrt(length);
    for (std::int64_t r = 0; r < rows; ++r)
      q[r * columns + k] /= length;
  }
}

} // namespace

Initializer constant(double value) {
  return [=](const Shape &shape, std::uint64_t) { return Tensor::full(shape, value, f64); };
}
Initializer uniform(double low, double high) {
  return [=](const Shape &shape, std::uint64_t seed) { return Tensor::uniform(shape, low, high, seed, f64); };
}
Initializer normal(double mean, double deviation) {
  return [=](const Shape &shape, std::uint64_t seed) { return Tensor::normal(shape, mean, deviation, seed, f64); };
}

Initializer xavier_normal() {
  return [](const Shape &shape, std::uint64_t seed) {
    Fans fans = fans_of(shape, "xavier_normal");
    return truncated_normal(shape, std::sqrt(2.0 / (fans.in + fans.out)), seed);
  };
}
Initializer kaiming_normal() {
  return [](const Shape &shape, std::uint64_t seed) {
    return truncated_normal(shape, std::sqrt(2.0 / fans_of(shape, "kaiming_normal").in), seed);
  };
}
Initializer lecun_normal() {
  return [](const Shape &shape, std::uint64_t seed) {
    return truncated_normal(shape, std::sqrt(1.0 / fans_of(shape, "lecun_normal").in), seed);
  };
}

Initializer orthogonal(double scale) {
  return [=](const Shape &shape, std::uint64_t seed) {
    if (shape.size() != 2)
      throw Error(ErrorKind::Shape, "orthogonal needs a matrix, got shape " + to_string(shape));
    const bool wide = shape[0] < shape[1];
    const std::int64_t rows = wide ? shape[1] : shape[0], columns = wide ? shape[0] : shape[1];
    Tensor tall = Tensor::normal({rows, columns}, 0.0, 1.0, seed, f64);
    orthonormalize(tall.values<double>(), rows, columns);
    Tensor result(shape, f64);
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        result.set(wide ? c * rows + r : r * columns + c, scale * tall[r * columns + c]);
    return result;
  };
}

} // namespace overtime
