// SPDX-License-Identifier: Apache-2.0
// Periodic input currents.
#include "models/inputs/waves.h"

#include <cmath>
#include <functional>
#include <numbers>

namespace overtime {

using detail::InputGrid;
using detail::text_of;

/// Fills the window with `wave` of the periods since its first step.
static Tensor periodic(double amplitude, Frequency frequency, Duration duration, const WaveOptions &options,
                       SourceLocation at, const std::function<double(double periods)> &wave) {
  InputGrid grid(options.input, at);
  if (!std::isfinite(frequency.hz) || frequency.hz < 0.0)
    grid.fail("a frequency must be finite and not negative, got " + text_of(frequency.hz) + " Hz");
  auto [first, last] = grid.steps(options.window, duration);
  Tensor input(Shape{grid.steps(duration)}, options.input.real);
  for (std::int64_t k = first; k < last; ++k) {
    double periods = frequency.hz * static_cast<double>(k - first) * grid.dt() / 1000.0;
    input.set(k, amplitude * wave(periods) + (options.bias ? amplitude : 0.0));
  }
  return input;
}

Tensor sinusoidal_input(double amplitude, Frequency frequency, Duration duration, const WaveOptions &options,
                        std::source_location at) {
  return periodic(amplitude, frequency, duration, options, at,
                  [](double periods) { return std::sin(2.0 * std::numbers::pi * periods); });
}

Tensor square_input(double amplitude, Frequency frequency, Duration duration, const WaveOptions &options,
                    std::source_location at) {
  // A step that falls on an edge up to rounding is behind the edge, whatever the rounding.
  return periodic(amplitude, frequency, duration, options, at, [](double periods) {
    double halves = 2.0 * periods, nearest = std::round(halves);
    double whole = std::abs(halves - nearest) <= 1e-9 * std::max(1.0, halves) ? nearest : std::floor(halves);
    return std::fmod(whole, 2.0) == 0.0 ? 1.0 : -1.0;
  });
}

} // namespace overtime
