// SPDX-License-Identifier: Apache-2.0
// Losses of numbers: squared, absolute, Huber's and others, as functions of (out, target).
#pragma once

#include "models/losses/reduction.h"

/// Each is a function object, so that its name alone is a loss and a third argument changes it:
///
///     value_and_grad(over_time, each_step(loss::mean_squared_error));
///     each_step([](Value out, Value target) { return loss::huber(out, target, {.delta = 0.5}); });
///
/// out and target have one shape, or the target is one number. d is out - target. The mean counts unless told
/// otherwise. Names are BrainPy's, without "_loss".
namespace overtime::loss {

/// d^2; in the square of the unit of out.
struct MeanSquaredError {
  Value operator()(const Operand &out, const Operand &target, Reduction reduction = Reduction::Mean) const;
};
inline constexpr MeanSquaredError mean_squared_error;

/// |d|; in the unit of out. Its derivative by out is 1 at d = +0 and -1 at d = -0.
struct MeanAbsoluteError {
  Value operator()(const Operand &out, const Operand &target, Reduction reduction = Reduction::Mean) const;
};
inline constexpr MeanAbsoluteError mean_absolute_error;

/// (log(1 + out) - log(1 + target))^2, of numbers above -1.
struct MeanSquaredLogError {
  Value operator()(const Operand &out, const Operand &target, Reduction reduction = Reduction::Mean) const;
};
inline constexpr MeanSquaredLogError mean_squared_log_error;

/// The norm of each row, sum_k |d_k| over the last axis; the reduction is of rows. BrainPy's default is the sum.
struct L1 {
  Value operator()(const Operand &out, const Operand &target, Reduction reduction = Reduction::Mean) const;
};
inline constexpr L1 l1;

/// d^2 / 2. BrainPy's default is no reduction.
struct L2 {
  Value operator()(const Operand &out, const Operand &target, Reduction reduction = Reduction::Mean) const;
};
inline constexpr L2 l2;

struct HuberOptions {
  double delta = 1.0; ///< up to where it is a square; above 0
  Reduction reduction = Reduction::Mean;
};
/// d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); Huber 1964, Ann. Math. Statist. 35, 73-101. BrainPy's
/// default is no reduction.
struct Huber {
  Value operator()(const Operand &out, const Operand &target, const HuberOptions &options = {}) const;
};
inline constexpr Huber huber;

/// log(cosh(d)), without overflow at large d and without cancellation at small. BrainPy's default is no reduction.
struct LogCosh {
  Value operator()(const Operand &out, const Operand &target, Reduction reduction = Reduction::Mean) const;
};
inline constexpr LogCosh log_cosh;

} // namespace overtime::loss
