// SPDX-License-Identifier: Apache-2.0
// The grid of steps of an input, and the checks of its arguments.
#include "models/inputs/sampling.h"

#include <charconv>
#include <cmath>

namespace overtime {

Frequency::Frequency(const Quantity &q, std::source_location at) : hz(q.in(Hz.unit)) {
  if (!q.unit.same_dimension(Hz.unit))
    throw Error(ErrorKind::Unit, "a frequency counts in [Hz], got [" + q.unit.str() + "]", at);
}

namespace detail {

std::string text_of(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

InputGrid::InputGrid(const InputOptions &options, SourceLocation at)
    : dt_(options.dt ? options.dt->ms : get_dt()), at_(at) {
  if (!std::isfinite(dt_) || dt_ <= 0.0)
    fail("the step dt of an input must be positive and finite, got " + text_of(dt_) + " ms");
  if (options.real != f32 && options.real != f64)
    throw Error(ErrorKind::DType, "an input is f32 or f64, got " + name_of(options.real), at);
}

std::pair<std::int64_t, std::int64_t> InputGrid::steps(const Window &window, Duration duration) const {
  Duration end = window.t_end.value_or(duration);
  if (end.ms < window.t_start.ms)
    fail("an input from t_start = " + text_of(window.t_start.ms) + " ms to t_end = " + text_of(end.ms) +
         " ms ends before it begins");
  std::int64_t first = steps(window.t_start), last = steps(end);
  if (last > steps(duration))
    fail("t_end = " + text_of(end.ms) + " ms is after the duration of " + text_of(duration.ms) + " ms");
  return {first, last};
}

void InputGrid::fail(const std::string &message) const { throw Error(ErrorKind::Value, message, at_); }

} // namespace detail
} // namespace overtime
