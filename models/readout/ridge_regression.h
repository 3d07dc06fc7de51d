// SPDX-License-Identifier: Apache-2.0
// Ridge regression: the linear readout of a recording, on the host.
#pragma once

#include "compiler/overtime.h"

#include <memory>

namespace overtime {

/// W [N, M] that minimises |X W - Y|^2 + alpha |W|^2, that is W = (X^T X + alpha I)^-1 X^T Y (Hoerl & Kennard 1970,
/// Technometrics 12, eq. 2.3).
///
///     Tensor h = over_time(x).out;                                  // [T, B, N] of a reservoir
///     readout.W.set_value(ridge_regression(h, y, 1e-6));            // y [T, B, M]; readout is a Dense
///
/// X [.., N] and Y [.., M], in f32 or f64, have the same axes before the last, whose elements are the samples; sums are
/// in f64, and so is W. There is no intercept: give X a column of ones where one is wanted. Samples are read once, in
/// blocks, so that the memory beside them is that of N^2 numbers and the time samples * N^2 / 2 multiplications and
/// N^3 / 6. An error when shapes do not fit, and when X^T X + alpha I cannot be solved: with alpha = 0, as a rule,
/// where columns depend on each other.
Tensor ridge_regression(const Tensor &X, const Tensor &Y, double alpha,
                        std::source_location at = std::source_location::current());

/// The same of samples that come in parts:
///
///     RidgeRegression ridge(n, m);
///     for (...) ridge.add(over_time(x).out, y);
///     Tensor W = ridge.solve(1e-6);
class RidgeRegression {
public:
  using At = std::source_location;
  RidgeRegression(std::int64_t n, std::int64_t m, At at = At::current());
  ~RidgeRegression();
  RidgeRegression(RidgeRegression &&) noexcept;

  void add(const Tensor &X, const Tensor &Y, At at = At::current());
  /// For as many alphas as are to be compared.
  Tensor solve(double alpha, At at = At::current()) const;
  std::int64_t samples() const;

private:
  struct Sums;
  std::unique_ptr<Sums> sums_;
};

} // namespace overtime
