// SPDX-License-Identifier: Apache-2.0
// Delays: how long, what was before the start, and how to read between two steps.
#pragma once

#include "compiler/trace/host/unit.h"
#include "compiler/trace/value.h"
#include "compiler/trace/variable.h"

#include <functional>
#include <optional>

namespace overtime {

/// How long a delay is: steps, a time, or one for each element, as an array of steps (i32, i64) or of times in ms
/// (reals). A Value may change from step to step; it counts in ms, or in steps where it is an integer.
class Delay {
public:
  Delay(int steps) : steps_(steps) {}
  Delay(std::int64_t steps) : steps_(double(steps)) {}
  Delay(const Quantity &time) : time_(time) {}
  Delay(Tensor each) : each_(std::move(each)) {}
  Delay(const Value &varying) : varying_(varying) {}
  Delay(double) = delete; // 5 steps, or 5_ms?

  /// The delays in steps, in row-major order: of one, or of each element. Errors: negative or not finite.
  std::vector<double> in_steps(double dt, SourceLocation at) const;
  bool per_element() const { return each_.has_value(); }
  bool is_time() const { return time_ || (each_ && !is_integer(each_->dtype())); }
  const std::optional<Value> &varying() const { return varying_; }

private:
  double steps_ = 0;
  std::optional<Quantity> time_;
  std::optional<Tensor> each_;
  std::optional<Value> varying_;
};

/// A value before the start, by its time in ms (0 or less): one number, or one for each element.
using History = std::function<Tensor(double t)>;

struct DelayOptions {
  /// What a state was before the start: a number, or rows [D, N] of which row k is k + 1 steps before.
  Init initial = 0.0;
  History history = {}; ///< in place of `initial`
};

/// What a delay of 2.3 steps reads: between the values 2 and 3 steps before, or the nearest of them. Spikes are
/// rounded.
enum class Between { Linear, Round };

} // namespace overtime
