// SPDX-License-Identifier: Apache-2.0
// Random input currents drawn on the host.
#include "models/inputs/noise.h"

#include <cmath>

namespace overtime {

using detail::InputGrid;
using detail::text_of;

namespace {

/// An input [T] or [T, n] and standard normal numbers for the steps of its window.
struct Noise {
  Tensor input, normal;
  std::int64_t first, last, width;
};

/// `purpose` keeps the numbers of one generator apart from another's with the same seed.
Noise draw(Duration duration, const NoiseOptions &options, const InputGrid &grid, std::uint64_t purpose) {
  if (options.n && *options.n < 1)
    grid.fail("noise for n = " + std::to_string(*options.n) + " neurons; expected 1 or more");
  auto [first, last] = grid.steps(options.window, duration);
  Shape shape{grid.steps(duration)};
  if (options.n)
    shape.push_back(*options.n);
  std::int64_t width = options.n.value_or(1);
  return {Tensor(shape, options.input.real),
          Tensor::normal({last - first, width}, 0.0, 1.0, options.seed ^ purpose, f64), first, last, width};
}

} // namespace

Tensor wiener_process(Duration duration, const NoiseOptions &options, std::source_location at) {
  InputGrid grid(options.input, at);
  Noise noise = draw(duration, options, grid, 0x5769656e65720000u);
  double deviation = std::sqrt(grid.dt());
  for (std::int64_t k = 0; k < noise.normal.size(); ++k)
    noise.input.set(noise.first * noise.width + k, deviation * noise.normal[k]);
  return noise.input;
}

Tensor ou_process(double mean, double sigma, Duration tau, Duration duration, const NoiseOptions &options,
                  std::source_location at) {
  InputGrid grid(options.input, at);
  if (!std::isfinite(tau.ms) || tau.ms <= 0.0)
    grid.fail("the time constant tau of an Ornstein-Uhlenbeck process must be above 0, got " + text_of(tau.ms) + " ms");
  if (!std::isfinite(sigma) || sigma < 0.0)
    grid.fail("sigma of an Ornstein-Uhlenbeck process must be 0 or more, got " + text_of(sigma));
  Noise noise = draw(duration, options, grid, 0x4f55000000000000u);
  // Given x, the process a step later is normal with these; Gillespie 1996, Phys. Rev. E 54, eqs. 1.9 and 2.12.
  double decay = std::exp(-grid.dt() / tau.ms);
  double deviation = sigma * std::sqrt(-0.5 * tau.ms * std::expm1(-2.0 * grid.dt() / tau.ms));
  std::vector<double> x(static_cast<std::size_t>(noise.width), mean);
  for (std::int64_t k = noise.first; k < noise.last; ++k)
    for (std::int64_t n = 0; n < noise.width; ++n) {
      double &path = x[static_cast<std::size_t>(n)];
      noise.input.set(k * noise.width + n, path);
      path = mean + (path - mean) * decay + deviation * noise.normal[(k - noise.first) * noise.width + n];
    }
  return noise.input;
}

} // namespace overtime
