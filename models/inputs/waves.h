// SPDX-License-Identifier: Apache-2.0
// Periodic input currents, as arrays for a loop.
#pragma once

#include "models/inputs/sampling.h"

namespace overtime {

struct WaveOptions {
  Window window = {};
  bool bias = false; ///< adds the amplitude within the window, so that the wave is never below 0
  InputOptions input = {};
};

/// amplitude sin(2 pi f (t - t_start)) within the window, 0 elsewhere: [T], T = ceil(duration / dt).
Tensor sinusoidal_input(double amplitude, Frequency frequency, Duration duration, const WaveOptions &options = {},
                        std::source_location at = std::source_location::current());

/// +amplitude in the first half of each period and -amplitude in the second, likewise: [T].
Tensor square_input(double amplitude, Frequency frequency, Duration duration, const WaveOptions &options = {},
                    std::source_location at = std::source_location::current());

} // namespace overtime
