// SPDX-License-Identifier: Apache-2.0
// Initial values drawn from distributions. Everything is computed in double, so that f32 and f64 runs start alike.
#include "models/initializers.h"

#include <cmath>
#include <numbers>

namespace overtime {
namespace {

/// Probability that a standard normal number is below x.
double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// The x with normal_cdf(x) = p, for p up to 1/2. Newton's method from 0 approaches the root from one side, because the
/// function is convex below 0.
double inverse_below(double p) {
  double x = 0.0;
  for (int k = 0; k < 1000; ++k) { // x^2 / 2 grows by about 1 in a step
    double density = std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    double step = (p - normal_cdf(x)) / density;
    if (!(std::abs(step) > 1e-14 * (1 - x)))
      break;
    x += step;
  }
  return x;
}

/// Standard normal numbers between two bounds, by inversion. Above 0 the probabilities are those of the mirrored
/// bounds, which have more digits.
Tensor standard_between(const Shape &shape, double low, double high, std::uint64_t seed) {
  const bool mirrored = low > 0.0;
  const double from = normal_cdf(mirrored ? -high : low), to = normal_cdf(mirrored ? -low : high);
  Tensor drawn = Tensor::uniform(shape, from, to, seed, f64);
  for (double &x : drawn.values<double>()) {
    double normal = x <= 0.5 ? inverse_below(x) : -inverse_below(1.0 - x);
    x = mirrored ? -normal : normal;
  }
  return drawn;
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

double fan_for(Fan which, const Shape &shape, const char *initializer) {
  Fans fans = fans_of(shape, initializer);
  return which == Fan::In ? fans.in : which == Fan::Out ? fans.out : (fans.in + fans.out) / 2;
}

Tensor draw(Distribution distribution, const Shape &shape, double deviation, std::uint64_t seed) {
  if (distribution == Distribution::Normal)
    return Tensor::normal(shape, 0.0, deviation, seed, f64);
  if (distribution == Distribution::Uniform) {
    double a = std::numbers::sqrt3 * deviation;
    return Tensor::uniform(shape, -a, a, seed, f64);
  }
  constexpr double after_cut = 0.87962566103423978; // deviation of a standard normal cut at -2 and 2
  Tensor drawn = standard_between(shape, -2.0, 2.0, seed);
  for (double &x : drawn.values<double>())
    x *= deviation / after_cut;
  return drawn;
}

Initializer scaled(const char *name, double scale, Fan fan, Distribution distribution) {
  return [=](const Shape &shape, std::uint64_t seed) {
    return draw(distribution, shape, std::sqrt(scale / fan_for(fan, shape, name)), seed);
  };
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

Initializer truncated_normal(double mean, double deviation, double low, double high) {
  if (!(low < high))
    throw Error(ErrorKind::Value,
                "truncated_normal needs low < high, got " + std::to_string(low) + " and " + std::to_string(high));
  return [=](const Shape &shape, std::uint64_t seed) {
    Tensor drawn = standard_between(shape, low, high, seed);
    for (double &x : drawn.values<double>())
      x = mean + deviation * x;
    return drawn;
  };
}

Initializer variance_scaling(double scale, Fan fan, Distribution distribution) {
  if (!(scale > 0.0))
    throw Error(ErrorKind::Value, "variance_scaling needs a scale above 0, got " + std::to_string(scale));
  return scaled("variance_scaling", scale, fan, distribution);
}
Initializer xavier_normal() { return scaled("xavier_normal", 1.0, Fan::Average, Distribution::TruncatedNormal); }
Initializer xavier_uniform() { return scaled("xavier_uniform", 1.0, Fan::Average, Distribution::Uniform); }
Initializer kaiming_normal() { return scaled("kaiming_normal", 2.0, Fan::In, Distribution::TruncatedNormal); }
Initializer kaiming_uniform() { return scaled("kaiming_uniform", 2.0, Fan::In, Distribution::Uniform); }
Initializer lecun_normal() { return scaled("lecun_normal", 1.0, Fan::In, Distribution::TruncatedNormal); }
Initializer lecun_uniform() { return scaled("lecun_uniform", 1.0, Fan::In, Distribution::Uniform); }

} // namespace overtime
