// SPDX-License-Identifier: Apache-2.0
// What is measured of recorded spikes: rates, rasters, how regular they are, how synchronous.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Spikes of a recording as pairs, in the order of time.
struct Raster {
  Tensor index; ///< neuron, i64 [S]
  Tensor times; ///< f64 [S], [ms]
};

/// The spikes [T, N] of a run, with the times [T] of its steps, such as runner.mon["ts"].
Raster raster(const Tensor &spikes, const Tensor &times, std::source_location at = std::source_location::current());
/// The same for a run that began at t = 0 with steps of dt, the global one unless given.
Raster raster(const Tensor &spikes, std::optional<Duration> dt = {},
              std::source_location at = std::source_location::current());

/// Rate of a population over time [Hz], f64 [T]: spikes [T, ...] averaged over all but the first axis and summed over a
/// centred window of 2 h + 1 steps, h = floor(width / 2 / dt), times 1000 / width, as BrainPy's firing_rate does. Near
/// both ends the window reaches beyond the recording, where there are no spikes. Errors: a width that is not above 0.
Tensor firing_rate(const Tensor &spikes, Duration width, std::optional<Duration> dt = {},
                   std::source_location at = std::source_location::current());

/// Spikes of each neuron in a second [Hz], f64 [N] of spikes [T, N]; of steps 1000 to 2000, `rates(spikes.rows(1000,
/// 2000))`. Errors: no steps.
Tensor rates(const Tensor &spikes, std::optional<Duration> dt = {},
             std::source_location at = std::source_location::current());
/// Their mean over all neurons [Hz].
double mean_rate(const Tensor &spikes, std::optional<Duration> dt = {},
                 std::source_location at = std::source_location::current());

/// Coefficient of variation of the intervals between the spikes of each neuron, their standard deviation over their
/// mean: f64 [N] of spikes [T, N]. 0 for a clock, about 1 for a Poisson process with steps much shorter than the
/// intervals. NaN for a neuron with fewer than two intervals.
Tensor isi_cv(const Tensor &spikes, std::source_location at = std::source_location::current());

/// The mean of isi_cv over the neurons with at least so many spikes; NaN when there are none. A neuron with few of them
/// has seen few of its long intervals, so its own is too small.
double mean_cv(const Tensor &spikes, std::int64_t least_spikes = 3,
               std::source_location at = std::source_location::current());

/// Synchrony of a population, Wang & Buzsaki 1996, J. Neurosci. 16, eq. 2.6: spikes [T, N] are cut into bins, in which
/// a neuron has fired or not; the mean over all pairs of neurons of sum(a b) / sqrt(sum(a) sum(b)) over the bins, 0 for
/// a pair of which one is silent. A bin has floor(bin / dt) steps; the last may be shorter. Errors: fewer than two
/// neurons; a bin shorter than a step.
double cross_correlation(const Tensor &spikes, Duration bin, std::optional<Duration> dt = {},
                         std::source_location at = std::source_location::current());

} // namespace overtime
