// SPDX-License-Identifier: Apache-2.0
// Random input currents drawn on the host, as arrays for a loop. models/inputs/ou_process.h draws inside the loop.
#pragma once

#include "models/inputs/sampling.h"

namespace overtime {

struct NoiseOptions {
  std::optional<std::int64_t> n = {}; ///< neurons, each with a path of its own: [T, n]; [T] unless given
  Window window = {};                 ///< 0 outside
  std::uint64_t seed = 0;             ///< the same numbers for the same seed
  InputOptions input = {};
};

/// Increments of a Wiener process, independent normal numbers of variance dt [ms] in each step; their running sum is
/// the process. [T] or [T, n], T = ceil(duration / dt). (As BrainPy's wiener_process, which does not sum them either.)
Tensor wiener_process(Duration duration, const NoiseOptions &options = {},
                      std::source_location at = std::source_location::current());

/// An Ornstein-Uhlenbeck process (Uhlenbeck & Ornstein 1930), dx = (mean - x) / tau dt + sigma dW, that starts at
/// `mean` in the first step of the window. `sigma` counts in 1/sqrt(ms); the variance goes to sigma^2 tau / 2. Drawn
/// with the exact transition of a step, so the moments do not depend on dt. [T] or [T, n]. Errors: tau not above 0,
/// sigma below 0. (BrainPy 2.4.4 draws uniform numbers in [0, 1) here, which shifts the mean.)
Tensor ou_process(double mean, double sigma, Duration tau, Duration duration, const NoiseOptions &options = {},
                  std::source_location at = std::source_location::current());

} // namespace overtime
