// SPDX-License-Identifier: Apache-2.0
// Losses of numbers: squared, absolute, Huber's and others, as functions of (out, target).
#include "models/losses/regression.h"

#include <cmath>
#include <numbers>

namespace overtime::loss {

using detail::check_plain;
using detail::difference;
using detail::reduced;

Value MeanSquaredError::operator()(const Operand &out, const Operand &target, Reduction reduction) const {
  Value d = difference(out, target, "mean_squared_error");
  return reduced(d * d, reduction);
}

Value MeanAbsoluteError::operator()(const Operand &out, const Operand &target, Reduction reduction) const {
  return reduced(abs(difference(out, target, "mean_absolute_error")), reduction);
}

Value MeanSquaredLogError::operator()(const Operand &out, const Operand &target, Reduction reduction) const {
  const char *name = "mean_squared_log_error";
  check_plain(out, target, name);
  Value y = log1p(out);
  Value d = target.is_literal() ? difference(y, std::log1p(target.literal().value), name)
                                : difference(y, log1p(target), name);
  return reduced(d * d, reduction);
}

Value L1::operator()(const Operand &out, const Operand &target, Reduction reduction) const {
  Value distances = abs(difference(out, target, "l1"));
  return reduced(distances.rank() == 0 ? distances : sum(distances, -1), reduction);
}

Value L2::operator()(const Operand &out, const Operand &target, Reduction reduction) const {
  Value d = difference(out, target, "l2");
  return reduced(0.5 * d * d, reduction);
}

/// With c = min(|d|, delta) both branches are c^2 / 2 + delta (|d| - c).
Value Huber::operator()(const Operand &out, const Operand &target, const HuberOptions &options) const {
  if (!(options.delta > 0.0))
    throw Error(ErrorKind::Value, "loss::huber needs a delta above 0, got " + std::to_string(options.delta),
                out.where());
  check_plain(out, target, "huber");
  Value distance = abs(difference(out, target, "huber"));
  Value c = minimum(distance, options.delta);
  return reduced(0.5 * c * c + options.delta * (distance - c), options.reduction);
}

/// cosh(d) = 1 + 2 sinh(d / 2)^2 keeps the digits of small d; |d| + log(1 + exp(-2 |d|)) - log 2 does not overflow.
Value LogCosh::operator()(const Operand &out, const Operand &target, Reduction reduction) const {
  check_plain(out, target, "log_cosh");
  Value distance = abs(difference(out, target, "log_cosh"));
  Value half = sinh(0.5 * minimum(distance, 1.0));
  Value far = distance + log1p(exp(-2 * distance)) - std::numbers::ln2;
  return reduced(where(distance < 1.0, log1p(2 * half * half), far), reduction);
}

} // namespace overtime::loss
