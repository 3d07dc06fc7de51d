// SPDX-License-Identifier: Apache-2.0
// RateFHN: FitzHugh and Nagumo's equations as a model of a population's activity.
#pragma once

#include "models/rates/rate_model.h"

namespace overtime {

/// FitzHugh-Nagumo as a rate model; Kostova, Ravindran & Schonbek 2004, Int. J. Bifurcation Chaos 14, eq. 1. x and y
/// are dimensionless, time counts in ms:
///
///   dx/dt = -alpha x^3 + beta x^2 + gamma x - y + I
///   dy/dt = (x - delta - epsilon y) / tau + I_y
///
/// | symbol  | meaning                          | default | unit |
/// |---------|----------------------------------|---------|------|
/// | alpha   | cubic coefficient                | 3       | 1    |
/// | beta    | quadratic coefficient            | 4       | 1    |
/// | gamma   | linear coefficient               | -1.5    | 1    |
/// | delta   | offset of the recovery           | 0       | 1    |
/// | epsilon | decay of the recovery            | 0.5     | 1    |
/// | tau     | time constant of the recovery    | 20      | ms   |
///
/// Inputs I and I_y (dimensionless). States: x and y, drawn from [0, 0.05). Returns x.
class RateFHN : public RateModel {
public:
  explicit RateFHN(std::int64_t n = 1, const RateOptions &options = {}, At at = At::current())
      : RateModel(n, 0.05, options, at) {}

  Param alpha = param("alpha", 3.0), beta = param("beta", 4.0), gamma = param("gamma", -1.5);
  Param delta = param("delta", 0.0), epsilon = param("epsilon", 0.5), tau = param("tau", 20_ms);

  void equations() override {
    ddt(x) = (-alpha * cube(x) + beta * square(x) + gamma * x - y + I) / ms;
    ddt(y) = (x - delta - epsilon * y) / tau + I_y / ms;
  }
};

} // namespace overtime
