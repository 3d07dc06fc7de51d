// SPDX-License-Identifier: Apache-2.0
// Input currents made of constant pieces and ramps, as arrays for a loop: over_time(ramp_input(0, 10, 100_ms)).
#pragma once

#include "models/inputs/sampling.h"

namespace overtime {

/// The level of a piece of an input: one number for all, or an array with one for each neuron.
class Level {
public:
  Level(double number) : numbers_(number, f64) {}
  Level(int number) : Level(double(number)) {}
  Level(Tensor numbers) : numbers_(std::move(numbers)) {}
  const Tensor &numbers() const { return numbers_; }

private:
  Tensor numbers_;
};

/// A constant piece of an input.
struct Section {
  Level level;
  Duration duration; ///< [ms]
};

/// Pieces one after the other: constant_input({{0, 10_ms}, {5, 20_ms}, {0, 5_ms}}). Returns [T], or [T, N...] when a
/// level is an array [N...]; a number then holds for all. Step k has the level of the piece that the time k dt is in,
/// so T = ceil(sum of durations / dt); pieces need not be multiples of dt, and rounding does not add up. (BrainPy 2.4.4
/// cuts every piece to int(duration / dt) steps, where 0.3 / 0.1 is 2, and leaves zeros at the end.) Errors: no pieces;
/// a negative duration; levels of different shapes.
Tensor constant_input(const std::vector<Section> &sections, const InputOptions &options = {},
                      std::source_location at = std::source_location::current());

/// The same with levels and durations apart: section_input({0, 1.5, 0.5}, {3, 5, 2}). As many of one as of the other.
Tensor section_input(const std::vector<Level> &levels, const std::vector<Duration> &durations,
                     const InputOptions &options = {}, std::source_location at = std::source_location::current());

/// A straight line from c_start in the first step of the window to c_end in its last, 0 elsewhere: [T], T =
/// ceil(duration / dt). A window of one step has c_start.
Tensor ramp_input(double c_start, double c_end, Duration duration, const Window &window = {},
                  const InputOptions &options = {}, std::source_location at = std::source_location::current());

/// A pulse of an input.
struct Pulse {
  Duration start, length; ///< [ms]
  double size;
};

/// Rectangular pulses, 0 between them: [T]. A pulse begins in the step that its start is in, and lasts ceil(length /
/// dt) steps; where pulses overlap, the later of the list counts. Errors: a pulse that begins outside of the input or
/// has no length.
Tensor spike_input(const std::vector<Pulse> &pulses, Duration duration, const InputOptions &options = {},
                   std::source_location at = std::source_location::current());
/// The same with starts, lengths and sizes apart. One length or one size holds for all.
Tensor spike_input(const std::vector<Duration> &starts, const std::vector<Duration> &lengths,
                   const std::vector<double> &sizes, Duration duration, const InputOptions &options = {},
                   std::source_location at = std::source_location::current());

} // namespace overtime
