// SPDX-License-Identifier: Apache-2.0
// What all input generators share: the grid of steps on which an input is sampled, and the checks of its arguments.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// How an input is sampled. Row k of it is what step k of a loop with the same dt receives, at time k dt.
struct InputOptions {
  std::optional<Duration> dt = {}; ///< step; the global one unless given
  DType real = f32;                ///< element type, that of the run
};

/// A frequency [Hz]: a plain number counts in Hz.
struct Frequency {
  double hz;
  Frequency(double hz) : hz(hz) {}
  Frequency(int hz) : hz(hz) {}
  Frequency(const Quantity &q, std::source_location at = std::source_location::current());
};

/// When an input is there; before and after it is 0.
struct Window {
  Duration t_start = 0;               ///< [ms]
  std::optional<Duration> t_end = {}; ///< [ms]; the end of the input unless given
};

namespace detail {

/// The steps of an input: step k is in a window [a, b) when a <= k dt < b, up to the rounding of k dt.
class InputGrid {
public:
  InputGrid(const InputOptions &options, SourceLocation at);

  double dt() const { return dt_; }
  /// First step at or after a time, and so the number of steps before it.
  std::int64_t steps(Duration time) const { return steps_in(time.ms, dt_, at_); }
  /// The steps [first, last) of a window within `duration`; an error when it ends before it begins or after the input.
  std::pair<std::int64_t, std::int64_t> steps(const Window &window, Duration duration) const;
  [[noreturn]] void fail(const std::string &message) const;

private:
  double dt_;
  SourceLocation at_;
};

/// A number in a message: the shortest text that reads back as it.
std::string text_of(double number);

} // namespace detail
} // namespace overtime
