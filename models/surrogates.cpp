// SPDX-License-Identifier: Apache-2.0
// Surrogate gradients: what counts as the derivative of a spike.
#include "models/surrogates.h"

#include <cmath>
#include <numbers>

namespace overtime {

Value spike(Value x, const Surrogate &surrogate) {
  return spike(Operand(x), Operand(broadcast_to(surrogate(x), x.shape())));
}

namespace surrogate {
namespace {

constexpr double pi = std::numbers::pi;

Value logistic_slope(Value x, double alpha) {
  Value s = overtime::sigmoid(alpha * x);
  return alpha * s * (1 - s);
}
Value normal_density(Value z, double q) { return exp(z * z * (-0.5 / (q * q))) / (std::sqrt(2 * pi) * q); }
/// A number for every element of x.
Value constant(Value x, double number) { return 0.0 * x + number; }

} // namespace

Surrogate sigmoid(double alpha) {
  return [=](Value x) { return logistic_slope(x, alpha); };
}
Surrogate piecewise_quadratic(double alpha) {
  return [=](Value x) { return where(abs(x) > 1 / alpha, 0.0, alpha - square(alpha * x)); };
}
Surrogate piecewise_exp(double alpha) {
  return [=](Value x) { return alpha / 2 * exp(-alpha * abs(x)); };
}
Surrogate soft_sign(double alpha) {
  return [=](Value x) { return alpha / 2 / square(1 + abs(alpha * x)); };
}
Surrogate arctan(double alpha) {
  return [=](Value x) { return alpha / 2 / (1 + square(pi / 2 * alpha * x)); };
}
Surrogate nonzero_sign_log(double alpha) {
  return [=](Value x) { return 1 / (1 / alpha + abs(x)); };
}
Surrogate erf(double alpha) {
  return [=](Value x) { return alpha / std::sqrt(pi) * exp(-square(alpha * x)); };
}
Surrogate piecewise_leaky_relu(double c, double w) {
  return [=](Value x) { return where(abs(x) > w, constant(x, c), constant(x, 1 / w)); };
}
Surrogate squarewave_fourier_series(int n, double period) {
  return [=](Value x) {
    double w = 2 * pi / period;
    Value sum = cos(w * x);
    for (int i = 2; i < n; ++i)
      sum = sum + cos((2 * i - 1) * w * x);
    return 4 / period * sum;
  };
}
Surrogate s2nn(double alpha, double beta) {
  return [=](Value x) { return where(x < 0.0, logistic_slope(x, alpha), beta / (maximum(x, 0.0) + 1)); };
}
Surrogate q_pseudo_spike(double alpha) {
  return [=](Value x) { return pow(1 + 2 / (alpha + 1) * abs(x), -alpha); };
}
Surrogate leaky_relu(double alpha, double beta) {
  return [=](Value x) { return where(x < 0.0, constant(x, alpha), constant(x, beta)); };
}
Surrogate log_tailed_relu(double alpha) {
  return
      [=](Value x) { return where(x > 1.0, 1 / maximum(x, 1.0), where(x > 0.0, constant(x, 1), constant(x, alpha))); };
}
Surrogate relu_grad(double alpha, double width) {
  return [=](Value x) { return maximum(alpha * width - alpha * abs(x), 0.0); };
}
Surrogate gaussian_grad(double sigma, double alpha) {
  return [=](Value x) { return alpha / (std::sqrt(2 * pi) * sigma) * exp(square(sigma * x) * -0.5); };
}
Surrogate multi_gaussian_grad(double h, double s, double sigma, double scale) {
  return [=](Value x) {
    Value wings = normal_density(x - sigma, s * sigma) + normal_density(x + sigma, s * sigma);
    return scale * ((1 + h) * normal_density(x, sigma) - h * wings);
  };
}
Surrogate inv_square_grad(double alpha) {
  return [=](Value x) { return 1 / square(alpha * abs(x) + 1); };
}
Surrogate slayer_grad(double alpha) {
  return [=](Value x) { return exp(-alpha * abs(x)); };
}

} // namespace surrogate
} // namespace overtime
